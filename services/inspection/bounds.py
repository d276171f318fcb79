"""The box that a program prints in, and moves that leave the machine's volume."""

import numpy as np

from contracts.findings import Severity
from services.inspection.decimals import Flags, Floats, Ints
from services.inspection.machines import Machine
from services.inspection.moves import Moves
from services.inspection.tally import Tally

Box = tuple[float, float, float, float, float, float]
TRAVEL_MARGIN_MM = 25.0
FAR_MARGIN_MM = 50.0
LOWEST_MM, HIGHEST_ABOVE_MM = -3.0, 10.0
"""The start presses the nozzle 1.5 mm under the bed's level to wipe it. [S] maker's profiles"""


class Bounds:
    """Grows with the moves of a program; from the first layer's mark on, only print counts."""

    def __init__(self, machine: Machine, tally: Tally) -> None:
        self._volume = np.array(machine.volume_mm)
        self._name = machine.name
        self._tally = tally
        self._layers_from: int | None = None
        self._before, self._printed = _empty(), _empty()
        self.first_extrusion: int | None = None

    @property
    def has_layers(self) -> bool:
        """Whether the first layer has begun."""
        return self._layers_from is not None

    def begin_layers(self, line: int) -> None:
        """Say that the first layer begins at this line."""
        self._layers_from = line

    def add(self, moves: Moves, first_line: int) -> None:
        """Take a piece's moves in; `first_line` is its first line's number."""
        if not len(moves.lines):
            return
        self._check_travel(moves, first_line)
        which = np.flatnonzero(moves.extrudes)
        if not len(which):
            return
        numbers = moves.lines[which] + first_line
        if self.first_extrusion is None:
            self.first_extrusion = int(numbers[0])
        before, after = moves.before[:, which], moves.after[:, which]
        low, high = np.fmin(before, after), np.fmax(before, after)
        if moves.reach is not None:
            low[:2] = np.fmin(low[:2], moves.reach[:2, which])
            high[:2] = np.fmax(high[:2], moves.reach[2:, which])
        split = len(numbers)
        if self._layers_from is not None:
            split = int(np.searchsorted(numbers, self._layers_from))
        self._before = self._add(self._before, low[:, :split], high[:, :split], numbers[:split], 0)
        self._printed = self._add(
            self._printed, low[:, split:], high[:, split:], numbers[split:], 1
        )

    def _add(self, box: Floats, low: Floats, high: Floats, numbers: Ints, margin: float) -> Floats:
        """Return the box with these moves in it; note those that leave the volume."""
        if not len(numbers):
            return box
        least, most = _least(low), _most(high)
        limit = self._volume + margin
        if (least[:2] < -margin).any() or (most > limit).any():
            is_out = np.any(low[:2] < -margin, axis=0) | np.any(high > limit[:, np.newaxis], axis=0)
            self._note(
                is_out,
                numbers,
                Severity.REFUSE,
                "prints_outside",
                f"The program prints outside of the volume of a {self._name}. "
                "Move or shrink the model, and slice again.",
            )
        return np.concatenate([np.fmin(box[:3], least), np.fmax(box[3:], most)])

    def box(self) -> Box | None:
        """Return least and greatest x, y, z of what is printed; None where that is not known."""
        box = self._printed if self.has_layers else self._before
        if np.isnan(box).any():
            return None
        x0, y0, z0, x1, y1, z1 = (round(float(value), 3) for value in box)
        return x0, y0, z0, x1, y1, z1

    def _check_travel(self, moves: Moves, first_line: int) -> None:
        numbers = moves.lines + first_line
        ends = moves.after
        least, most = _least(ends), _most(ends)
        if not (
            (least[:2] < -TRAVEL_MARGIN_MM).any()
            or (most[:2] > self._volume[:2] + TRAVEL_MARGIN_MM).any()
            or most[2] > self._volume[2] + HIGHEST_ABOVE_MM
            or least[2] < LOWEST_MM
        ):
            return
        for margin, severity, code, text in (
            (
                FAR_MARGIN_MM,
                Severity.REFUSE,
                "moves_far_outside",
                "The program moves the nozzle into the bed or far out of the machine.",
            ),
            (
                TRAVEL_MARGIN_MM,
                Severity.WARN,
                "moves_outside",
                f"The program moves further than a {self._name} reaches.",
            ),
        ):
            limit = (self._volume[:2] + margin)[:, np.newaxis]
            is_out = ((ends[:2] < -margin) | (ends[:2] > limit)).any(axis=0)
            is_high = ends[2] > self._volume[2] + (
                HIGHEST_ABOVE_MM if severity is Severity.WARN else margin
            )
            is_low = ends[2] < LOWEST_MM
            self._note(is_out | is_high | is_low, numbers, severity, code, text)

    def _note(self, which: Flags, numbers: Ints, severity: Severity, code: str, text: str) -> None:
        if which.any():
            first = int(numbers[np.flatnonzero(which)[0]])
            self._tally.add(severity, code, text, line=first, count=int(which.sum()))


def _empty() -> Floats:
    return np.full(6, np.nan)


def _least(places: Floats) -> Floats:
    """Return each row's least number; NaN where it has none."""
    least = np.array([row.min() for row in places])  # by rows: several times as fast
    return np.fmin.reduce(places, axis=1) if np.isnan(least).any() else least


def _most(places: Floats) -> Floats:
    most = np.array([row.max() for row in places])
    return np.fmax.reduce(places, axis=1) if np.isnan(most).any() else most
