"""A row of the table."""

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


def at_most(name: str, unit: str, value: float, bound: float) -> Row:
    """Return a row with an absolute bound."""
    return Row(name, unit, value, None, None, f"<= {bound:g} {unit}", value <= bound)
