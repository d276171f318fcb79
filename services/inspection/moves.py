"""Where the nozzle goes: positions of all axes over a piece of a program, without a loop per line.

An axis whose place is not known (before its first absolute move, after homing, after its origin
was moved) is NaN and counts for nothing: what is not known is not held against a file.
"""

from dataclasses import dataclass, field

import numpy as np

from services.inspection.decimals import Bytes, Flags, Floats, Ints, numbers_at
from services.inspection.lines import Lines, key_of

G0, G1, G2, G3 = (key_of(command) for command in ("G0", "G1", "G2", "G3"))
G28, G90, G91, G92, M82, M83 = (key_of(c) for c in ("G28", "G90", "G91", "G92", "M82", "M83"))
AXES = "XYZ"


@dataclass
class Machine:
    """What stays from one piece to the next."""

    place: dict[str, float] = field(default_factory=lambda: dict.fromkeys("XYZE", np.nan))
    is_absolute: bool = True
    is_e_absolute: bool = True


@dataclass(frozen=True)
class Moves:
    """The moves of a piece; x, y, z after (and before) each of them are rows of an array."""

    lines: Ints
    after: Floats
    before: Floats
    extrudes: Flags
    """Pushes filament while moving in x or y."""
    reach: Floats | None
    """Least x, y and greatest x, y that an arc swings to between its ends; None without arcs."""
    centers: Floats | None
    """Rows of x, y that a move turns around, NaN where it is straight; None without arcs."""
    is_clockwise: Flags
    bad_numbers: Ints
    """Lines with a number that is none."""
    blind_arcs: Ints
    """Lines with an arc that does not say what it turns around."""
    origin_moved: Ints


@dataclass(frozen=True)
class _Words:
    """The letters with numbers of a piece, in order."""

    lines: Ints
    letters: Bytes
    values: Floats
    is_set: Flags
    """Of a G92."""

    def of(self, letter: str) -> tuple[Ints, Floats, Flags]:
        which = np.flatnonzero(self.letters == ord(letter))
        return self.lines[which], self.values[which], self.is_set[which]


@dataclass(frozen=True)
class _Track:
    """One axis over the moves of a piece."""

    after: Floats
    before: Floats
    is_named: Flags


def read_moves(lines: Lines, machine: Machine) -> Moves:
    """Return the moves of a piece, and leave the machine as it is after them."""
    is_set = np.zeros(len(lines.keys), dtype=np.bool_)
    is_set[lines.with_key(G92)] = True
    words, bad = _words(lines, is_set)
    rows = np.flatnonzero(lines.is_move)
    absolute = _modes(lines, {G90: True, G91: False}, start=machine.is_absolute)
    e_absolute = _modes(
        lines, {G90: True, G91: False, M82: True, M83: False}, start=machine.is_e_absolute
    )
    homed = _homed(lines)
    x, y, z = (_track(axis, words, lines, absolute, homed[axis], machine) for axis in AXES)
    after = np.stack([x.after, y.after, z.after])
    before = np.stack([x.before, y.before, z.before])
    pushes = _pushes(words, lines, e_absolute, machine)[rows]
    keys = lines.keys[rows]
    is_arc = (keys == G2) | (keys == G3)
    set_lines = words.lines[words.is_set & (words.letters != ord("E"))]
    machine.is_absolute = bool(absolute[-1])
    machine.is_e_absolute = bool(e_absolute[-1])
    reach, centers, blind = None, None, rows[:0]
    if is_arc.any():
        reach, centers = _arcs(words, lines, rows, before, after, is_arc)
        blind = rows[is_arc & np.isnan(centers[0]) & ~np.isnan(before[0])]
    return Moves(
        rows,
        after,
        before,
        pushes & (x.is_named | y.is_named | is_arc),
        reach,
        centers,
        keys == G2,
        bad,
        blind,
        set_lines,
    )


def _words(lines: Lines, is_set: Flags) -> tuple[_Words, Ints]:
    """Return the words of moves and G92, and the lines with bad numbers."""
    ends_of_wanted = np.where(lines.is_move | is_set, lines.stops, -1)
    positions, on = lines.letters, lines.letters_on
    keep = np.flatnonzero(positions < ends_of_wanted[on])
    positions, on, letters = positions[keep], on[keep], lines.signs[keep]
    is_command = (letters == ord("G")) | (letters == ord("M"))
    if is_command.any():
        positions, on, letters = positions[~is_command], on[~is_command], letters[~is_command]
    values, is_bad = numbers_at(lines.codes, lines.words, positions + 1)
    bad = on[is_bad]
    if len(bad):
        on, letters, values = on[~is_bad], letters[~is_bad], values[~is_bad]
    return _Words(on, letters, values, is_set[on]), bad


def _modes(lines: Lines, effects: dict[int, bool], *, start: bool) -> Flags:
    """Return, line by line, whether a mode is on after it."""
    changes = lines.with_key(*effects)
    values = np.array([start, *(effects[int(key)] for key in lines.keys[changes])])
    if not len(changes):
        return np.full(len(lines.keys), start)
    return np.repeat(values, np.diff(changes, prepend=0, append=len(lines.keys)))


def _homed(lines: Lines) -> dict[str, Ints]:
    """Return the lines after which an axis is somewhere at its end."""
    homed: dict[str, list[int]] = {axis: [] for axis in AXES}
    for line in lines.with_key(G28):
        named = lines.code(int(line))[3:]
        axes = [axis for axis in AXES if axis.encode() in named] or list(AXES)
        for axis in axes:
            homed[axis].append(int(line))
    return {axis: np.array(found, dtype=np.int64) for axis, found in homed.items()}


def _track(
    axis: str, words: _Words, lines: Lines, absolute: Flags, homed: Ints, machine: Machine
) -> _Track:
    """Return an axis' place after and before each move."""
    at, values, is_set = words.of(axis)
    jumps = absolute[at] | is_set
    if is_set.any():
        values[is_set] = np.nan
    if len(homed):
        at = np.concatenate([at, homed])
        order = np.argsort(at, kind="stable")
        values = np.concatenate([values, np.full(len(homed), np.nan)])[order]
        jumps = np.concatenate([jumps, np.ones(len(homed), dtype=np.bool_)])[order]
    places = _places(values, jumps, machine.place[axis])
    machine.place[axis] = float(places[-1])
    counts = np.bincount(at, minlength=len(lines.keys))
    upto, here = np.cumsum(counts)[lines.is_move], counts[lines.is_move]
    return _Track(places[upto], places[upto - here], here > 0)


def _places(values: Floats, jumps: Flags, start: float) -> Floats:
    """Return the start and the place after each event: a jump to a value, or a step by it."""
    values = np.concatenate([[start], values])
    if jumps.all():
        return values
    jumps = np.concatenate([[True], jumps])
    steps = np.cumsum(np.where(jumps, 0.0, values))
    last = np.maximum.accumulate(np.where(jumps, np.arange(len(values)), 0))
    places: Floats = values[last] + steps - steps[last]
    return places


def _pushes(words: _Words, lines: Lines, e_absolute: Flags, machine: Machine) -> Flags:
    """Tell of each line whether it pushes filament forward."""
    at, values, is_set = words.of("E")
    is_absolute = e_absolute[at]
    places = _places(values, is_absolute | is_set, machine.place["E"])
    machine.place["E"] = float(places[-1])
    grown = np.where(is_absolute, places[1:] - np.nan_to_num(places[:-1]), values)
    pushing = np.zeros(len(lines.keys), dtype=np.bool_)
    pushing[at[(grown > 0) & ~is_set]] = True
    return pushing


def _arcs(
    words: _Words, lines: Lines, rows: Ints, before: Floats, after: Floats, is_arc: Flags
) -> tuple[Floats, Floats]:
    """Return how far each arc swings, and what it turns around."""
    offsets = np.zeros((len(rows), 2))
    for column, letter in enumerate("IJ"):
        at, values, _ = words.of(letter)
        row = np.searchsorted(rows, at)
        offsets[row[row < len(rows)], column] = values[row < len(rows)]
    reach = np.full((4, len(rows)), np.nan)
    arcs = np.flatnonzero(is_arc & (offsets != 0).any(axis=1))
    is_clockwise = lines.keys[rows[arcs]] == G2
    low, high = _arc_reach(before[:2, arcs].T, after[:2, arcs].T, offsets[arcs], is_clockwise)
    reach[:2, arcs], reach[2:, arcs] = low.T, high.T
    centers = np.full((2, len(rows)), np.nan)
    centers[:, arcs] = before[:2, arcs] + offsets[arcs].T
    return reach, centers


def _arc_reach(
    begin: Floats, end: Floats, offsets: Floats, is_clockwise: Flags
) -> tuple[Floats, Floats]:
    """Return the least and greatest x, y where an arc crosses its circle's four outermost points.

    NaN where it crosses none.
    """
    centers = begin + offsets
    radius = np.hypot(offsets[:, 0], offsets[:, 1])
    first = np.arctan2(-offsets[:, 1], -offsets[:, 0])
    last = np.arctan2(end[:, 1] - centers[:, 1], end[:, 0] - centers[:, 0])
    # A clockwise arc is the same path from its end, the other way round.
    start = np.where(is_clockwise, last, first)
    sweep = np.where(is_clockwise, first - last, last - first) % (2 * np.pi)
    sweep = np.where(np.abs(begin - end).max(axis=1) < 1e-4, 2 * np.pi, sweep)
    low, high = np.full((len(begin), 2), np.nan), np.full((len(begin), 2), np.nan)
    for quarter, (column, side) in enumerate(((0, high), (1, high), (0, low), (1, low))):
        crosses = (quarter * np.pi / 2 - start) % (2 * np.pi) <= sweep
        sign = 1 if side is high else -1
        side[:, column] = np.where(crosses, centers[:, column] + sign * radius, np.nan)
    return low, high
