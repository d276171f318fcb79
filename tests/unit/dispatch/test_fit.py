"""What fits on what: decided without a database."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.loaded import Loaded, PlateSummary
from contracts.waiting import WaitReason
from services.jobs.fit import Fit, FitRules, fit
from services.jobs.mapping import UNUSED
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


def misfit(plate_: PlateSummary, loaded_: Loaded, rules: FitRules | None = None) -> WaitReason:
    outcome = fit(plate_, loaded_, rules or FitRules())
    assert isinstance(outcome, WaitReason)
    assert outcome.text.endswith(".")
    return outcome


def feeding(plate_: PlateSummary, loaded_: Loaded) -> tuple[bool, tuple[int, ...]]:
    outcome = fit(plate_, loaded_)
    assert isinstance(outcome, Fit)
    return outcome.use_ams, outcome.ams_mapping


PLA_SPOOL = (254, "PLA", WHITE)


class TestMachine:
    def test_other_model_does_not_fit_and_says_what_to_choose(self) -> None:
        reason = misfit(needs((1, "PLA", WHITE), model="N1"), loaded(PLA_SPOOL))
        assert reason.code == "wrong_model"
        assert reason.params == {"needs": "A1 mini", "has": "P1S"}
        assert "Choose P1S in the slicer" in reason.text

    @pytest.mark.parametrize(("model", "fits"), [("C11", True), ("BL-P001", True), ("N2S", False)])
    def test_family_fits_only_when_the_operator_allows(self, model: str, fits: bool) -> None:
        file, printer = needs((1, "PLA", WHITE), model=model), loaded(PLA_SPOOL)
        assert misfit(file, printer).code == "wrong_model"
        assert isinstance(fit(file, printer, FitRules(allows_family=True)), Fit) is fits

    def test_other_nozzle_does_not_fit(self) -> None:
        reason = misfit(needs((1, "PLA", WHITE), nozzle_mm=0.6), loaded(PLA_SPOOL))
        assert (reason.code, reason.params) == ("wrong_nozzle", {"needs_mm": 0.6, "has_mm": 0.4})

    def test_what_nobody_knows_is_not_held_against_it(self) -> None:
        unknown = needs((1, "PLA", WHITE), model=None, nozzle_mm=None, estimate_s=None)
        rules = FitRules(max_print_s=60)
        assert isinstance(fit(unknown, loaded(PLA_SPOOL, nozzle_mm=None), rules), Fit)
        assert isinstance(fit(unknown, loaded(PLA_SPOOL, model="unknown")), Fit)

    def test_plate_without_filaments_fits(self) -> None:
        assert fit(needs(), loaded()) == Fit(use_ams=False, ams_mapping=(), feeds=())

    @pytest.mark.parametrize(
        ("bounds", "code"),
        [
            ((0, 0, 0, 256, 256, 256), None),
            ((-0.3, 0.2, 0, 256.4, 100, 1), None),
            ((10, 100, 0, 257, 120, 1), "too_large"),
            ((10, -5, 0, 20, 120, 1), "too_large"),
            ((100, 100, 0, 120, 120, 260), "too_large"),
            ((2, 2, 0.2, 12, 12, 10), "in_corner"),
            ((2, 2, 0.2, 200, 20, 10), "in_corner"),
            ((2, 2, 0.2, 12, 200, 10), "in_corner"),
            ((2, 2, 0.2, 200, 200, 10), None),
            ((18, 1, 0.2, 240, 2, 10), None),
        ],
    )
    def test_bounds_stay_in_the_volume(self, bounds: tuple[float, ...], code: str | None) -> None:
        outcome = fit(needs((1, "PLA", WHITE), bounds_mm=bounds), loaded(PLA_SPOOL))
        assert (outcome.code if isinstance(outcome, WaitReason) else None) == code

    @pytest.mark.parametrize(("limit_s", "fits"), [(None, True), (600, True), (599, False)])
    def test_print_is_as_long_as_allowed(self, limit_s: int | None, fits: bool) -> None:
        file = needs((1, "PLA", WHITE), estimate_s=600)
        outcome = fit(file, loaded(PLA_SPOOL), FitRules(max_print_s=limit_s))
        assert isinstance(outcome, Fit) is fits
        if isinstance(outcome, WaitReason):
            assert outcome.params == {"estimate_s": 600, "limit_s": 599}


class TestSpool:
    def test_external_spool_is_used_without_mapping(self) -> None:
        assert feeding(needs((1, "PLA", RED)), loaded((254, "pla", WHITE))) == (False, ())

    def test_spool_of_unknown_type_is_trusted(self) -> None:
        assert isinstance(fit(needs((1, "PLA", RED)), loaded((254, "", ""))), Fit)

    def test_other_type_does_not_fit_and_says_so(self) -> None:
        reason = misfit(needs((1, "PETG", RED)), loaded((254, "PLA", RED)))
        assert reason.params == {"needs": "PETG", "has": "PLA", "missing": "PETG"}
        assert reason.text.startswith("It needs PETG; loaded is PLA. Load PETG")

    def test_two_filaments_need_an_ams(self) -> None:
        two = needs((1, "PLA", RED), (2, "PLA", WHITE))
        assert misfit(two, loaded((254, "PLA", RED))).code == "needs_ams"


class TestAms:
    def test_exact_colour_comes_before_another(self) -> None:
        trays = loaded((0, "PLA", BLACK), (1, "PETG", RED), (2, "PLA", RED))
        assert feeding(needs((1, "PLA", "#ff0000FF")), trays) == (True, (2,))

    def test_nearest_colour_is_taken(self) -> None:
        trays = loaded((0, "PLA", BLACK), (1, "PLA", "#C02020"), (2, "PLA", WHITE))
        assert feeding(needs((1, "PLA", RED)), trays) == (True, (1,))

    def test_other_colour_does_not_take_a_tray_that_another_matches(self) -> None:
        trays = loaded((0, "PLA", WHITE), (1, "PLA", BLACK))
        two = needs((1, "PLA", RED), (2, "PLA", WHITE), project_filaments=2)
        assert feeding(two, trays) == (True, (1, 0))

    def test_mapping_has_a_place_for_each_filament_of_the_project(self) -> None:
        trays = loaded((3, "PLA", WHITE))
        third = needs((3, "PLA", WHITE), project_filaments=4)
        assert feeding(third, trays) == (True, (UNUSED, UNUSED, 3, UNUSED))

    def test_spool_serves_when_the_ams_can_not(self) -> None:
        trays = loaded((0, "PETG", WHITE), (254, "PLA", WHITE))
        assert feeding(needs((1, "PLA", WHITE)), trays) == (False, ())

    def test_each_filament_needs_a_tray_of_its_own(self) -> None:
        two = needs((1, "PLA", RED), (2, "PLA", WHITE))
        reason = misfit(two, loaded((0, "PLA", RED), (1, "PETG", WHITE)))
        assert reason.code == "too_few_trays"
        assert reason.params["needs"] == "2 x PLA"


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
    assert isinstance(outcome, WaitReason)
