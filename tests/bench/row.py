"""A row of the table."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.state import StackState


@dataclass(frozen=True)
class Bench:
    """A running stack and its data folder."""

    data_dir: Path
    state: StackState


@dataclass(frozen=True)
class Row:
    """One comparison; `comparator` and `ratio` are None where only an absolute bound is set."""

    name: str
    unit: str
    layerline: float
    comparator: float | None
    ratio: float | None
    target: str
    passed: bool

    def __str__(self) -> str:
        floor = "" if self.comparator is None else f"{self.comparator:.1f} {self.unit}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} x"
        value = f"{self.layerline:.1f} {self.unit}"
        verdict = "pass" if self.passed else "FAIL"
        return f"{self.name:44} {value:>14} {floor:>14} {ratio:>9}  {self.target:26} {verdict}"


Rows = AsyncIterator[Row]
"""Rows as they are measured."""


def at_most(
    name: str, unit: str, value: float, bound: float, *, beside: float | None = None
) -> Row:
    """Return a row with an absolute bound; `beside` stands there to judge the machine by."""
    ratio = None if beside is None else value / beside
    return Row(name, unit, value, beside, ratio, f"<= {bound:g} {unit}", value <= bound)


def at_least(name: str, rate: float, floor: float, wanted: float) -> Row:
    """Return a row of rates: the ratio to the floor's must be at least `wanted`."""
    ratio = rate / floor
    return Row(name, "/s", rate, floor, ratio, f">= {wanted:g} x", ratio >= wanted)


def at_most_times(name: str, unit: str, value: float, floor: float, wanted: float) -> Row:
    """Return a row of costs: the ratio to the floor's must be at most `wanted`."""
    ratio = value / floor
    return Row(name, unit, value, floor, ratio, f"<= {wanted:g} x", ratio <= wanted)


@contextmanager
def open_folder() -> Iterator[Path]:
    """Yield a folder for the data of engines."""
    with tempfile.TemporaryDirectory(prefix="layerline-bench-") as name:
        path = Path(name)
        # The database runs as another user when this is root.
        path.chmod(0o755)
        yield path
