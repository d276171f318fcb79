"""What the supervisor tells a launched process, and what that one leaves behind: files.

A process has `<process>.arm` (die where), `<process>.mutants` (which mechanisms it lacks),
`<process>.clock` (by how many seconds its wall clock is off) and `<process>.hits` (the points that
it came by, and where it died).
"""

import os
import time
from dataclasses import asdict, dataclass
from json import dumps, loads
from pathlib import Path


@dataclass(frozen=True)
class Arm:
    """Die at the nth time that a point is reached, in so many lives."""

    point: str
    nth: int = 1
    lives: int = 1


@dataclass(frozen=True)
class Death:
    """A process that died at a point, and when (the machine's monotonic clock)."""

    point: str
    at_s: float


class Files:
    """The files of one launched process."""

    def __init__(self, folder: Path, process: str) -> None:
        self._arm = folder / f"{process}.arm"
        self._mutants = folder / f"{process}.mutants"
        self._hits = folder / f"{process}.hits"
        self._clock = folder / f"{process}.clock"
        self._armed_at: int | None = None
        self._armed: Arm | None = None

    # --- the supervisor's side ---

    def arm(self, arm: Arm | None) -> None:
        """Have it die somewhere, or nowhere any more."""
        if arm is None:
            self._arm.unlink(missing_ok=True)
            return
        _write(self._arm, dumps(asdict(arm)))

    @property
    def is_armed(self) -> bool:
        """Tell whether it has still to die."""
        return self._arm.exists()

    def lack(self, *mutants: str) -> None:
        """Take mechanisms out of the process, from its next start on."""
        _write(self._mutants, "\n".join(mutants))

    def shift_clock(self, seconds: int) -> None:
        """Have its wall clock be off by so much, from now on."""
        _write(self._clock, str(seconds))

    def hits(self) -> frozenset[str]:
        """Return the points that any life of the process came by."""
        return frozenset(line[1] for line in self._lines() if line[0] == "hit")

    def deaths(self) -> list[Death]:
        """Return where and when it died, oldest first."""
        return [Death(line[1], float(line[2])) for line in self._lines() if line[0] == "died"]

    def _lines(self) -> list[list[str]]:
        if not self._hits.exists():
            return []
        return [line.split() for line in self._hits.read_text().splitlines()]

    # --- the process's side ---

    def mutants(self) -> tuple[str, ...]:
        """Return the mechanisms that this process lacks."""
        return tuple(self._mutants.read_text().split()) if self._mutants.exists() else ()

    def clock_shift_s(self) -> int:
        """Return by how much this process's wall clock is off."""
        return int(self._clock.read_text()) if self._clock.exists() else 0

    def armed(self) -> Arm | None:
        """Return where to die; reads the file only when it is another one."""
        try:
            changed_at = self._arm.stat().st_mtime_ns
        except FileNotFoundError:
            self._armed_at = self._armed = None
            return None
        if changed_at != self._armed_at:
            self._armed_at, self._armed = changed_at, Arm(**loads(self._arm.read_text()))
        return self._armed

    def note_hit(self, point: str) -> None:
        """Write down that the process comes by a point."""
        self._append(f"hit {point}\n")

    def note_death(self, arm: Arm) -> None:
        """Write down that the process dies now, and whether its next life does too."""
        self.arm(Arm(arm.point, 1, arm.lives - 1) if arm.lives > 1 else None)
        self._append(f"died {arm.point} {time.monotonic()}\n")

    def _append(self, line: str) -> None:
        with self._hits.open("a") as file:
            file.write(line)


def _write(path: Path, text: str) -> None:
    fresh = path.with_suffix(f"{path.suffix}.{os.getpid()}")
    fresh.write_text(text)
    fresh.replace(path)
