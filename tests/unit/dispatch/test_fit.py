"""What fits on what: decided without a database."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.loaded import Loaded, PlateSummary
from services.jobs.fit import UNUSED, Fit, Misfit, fit
from tests.builders.rows import plate

WHITE, RED, BLACK = "#FFFFFF", "#FF0000", "#000000"


def needs(*filaments: tuple[int, str, str], **changes: Any) -> PlateSummary:
    wanted = [
        {"index": index, "type": kind, "color": color, "used_g": None, "used_m": None}
        for index, kind, color in filaments
    ]
    return PlateSummary.model_validate(plate(filaments=wanted, **changes))


def loaded(*trays: tuple[int, str, str], **changes: Any) -> Loaded:
    return Loaded.model_validate(
        {
            "model": "C12",
            "nozzle_mm": 0.4,
            "has_ams": any(slot < 16 for slot, _, _ in trays),
            "filaments": [{"slot": slot, "type": kind, "color": c} for slot, kind, c in trays],
            **changes,
        }
    )


class TestMachine:
    def test_other_model_does_not_fit(self) -> None:
        outcome = fit(needs((1, "PLA", WHITE), model="C11"), loaded((254, "PLA", WHITE)))
        assert outcome == Misfit("sliced for C11, the printer is C12")

    def test_other_nozzle_does_not_fit(self) -> None:
        outcome = fit(needs((1, "PLA", WHITE), nozzle_mm=0.6), loaded((254, "PLA", WHITE)))
        assert isinstance(outcome, Misfit)

    def test_what_nobody_knows_is_not_held_against_it(self) -> None:
        unknown = needs((1, "PLA", WHITE), model=None, nozzle_mm=None)
        assert isinstance(fit(unknown, loaded((254, "PLA", WHITE), nozzle_mm=None)), Fit)

    def test_plate_without_filaments_fits(self) -> None:
        assert fit(needs(), loaded()) == Fit(use_ams=False, ams_mapping=())


class TestSpool:
    def test_external_spool_is_used_without_mapping(self) -> None:
        outcome = fit(needs((1, "PLA", RED)), loaded((254, "pla", WHITE)))
        assert outcome == Fit(use_ams=False, ams_mapping=())

    def test_spool_of_unknown_type_is_trusted(self) -> None:
        assert isinstance(fit(needs((1, "PLA", RED)), loaded((254, "", ""))), Fit)

    def test_other_type_does_not_fit_and_says_so(self) -> None:
        outcome = fit(needs((1, "PETG", RED)), loaded((254, "PLA", RED)))
        assert outcome == Misfit("needs PETG, loaded is PLA")

    def test_two_filaments_need_an_ams(self) -> None:
        two = needs((1, "PLA", RED), (2, "PLA", WHITE))
        assert isinstance(fit(two, loaded((254, "PLA", RED))), Misfit)


class TestAms:
    def test_exact_colour_comes_before_another(self) -> None:
        trays = loaded((0, "PLA", BLACK), (1, "PETG", RED), (2, "PLA", RED))
        assert fit(needs((1, "PLA", "#ff0000FF")), trays) == Fit(use_ams=True, ams_mapping=(2,))

    def test_other_colour_does_not_take_a_tray_that_another_matches(self) -> None:
        trays = loaded((0, "PLA", WHITE), (1, "PLA", BLACK))
        two = needs((1, "PLA", RED), (2, "PLA", WHITE), project_filaments=2)
        assert fit(two, trays) == Fit(use_ams=True, ams_mapping=(1, 0))

    def test_mapping_has_a_place_for_each_filament_of_the_project(self) -> None:
        trays = loaded((3, "PLA", WHITE))
        third = needs((3, "PLA", WHITE), project_filaments=4)
        assert fit(third, trays) == Fit(use_ams=True, ams_mapping=(UNUSED, UNUSED, 3, UNUSED))

    def test_spool_serves_when_the_ams_can_not(self) -> None:
        trays = loaded((0, "PETG", WHITE), (254, "PLA", WHITE))
        assert fit(needs((1, "PLA", WHITE)), trays) == Fit(use_ams=False, ams_mapping=())


KINDS = st.sampled_from(["PLA", "PETG", "ABS"])
COLORS = st.sampled_from([WHITE, RED, BLACK])


@given(
    wanted=st.lists(st.tuples(KINDS, COLORS), min_size=1, max_size=4),
    trays=st.lists(st.tuples(KINDS, COLORS), max_size=4),
)
def test_each_filament_gets_a_tray_of_its_type_of_its_own(
    wanted: list[tuple[str, str]], trays: list[tuple[str, str]]
) -> None:
    numbered = [(i, kind, color) for i, (kind, color) in enumerate(wanted, 1)]
    slots = [(i, kind, color) for i, (kind, color) in enumerate(trays)]
    outcome = fit(needs(*numbered, project_filaments=len(wanted)), loaded(*slots))
    has_enough = all(
        sum(kind == other for other, _ in trays) >= sum(kind == other for other, _ in wanted)
        for kind, _ in wanted
    )
    assert isinstance(outcome, Fit) is has_enough
    if isinstance(outcome, Fit):
        assert len(set(outcome.ams_mapping)) == len(wanted)
        for (kind, _), slot in zip(wanted, outcome.ams_mapping, strict=True):
            assert trays[slot][0] == kind


@pytest.mark.parametrize("slot", [0, 254])
def test_empty_tray_feeds_nothing_that_it_can_not_name(slot: int) -> None:
    outcome = fit(needs((1, "PLA", RED)), loaded((slot, "ABS", RED)))
    assert isinstance(outcome, Misfit)
