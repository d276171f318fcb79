"""The protocol keeps its promises in every order of things; with a mechanism less it does not."""

import pytest

from tests.model.fleet import look_at_fleet
from tests.model.protocol import look_everywhere
from tests.model.search import Found
from tests.model.state import Mutant

TWICE, COLLISION = "a run starts twice", "it starts on a full plate"
AFTER_CANCEL = "it starts after its cancel was taken"


def explained(found: Found) -> str:  # type: ignore[type-arg]
    """Return the way to a violation, one step a line."""
    return f"{found.violation}, after\n" + "\n".join(found.trace)


@pytest.mark.parametrize(
    ("jobs", "faults", "foreigns", "bed", "least"),
    [
        (1, 1, 0, "clear", 31_900),
        (2, 0, 0, "clear", 34_800),
        (1, 0, 1, "clear", 35_400),
        (1, 0, 1, "occupied", 38_900),
    ],
)
def test_I23_nothing_starts_twice_collides_or_gets_stuck(
    jobs: int, faults: int, foreigns: int, bed: str, least: int
) -> None:
    found = look_everywhere(jobs=jobs, faults=faults, foreigns=foreigns, bed=bed)
    assert not found.violation, explained(found)
    assert found.states > least


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("jobs", "faults", "foreigns", "least"),
    [(1, 2, 0, 206_000), (2, 1, 0, 440_000), (1, 1, 1, 387_000), (2, 0, 1, 452_000)],
)
def test_nor_when_more_goes_wrong(jobs: int, faults: int, foreigns: int, least: int) -> None:
    found = look_everywhere(jobs=jobs, faults=faults, foreigns=foreigns)
    assert not found.violation, explained(found)
    assert found.states > least


CAUGHT: dict[Mutant, tuple[dict[str, int | str], str]] = {
    Mutant.NO_INTENT: ({"jobs": 1, "faults": 1}, AFTER_CANCEL),
    Mutant.RESEND: ({"jobs": 1}, TWICE),
    Mutant.SHORT_WAIT: ({"jobs": 1}, AFTER_CANCEL),
    Mutant.REPLAY: ({"jobs": 1, "faults": 1}, TWICE),
    Mutant.ECHO: ({"jobs": 1, "faults": 1}, "told of a start that never was"),
    Mutant.NO_TOMBSTONE: ({"jobs": 1}, AFTER_CANCEL),
    Mutant.EARLY_CANCEL: ({"jobs": 1}, "it starts though it is cancelled"),
    Mutant.NO_WATERMARK: ({"jobs": 2}, "stuck"),
    Mutant.STALE_CLEAR: ({"jobs": 2}, COLLISION),
    Mutant.CLEAR_ANYTIME: ({"jobs": 2}, COLLISION),
    Mutant.SAME_NUMBER: ({"jobs": 1, "foreigns": 1, "bed": "occupied"}, COLLISION),
    Mutant.RELEASE_ANY: ({"jobs": 1, "faults": 2}, "it starts though it is cancelled"),
    Mutant.BED_AFTERWARDS: ({"jobs": 2}, COLLISION),
}


@pytest.mark.parametrize("mutant", CAUGHT, ids=lambda mutant: mutant.name.lower())
def test_each_mechanism_is_needed(mutant: Mutant) -> None:
    configuration, violation = CAUGHT[mutant]
    found = look_everywhere(**configuration, mutant=mutant)  # type: ignore[arg-type]
    assert found.violation == violation, explained(found)
    assert found.trace


@pytest.mark.parametrize("is_one_busy", [True, False])
def test_each_job_is_heard_of_and_printed_by_one_node(*, is_one_busy: bool) -> None:
    found = look_at_fleet(jobs=2, is_one_busy=is_one_busy)
    assert not found.violation, explained(found)


@pytest.mark.parametrize(
    ("mutant", "is_one_busy", "violation"),
    [
        (Mutant.SHARED_BELL, True, "stuck"),
        (Mutant.NO_CONDITION, False, "two nodes print one job"),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, Mutant) else "",
)
def test_each_mechanism_of_the_queue_is_needed(
    mutant: Mutant, violation: str, *, is_one_busy: bool
) -> None:
    found = look_at_fleet(jobs=2, is_one_busy=is_one_busy, mutant=mutant)
    assert found.violation == violation, explained(found)


def test_every_mutant_is_tried() -> None:
    queue = {Mutant.SHARED_BELL, Mutant.NO_CONDITION}
    assert CAUGHT.keys() | queue | {Mutant.NONE} == set(Mutant)
