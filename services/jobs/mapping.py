"""Which tray feeds which filament: pure, the same for the approver's view and for the claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from coloraide import Color

from contracts.loaded import LoadedFilament, NeededFilament

AMS_SLOTS = range(16)
UNUSED = -1
UNKNOWN_DISTANCE = 100.0
"""As far as black is from white: a colour that nobody knows is taken last."""


@dataclass(frozen=True)
class Feed:
    """A tray for a filament; `color_distance` is CIEDE2000, None when a colour is not known."""

    needed: NeededFilament
    tray: LoadedFilament
    color_distance: float | None
    is_short: bool
    """The tray is known to hold less than the plate needs."""


def assign(
    needed: Sequence[NeededFilament], trays: Sequence[LoadedFilament]
) -> tuple[Feed, ...] | None:
    """Return a tray of its own and of its type for each filament, or None when one has none.

    Over all pairs: a tray that holds enough before one that doesn't, then the nearest colour,
    then the lower number.
    """
    free = {tray.slot: tray for tray in trays if tray.slot in AMS_SLOTS}
    pairs = sorted(
        (
            feed_from(filament, tray)
            for filament in needed
            for tray in free.values()
            if is_same_type(filament.type, tray.type)
        ),
        key=_rank,
    )
    chosen: dict[int, Feed] = {}
    for feed in pairs:
        if feed.needed.index not in chosen and feed.tray.slot in free:
            chosen[feed.needed.index] = feed
            del free[feed.tray.slot]
    if any(filament.index not in chosen for filament in needed):
        return None
    return tuple(chosen[filament.index] for filament in needed)


def slots_of(feeds: Sequence[Feed], project_filaments: int) -> tuple[int, ...]:
    """Return the slot of each filament of the project, -1 where the plate doesn't use it."""
    length = max(project_filaments, *(feed.needed.index for feed in feeds))
    slots = [UNUSED] * length
    for feed in feeds:
        slots[feed.needed.index - 1] = feed.tray.slot
    return tuple(slots)


def is_same_type(one: str, other: str) -> bool:
    """Tell whether two names mean one material."""
    return one.strip().casefold() == other.strip().casefold()


@lru_cache(maxsize=4096)
def color_distance(one: str, other: str) -> float | None:
    """Return the CIEDE2000 distance of two #RRGGBB[AA]; None when one is not known."""
    try:
        return Color(one[:7]).delta_e(Color(other[:7]), method="2000")
    except ValueError:
        return None


def feed_from(filament: NeededFilament, tray: LoadedFilament) -> Feed:
    """Return what it means to feed the filament from this tray."""
    is_short = (
        filament.used_g is not None
        and tray.remaining_g is not None
        and tray.remaining_g < filament.used_g
    )
    distance = color_distance(filament.color, tray.color)
    return Feed(filament, tray, None if distance is None else round(distance, 2), is_short)


def _rank(feed: Feed) -> tuple[bool, float, int, int]:
    distance = UNKNOWN_DISTANCE if feed.color_distance is None else feed.color_distance
    return (feed.is_short, distance, feed.needed.index, feed.tray.slot)
