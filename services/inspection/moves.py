"""Where the nozzle goes: positions of all axes over a piece of a program, without a loop per line.

An axis whose place is not known (before its first absolute move, after homing, after its origin
was moved) is NaN and counts for nothing: what is not known is not held against a file.
"""

from dataclasses import dataclass, field

import numpy as np

from services.inspection.lines import Flags, Floats, Ints, Lines, key_of, numbers_at

G0, G1, G2, G3 = (key_of(command) for command in ("G0", "G1", "G2", "G3"))
G28, G90, G91, G92, M82, M83 = (key_of(c) for c in ("G28", "G90", "G91", "G92", "M82", "M83"))
AXES = "XYZ"
_WANTED = np.zeros(256, dtype=np.bool_)
_WANTED[[ord(letter) for letter in "XYZEIJGM"]] = True


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
    swings: Floats
    """Least x, y and greatest x, y on the way: wider than the ends only for arcs."""
    bad_numbers: Ints
    """Lines with a number that is none."""
    second_commands: Ints
    """Lines that hold another command behind the move."""
    origin_moved: Ints


@dataclass(frozen=True)
class _Words:
    """The letters with numbers of a piece, in order."""

    lines: Ints
    letters: Ints
    values: Floats

    def of(self, letter: str) -> tuple[Ints, Floats]:
        which = self.letters == ord(letter)
        return self.lines[which], self.values[which]


def read_moves(lines: Lines, machine: Machine) -> Moves:
    """Return the moves of a piece, and leave the machine as it is after them."""
    is_move = lines.is_move
    words, bad, second = _words(lines, is_move | (lines.keys == G92))
    rows = np.flatnonzero(is_move)
    absolute = _modes(lines, {G90: True, G91: False}, start=machine.is_absolute)
    e_absolute = _modes(
        lines, {G90: True, G91: False, M82: True, M83: False}, start=machine.is_e_absolute
    )
    homed = _homed(lines)
    columns = [_track(axis, words, lines, rows, absolute, homed[axis], machine) for axis in AXES]
    after = np.stack([column[0] for column in columns])
    before = np.stack([column[1] for column in columns])
    pushes = _pushes(words, lines, rows, e_absolute, machine)
    in_plane = np.zeros(len(lines.keys), dtype=np.bool_)
    in_plane[words.lines[(words.letters == ord("X")) | (words.letters == ord("Y"))]] = True
    is_arc = (lines.keys[rows] == G2) | (lines.keys[rows] == G3)
    set_lines = words.lines[(lines.keys[words.lines] == G92) & (words.letters != ord("E"))]
    machine.is_absolute = bool(absolute[-1])
    machine.is_e_absolute = bool(e_absolute[-1])
    return Moves(
        rows,
        after,
        before,
        pushes & (in_plane[rows] | is_arc),
        _swings(words, lines, rows, before, after, is_arc),
        bad,
        second,
        set_lines,
    )


def _words(lines: Lines, wanted: Flags) -> tuple[_Words, Ints, Ints]:
    positions = np.flatnonzero(_WANTED[lines.codes])
    on = lines.of(positions)
    keep = wanted[on] & (positions < lines.stops[on]) & (positions > lines.starts[on])
    positions, on = positions[keep], on[keep]
    letters = lines.codes[positions].astype(np.int64)
    is_command = (letters == ord("G")) | (letters == ord("M"))
    second = on[is_command]
    positions, on, letters = positions[~is_command], on[~is_command], letters[~is_command]
    values, is_bad = numbers_at(lines.codes, positions + 1)
    good = ~is_bad
    return _Words(on[good], letters[good], values[good]), on[is_bad], second


def _modes(lines: Lines, effects: dict[int, bool], *, start: bool) -> Flags:
    """Return, line by line, whether a mode is on after it."""
    changes = np.flatnonzero(np.isin(lines.keys, list(effects)))
    values = np.array([start, *(effects[int(key)] for key in lines.keys[changes])])
    state: Flags = values[np.searchsorted(changes, np.arange(len(lines.keys)), side="right")]
    return state


def _homed(lines: Lines) -> dict[str, Ints]:
    """Return the lines after which an axis is somewhere at its end."""
    homed: dict[str, list[int]] = {axis: [] for axis in AXES}
    for line in np.flatnonzero(lines.keys == G28):
        named = lines.code(int(line))[3:]
        axes = [axis for axis in AXES if axis.encode() in named] or list(AXES)
        for axis in axes:
            homed[axis].append(int(line))
    return {axis: np.array(found, dtype=np.int64) for axis, found in homed.items()}


def _track(
    axis: str,
    words: _Words,
    lines: Lines,
    rows: Ints,
    absolute: Flags,
    homed: Ints,
    machine: Machine,
) -> tuple[Floats, Floats]:
    """Return an axis' place after and before each move."""
    at, values = words.of(axis)
    is_set = lines.keys[at] == G92
    values = np.where(is_set, np.nan, values)
    jumps = absolute[at] | is_set
    at = np.concatenate([at, homed])
    order = np.argsort(at, kind="stable")
    values = np.concatenate([values, np.full(len(homed), np.nan)])[order]
    jumps = np.concatenate([jumps, np.ones(len(homed), dtype=np.bool_)])[order]
    places = _places(values, jumps, machine.place[axis])
    machine.place[axis] = float(places[-1])
    at = at[order]
    after = places[np.searchsorted(at, rows, side="right")]
    before = places[np.searchsorted(at, rows, side="left")]
    return after, before


def _places(values: Floats, jumps: Flags, start: float) -> Floats:
    """Return the start and the place after each event: a jump to a value, or a step by it."""
    values = np.concatenate([[start], values])
    jumps = np.concatenate([[True], jumps])
    steps = np.cumsum(np.where(jumps, 0.0, values))
    last = np.maximum.accumulate(np.where(jumps, np.arange(len(values)), 0))
    places: Floats = values[last] + steps - steps[last]
    return places


def _pushes(words: _Words, lines: Lines, rows: Ints, e_absolute: Flags, machine: Machine) -> Flags:
    """Tell of each move whether it pushes filament forward."""
    at, values = words.of("E")
    is_set = lines.keys[at] == G92
    places = _places(values, e_absolute[at] | is_set, machine.place["E"])
    machine.place["E"] = float(places[-1])
    grown = np.where(e_absolute[at], places[1:] - np.nan_to_num(places[:-1]), values)
    pushing = np.zeros(len(lines.keys), dtype=np.bool_)
    pushing[at[(grown > 0) & ~is_set]] = True
    return pushing[rows]


def _swings(
    words: _Words, lines: Lines, rows: Ints, before: Floats, after: Floats, is_arc: Flags
) -> Floats:
    low, high = np.fmin(before[:2], after[:2]), np.fmax(before[:2], after[:2])
    if is_arc.any():
        offsets = np.zeros((len(rows), 2))
        for column, letter in enumerate("IJ"):
            at, values = words.of(letter)
            row = np.searchsorted(rows, at)
            offsets[row[row < len(rows)], column] = values[row < len(rows)]
        arcs = np.flatnonzero(is_arc & (offsets != 0).any(axis=1))
        is_clockwise = lines.keys[rows[arcs]] == G2
        reach = _arc_reach(before[:2, arcs].T, after[:2, arcs].T, offsets[arcs], is_clockwise)
        low[:, arcs] = np.fmin(low[:, arcs], reach[0].T)
        high[:, arcs] = np.fmax(high[:, arcs], reach[1].T)
    return np.concatenate([low, high])


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
