"""A program reduced to what the eye follows: polylines by layer, in a small file.

The reduction is chosen by size alone: the same program gives the same file.
"""

import re
import struct
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from services.inspection.ahead import read_ahead
from services.inspection.decimals import Flags, Floats, Ints
from services.inspection.lines import Lines, key_of
from services.inspection.moves import Machine, Moves, read_moves
from services.inspection.reading import LineReader
from services.preview.paths import ORIGIN_MM, STEP_MM, Feature, Paths, joined, trace

MAX_BYTES = 1_900_000
MAGIC = b"LLTP"
VERSION = 1
HEADER = struct.Struct("<4sBBHffIII")
"""Magic, version, level, layers left out between two, origin mm, step mm, counts of layers,
polylines and points."""
MAX_LAYERS = 20_000
TRACED_BYTES = 1024 * 1024
"""How much is reduced at a time."""
_ARC_STEP = np.pi / 12
_MAX_ARC_POINTS = 48
_SHELL = (Feature.OUTER_WALL, Feature.SURFACE, Feature.SUPPORT, Feature.OTHER)
_LAYER_MARKS = (
    *(b";LAYER_CHANGE", b"; CHANGE_LAYER", b";CHANGE_LAYER", b"; layer num/", b";LAYER:"),
    *(b"M73 L", b"M991 S0 P"),
)
_FEATURE_MARK = re.compile(rb"; ?(?:FEATURE|TYPE):[ ]?([^\r\n]{1,40})")
MARK_BYTES = 64
_M73, _M991 = key_of("M73"), key_of("M991")
_Z_OF_LAYER_MM = 0.04
_FEATURES = (
    (re.compile(rb"outer wall|external perimeter|wall-outer|overhang"), Feature.OUTER_WALL),
    (re.compile(rb"inner wall|^perimeter|wall-inner"), Feature.INNER_WALL),
    (re.compile(rb"sparse infill|internal infill|^fill"), Feature.SPARSE_INFILL),
    (re.compile(rb"support"), Feature.SUPPORT),
    (re.compile(rb"surface|solid|skin|bridge|gap|ironing"), Feature.SURFACE),
)
"""Words of the slicers, in small letters."""


@dataclass(frozen=True)
class Level:
    """How much is left out."""

    tolerance_mm: float
    features: tuple[Feature, ...]
    every: int
    """Of the layers, each n-th is kept."""


_ALL = tuple(Feature)
LEVELS = (
    Level(0.03, _ALL, 1),
    Level(0.08, tuple(f for f in _ALL if f is not Feature.SPARSE_INFILL), 1),
    Level(0.12, _SHELL, 1),
    Level(0.25, (Feature.OUTER_WALL, Feature.SUPPORT, Feature.OTHER), 1),
    Level(0.5, (Feature.OUTER_WALL, Feature.SUPPORT), 1),
    *(
        Level(tolerance, (Feature.OUTER_WALL, Feature.SUPPORT), 2**n)
        for n in range(1, 14)
        for tolerance in (0.5, 1.0)
    ),
)


def reduce_program(pieces: Iterable[bytes]) -> bytes | None:
    """Return the preview of a program that comes in pieces; None when it draws nothing.

    Raises Refusal where the program is no text that printers read.
    """
    reducer = _Reducer()
    with closing(read_ahead(iter(LineReader(pieces)))) as ahead:
        for lines in ahead:
            reducer.take(lines)
    return reducer.close()


class _Reducer:
    """Takes pieces of whole lines; what it holds stays within some times MAX_BYTES."""

    def __init__(self) -> None:
        self._machine = Machine()
        self._feature = Feature.OTHER
        self._layer = 0
        self._is_marked = False
        self._heights: dict[int, float] = {}
        self._level = 0
        self._traced: list[Paths] = []
        self._traced_size = 0
        self._parts: list[Paths] = []
        self._size = 0

    def take(self, lines: Lines) -> None:
        moves = read_moves(lines, self._machine)
        layer_at, features = self._marks(lines, moves.lines)
        layers = self._layer + np.searchsorted(layer_at, moves.lines, side="right")
        self._layer += len(layer_at)
        if len(layer_at) and not self._is_marked:
            # What came before the first mark is the machine's own beginning.
            self._is_marked = True
            self._parts, self._size = [], 0
            self._traced, self._traced_size = [], 0
        drawn = moves.extrudes & ~np.isnan(moves.before[:2]).any(axis=0)
        drawn &= ~np.isnan(moves.after).any(axis=0)
        drawn &= (layers > 0) | (not self._is_marked)
        if not drawn.any():
            return
        if not self._is_marked:
            layers = self._by_height(moves.after[2], drawn)
        self._note_heights(layers[drawn], moves.after[2][drawn])
        before, after, source = _without_arcs(moves, np.flatnonzero(drawn))
        self._add(trace(before, after, features[source], layers[source]))

    def close(self) -> bytes | None:
        self._reduce()
        paths = joined(self._parts)
        while paths.size_bytes + 8 * len(np.unique(paths.layers)) > MAX_BYTES:
            if self._level + 1 < len(LEVELS):
                self._level += 1
                paths = _at_level(paths, LEVELS[self._level])
            else:
                paths = paths.only(np.arange(len(paths.firsts)) % 2 == 0)
        return _written(paths, self._heights, self._level) if len(paths.points) else None

    def _add(self, paths: Paths) -> None:
        self._traced.append(paths)
        self._traced_size += paths.size_bytes
        if self._traced_size > TRACED_BYTES:
            self._reduce()

    def _reduce(self) -> None:
        """Reduce what was traced since the last time, and all else if it is too much by now."""
        paths = _at_level(joined(self._traced), LEVELS[self._level])
        self._traced, self._traced_size = [], 0
        self._parts.append(paths)
        self._size += paths.size_bytes
        while self._size > 2 * MAX_BYTES and self._level + 1 < len(LEVELS):
            self._level += 1
            kept = _at_level(joined(self._parts), LEVELS[self._level])
            self._parts, self._size = [kept], kept.size_bytes
        if self._size > 4 * MAX_BYTES:
            whole = joined(self._parts)
            kept = whole.only(np.arange(len(whole.firsts)) % 2 == 0)
            self._parts, self._size = [kept], kept.size_bytes

    def _marks(self, lines: Lines, rows: Ints) -> tuple[Ints, Ints]:
        """Return the lines at which a layer begins, and the feature of each of these rows."""
        layers, features, values = [], [], [self._feature]
        heads = lines.codes[lines.starts]
        comments = np.flatnonzero(heads == ord(";"))
        for line in np.sort(np.concatenate([comments, lines.with_key(_M73, _M991)])):
            start = lines.starts[line]
            text = lines.text[start : min(lines.ends[line], start + MARK_BYTES)]
            if text.startswith(_LAYER_MARKS):
                layers.append(line)
            elif match := _FEATURE_MARK.match(text):
                features.append(line)
                values.append(_feature_named(match[1]))
        self._feature = values[-1]
        at = np.searchsorted(np.array(features, dtype=np.int64), rows, side="right")
        return np.array(layers, dtype=np.int64), np.array(values, dtype=np.int64)[at]

    def _by_height(self, heights: Floats, drawn: Flags) -> Ints:
        """Return layers by height alone, for programs without marks."""
        steps = np.rint(np.nan_to_num(heights) / _Z_OF_LAYER_MM).astype(np.int64)
        return np.where(drawn, np.clip(steps, 0, MAX_LAYERS), 0)

    def _note_heights(self, layers: Ints, heights: Floats) -> None:
        changes = np.flatnonzero(np.diff(layers, prepend=-1))
        for at in changes:
            if len(self._heights) < MAX_LAYERS:
                self._heights.setdefault(int(layers[at]), float(heights[at]))


def _feature_named(name: bytes) -> Feature:
    return next(
        (feature for words, feature in _FEATURES if words.search(name.lower())), Feature.OTHER
    )


def _at_level(paths: Paths, level: Level) -> Paths:
    wanted = np.isin(paths.features, level.features)
    # A program that names no features is all "other": then nothing is left out for it.
    if not wanted.any():
        wanted[:] = True
    if level.every > 1:
        wanted &= paths.layers % level.every == 0
    return paths.only(wanted).simplified(level.tolerance_mm)


def _without_arcs(moves: Moves, which: Ints) -> tuple[Floats, Floats, Ints]:
    """Return x, y before and after each straight move, arcs as chords, and whose they are."""
    before, after = moves.before[:2, which].T, moves.after[:2, which].T
    if moves.centers is None:
        return before, after, which
    centers = moves.centers[:, which].T
    is_arc = ~np.isnan(centers).any(axis=1)
    from_center, to_center = before - centers, after - centers
    start = np.arctan2(from_center[:, 1], from_center[:, 0])
    stop = np.arctan2(to_center[:, 1], to_center[:, 0])
    sign = np.where(moves.is_clockwise[which], -1.0, 1.0)
    sweep = (sign * (stop - start)) % (2 * np.pi)
    is_full = np.abs(before - after).max(axis=1) < STEP_MM / 2
    sweep = np.where(is_full, 2 * np.pi, sweep)
    counts = np.ones(len(which), dtype=np.int64)
    chords = np.ceil(sweep[is_arc] / _ARC_STEP).astype(np.int64)
    counts[is_arc] = np.clip(chords, 1, _MAX_ARC_POINTS)
    owner = np.repeat(np.arange(len(which)), counts)
    step = np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner] + 1
    is_last = step == counts[owner]
    angle = start[owner] + sign[owner] * sweep[owner] * step / counts[owner]
    radius = np.hypot(from_center[:, 0], from_center[:, 1])[owner]
    turned = centers[owner] + np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None]
    ends = np.where(is_last[:, None], after[owner], turned)
    begins = np.where((step == 1)[:, None], before[owner], np.roll(ends, 1, axis=0))
    return begins, ends, which[owner]


def _written(paths: Paths, heights: dict[int, float], level: int) -> bytes:
    order = np.argsort(paths.layers, kind="stable")
    if not (np.diff(paths.layers) >= 0).all():
        paths = joined([paths.only(paths.layers == layer) for layer in np.unique(paths.layers)])
        order = np.arange(len(paths.firsts))
    layers, firsts = np.unique(paths.layers[order], return_index=True)
    head = HEADER.pack(
        MAGIC,
        VERSION,
        level,
        LEVELS[level].every - 1,
        ORIGIN_MM,
        STEP_MM,
        len(layers),
        len(paths.firsts),
        len(paths.points),
    )
    z = np.array([heights.get(int(layer), 0.0) for layer in layers], dtype="<f4")
    packed = paths.firsts.astype("<u4") | (paths.features.astype("<u4") << 28)
    return b"".join(
        [
            head,
            z.tobytes(),
            firsts.astype("<u4").tobytes(),
            packed.astype("<u4").tobytes(),
            paths.points.astype("<u2").tobytes(),
        ]
    )
