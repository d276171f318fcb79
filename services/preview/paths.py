"""What a program draws, as polylines: extruding moves of one feature and layer joined up.

Coordinates are whole steps of STEP_MM from ORIGIN_MM, so that a point takes four bytes.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from services.inspection.decimals import Flags, Floats, Ints

STEP_MM = 0.01
ORIGIN_MM = -50.0
_LAST_STEP = 65_535
PASSES = 3

Points = NDArray[np.uint16]


class Feature(IntEnum):
    """What a line of plastic is for."""

    OUTER_WALL = 0
    INNER_WALL = 1
    SPARSE_INFILL = 2
    SURFACE = 3
    SUPPORT = 4
    OTHER = 5


@dataclass(frozen=True)
class Paths:
    """Polylines, one behind the other: `firsts` says where each begins in `points`."""

    points: Points
    """Rows of x, y."""
    firsts: Ints
    features: NDArray[np.uint8]
    layers: Ints
    """The layer of each polyline, not falling."""

    @property
    def size_bytes(self) -> int:
        """Return what they take in a file."""
        return 4 * len(self.points) + 4 * len(self.firsts)

    def only(self, which: Flags) -> "Paths":
        """Return those of the polylines."""
        lengths = self.lengths()
        kept = lengths[which]
        return Paths(
            self.points[np.repeat(which, lengths)],
            np.cumsum(kept) - kept,
            self.features[which],
            self.layers[which],
        )

    def lengths(self) -> Ints:
        """Return how many points each polyline has."""
        return np.diff(self.firsts, append=len(self.points))

    def simplified(self, tolerance_mm: float) -> "Paths":
        """Return them without the points that lie within a tolerance of their neighbours' line."""
        paths = self
        for _ in range(PASSES):
            before = len(paths.points)
            for parity in (1, 0):
                paths = _thinned(paths, tolerance_mm / STEP_MM, parity=parity)
            if len(paths.points) == before:
                break
        return paths


def empty() -> Paths:
    """Return no polylines."""
    return Paths(
        np.empty((0, 2), dtype=np.uint16),
        np.empty(0, dtype=np.int64),
        np.empty(0, dtype=np.uint8),
        np.empty(0, dtype=np.int64),
    )


def joined(parts: list[Paths]) -> Paths:
    """Return all polylines in one."""
    if not parts:
        return empty()
    offsets = np.cumsum([0, *(len(part.points) for part in parts[:-1])])
    return Paths(
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.firsts + at for part, at in zip(parts, offsets, strict=True)]),
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.layers for part in parts]),
    )


def trace(before: Floats, after: Floats, features: Ints, layers: Ints) -> Paths:
    """Return the polylines of extruding moves, from rows of x, y before and after each.

    Moves follow in the order of the program; where one does not begin where the last one ended,
    or its feature or layer differs, a new polyline begins.
    """
    if not len(after):
        return empty()
    begin, end = _steps(before), _steps(after)
    is_new = np.ones(len(end), dtype=np.bool_)
    is_new[1:] = (
        (begin[1:] != end[:-1]).any(axis=1)
        | (features[1:] != features[:-1])
        | (layers[1:] != layers[:-1])
    )
    # A polyline has one point more than it has moves: the one that it begins at.
    rows = np.arange(len(end)) + np.cumsum(is_new)
    points = np.empty((len(end) + int(is_new.sum()), 2), dtype=np.uint16)
    points[rows] = end
    starts = np.flatnonzero(is_new)
    firsts = rows[starts] - 1
    points[firsts] = begin[starts]
    return Paths(points, firsts, features[starts].astype(np.uint8), layers[starts])


def _steps(places: Floats) -> Points:
    steps = np.rint((places - ORIGIN_MM) / STEP_MM)
    points: Points = np.clip(np.nan_to_num(steps), 0, _LAST_STEP).astype(np.uint16)
    return points


def _thinned(paths: Paths, tolerance: float, *, parity: int) -> Paths:
    """Drop every second point that its neighbours do without; ends stay."""
    count = len(paths.points)
    if count < 3:
        return paths
    is_end = np.zeros(count, dtype=np.bool_)
    is_end[paths.firsts] = True
    is_end[paths.firsts[1:] - 1] = True
    is_end[-1] = True
    index = np.arange(count)
    owner = np.zeros(count, dtype=np.int64)
    owner[paths.firsts[1:]] = 1
    within = index - paths.firsts[np.cumsum(owner)]
    middle = np.flatnonzero(~is_end & (within % 2 == parity))
    points = paths.points.astype(np.float32)
    here, last, following = points[middle], points[middle - 1], points[middle + 1]
    chord, spoke = following - last, here - last
    length = np.hypot(chord[:, 0], chord[:, 1])
    cross = np.abs(chord[:, 0] * spoke[:, 1] - chord[:, 1] * spoke[:, 0])
    along = np.hypot(spoke[:, 0], spoke[:, 1])
    is_flat = np.where(length > 0, cross <= tolerance * length, along <= tolerance)
    # A point behind an end of the chord is a turn, however near it lies to the line.
    inner = (chord * spoke).sum(axis=1)
    is_flat &= (length == 0) | ((inner >= 0) & (inner <= length * length))
    keep = np.ones(count, dtype=np.bool_)
    keep[middle[is_flat]] = False
    return Paths(
        paths.points[keep],
        np.cumsum(keep)[paths.firsts] - 1,
        paths.features,
        paths.layers,
    )
