"""Which tray feeds which filament."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.loaded import LoadedFilament, NeededFilament
from services.jobs.mapping import AMS_SLOTS, UNUSED, assign, color_distance, slots_of

KINDS = st.sampled_from(["PLA", "pla", "PETG", "ABS"])
COLORS = st.one_of(
    st.sampled_from(["", "#FFFFFF", "#ff0000FF", "#000000", "no colour"]),
    st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06X}"),
)
GRAMS = st.one_of(st.none(), st.floats(0, 1000))


def filament(index: int, kind: str, color: str, used_g: float | None = None) -> NeededFilament:
    return NeededFilament(index=index, type=kind, color=color, used_g=used_g, used_m=None)


def tray(slot: int, kind: str, color: str, remaining_g: float | None = None) -> LoadedFilament:
    return LoadedFilament(slot=slot, type=kind, color=color, remaining_g=remaining_g)


WANTED = st.lists(st.tuples(KINDS, COLORS, GRAMS), min_size=1, max_size=6).map(
    lambda rows: [filament(index, *row) for index, row in enumerate(rows, 1)]
)
TRAYS = st.lists(
    st.tuples(st.sampled_from([*AMS_SLOTS, 254]), KINDS, COLORS, GRAMS),
    max_size=8,
    unique_by=lambda row: row[0],
).map(lambda rows: [tray(*row) for row in rows])


@given(wanted=WANTED, trays=TRAYS)
def test_one_tray_each_of_the_right_type_and_always_the_same(
    wanted: list[NeededFilament], trays: list[LoadedFilament]
) -> None:
    feeds = assign(wanted, trays)
    in_ams = [one for one in trays if one.slot in AMS_SLOTS]
    kinds = {one.type.casefold() for one in wanted}
    has_enough = all(
        sum(one.type.casefold() == kind for one in in_ams)
        >= sum(one.type.casefold() == kind for one in wanted)
        for kind in kinds
    )
    assert (feeds is not None) is has_enough
    if feeds is None:
        return
    assert [feed.needed for feed in feeds] == wanted
    assert len({feed.tray.slot for feed in feeds}) == len(wanted)
    for feed in feeds:
        assert feed.tray.type.casefold() == feed.needed.type.casefold()
    slots = slots_of(feeds, len(wanted))
    assert UNUSED not in slots
    other_order = list(reversed(trays))
    assert assign(wanted, other_order) == feeds


def test_tray_with_too_little_comes_last() -> None:
    trays = [tray(0, "PLA", "#FF0000", 5.0), tray(1, "PLA", "#000000", 800.0)]
    feeds = assign([filament(1, "PLA", "#FF0000", 20.0)], trays)
    assert feeds is not None
    assert (feeds[0].tray.slot, feeds[0].is_short) == (1, False)
    only = assign([filament(1, "PLA", "#FF0000", 20.0)], trays[:1])
    assert only is not None
    assert only[0].is_short


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("#FF0000", "#FF0000", 0.0),
        ("#FF0000", "#ff0000FF", 0.0),
        ("#FFFFFF", "#000000", 100.0),
        ("", "#000000", None),
    ],
)
def test_distance_of_colours(one: str, other: str, distance: float | None) -> None:
    found = color_distance(one, other)
    assert found == (None if distance is None else pytest.approx(distance, abs=0.01))
