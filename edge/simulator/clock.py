"""The printer's time: real time multiplied by a scale, plus jumps."""

import math
from collections.abc import Callable

MIN_SCALE = 0.01


class PrinterClock:
    """Counts printer seconds."""

    def __init__(self, scale: float, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._since_s = monotonic_s()
        self._base_s = 0.0
        self._scale = max(scale, MIN_SCALE)

    @property
    def scale(self) -> float:
        """Printer seconds in a real one."""
        return self._scale

    def now_s(self) -> float:
        """Return printer seconds since the clock was made."""
        return self._base_s + (self._monotonic_s() - self._since_s) * self._scale

    def real_s(self, seconds: float) -> float:
        """Return how many real seconds these printer seconds take."""
        return seconds / self._scale

    def set_scale(self, scale: float) -> None:
        """Run faster or slower from now on; raise ValueError for no number."""
        _must_be_finite(scale)
        self._base_s, self._since_s = self.now_s(), self._monotonic_s()
        self._scale = max(scale, MIN_SCALE)

    def jump(self, seconds: float) -> None:
        """Let printer seconds pass at once; raise ValueError for no number."""
        _must_be_finite(seconds)
        self._base_s += max(0.0, seconds)


def _must_be_finite(value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{value} is no length of time")
