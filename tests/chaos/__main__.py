"""`make chaos KILLS=n SEED=s MINUTES=m`: breaks the whole stack and checks that nothing is lost.

Trials go on until so many processes were killed and TRIALS=n were played, or so many minutes have
passed. With STORM=n so many more processes are killed in each trial, at any moment; with STACKS=n
so many stacks are broken side by side, each on its own. The last line is `chaos: kills=<n>
trials=<n> lost=0 double_starts=0 collisions=0 replay_mismatches=0 recovery_p95_s=<s> seed=<s>`;
the exit code is 1 if any check was red, if recovery takes RECOVERY_S
or longer, or if, after a whole round, a label was never come by.
"""

import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.labels import LABELS
from tests.chaos.trials import Menu, Tally, Trials
from tests.chaos.world import NODE, CannotRun, World, can_make_disks, running_world

TRIALS_PER_STACK = 100
"""Then a new one is made: a rebuild is to stay short, and a first start is tried again."""
RECOVERY_LIMIT_S = "15"
"""On a quiet machine; what else runs on it is waited for too."""
MAX_RED = 5
"""After so many red trials, more of them say nothing new."""
EXIT_UNUSABLE = 2


@dataclass(frozen=True)
class Wanted:
    """What was asked for."""

    kills: int
    seed: int
    minutes: float
    only: tuple[str, ...]
    """Parts of the names of what may go wrong; "" is in all."""
    trials: int = 0
    recovery_s: float = float(RECOVERY_LIMIT_S)
    storm: int = 0
    stacks: int = 1


async def main() -> int:
    """Run the trials; return the exit code."""
    wanted = Wanted(
        int(os.environ.get("KILLS", "20")),
        int(os.environ.get("SEED", "1")),
        float(os.environ.get("MINUTES", "240")),
        tuple(os.environ.get("ONLY", "").split(",")),
        int(os.environ.get("TRIALS", "0")),
        float(os.environ.get("RECOVERY_S", RECOVERY_LIMIT_S)),
        int(os.environ.get("STORM", "0")),
        int(os.environ.get("STACKS", "1")),
    )
    unusable: list[str] = []
    with _folder() as folder:
        has_disks = can_make_disks(folder)
        if not has_disks:
            _say("chaos: no disk fills up: only root can make small ones")
        session = Session(wanted, has_disks=has_disks)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, session.stop)
        try:
            await session.run(folder)
        except* CannotRun as group:
            unusable = [str(exc) for exc in group.exceptions]
    for text in unusable:
        _say(f"chaos: {text}")
    return EXIT_UNUSABLE if unusable else session.close()


class Session:
    """All trials of one call, over as many stacks as they need."""

    def __init__(self, wanted: Wanted, *, has_disks: bool) -> None:
        self._wanted, self._has_disks = wanted, has_disks
        self._menu = Menu(random.Random(wanted.seed), wanted.only, has_disks=has_disks)
        self._tally = Tally()
        self._hit: set[str] = set()
        self._until_s = float("inf")
        self._is_stopped = False
        self._starts = asyncio.Lock()
        """One stack starts at a time: it takes both cores, and looks for free ports."""

    def stop(self) -> None:
        """End after the trial that is under way, as if time were up."""
        self._is_stopped = True

    async def run(self, folder: Path) -> None:
        """Run until enough was killed, or time is up, or too much is red."""
        async with asyncio.TaskGroup() as lanes:
            for lane in range(1, self._wanted.stacks + 1):
                lanes.create_task(self._run_lane(folder, lane))

    async def _run_lane(self, folder: Path, lane: int) -> None:
        chance = random.Random(f"{self._wanted.seed}/{lane}")
        stack = 0
        while not self._is_over():
            stack += 1
            place = folder / f"stack-{lane}-{stack}"
            place.mkdir()
            async with AsyncExitStack() as running:
                async with self._starts:
                    world = running_world(place, has_disks=self._has_disks)
                    there = await running.enter_async_context(world)
                await self._on_one_stack(there, chance, folder / "trace.jsonl")
            if not self._tally.findings:
                shutil.rmtree(place, ignore_errors=True)

    async def _on_one_stack(self, world: World, chance: random.Random, trace: Path) -> None:
        trials = Trials(world, chance, self._tally, trace)
        trials.storm = self._wanted.storm
        await trials.begin()
        self._until_s = min(self._until_s, time.monotonic() + self._wanted.minutes * 60)
        try:
            for _ in range(TRIALS_PER_STACK):
                if self._is_over():
                    break
                await self._one(trials)
        finally:
            await trials.end()
            for name, files in world.files.items():
                kind = "edge" if name == NODE else name
                self._hit |= {f"{kind} {point}" for point in files.hits()}

    async def _one(self, trials: Trials) -> None:
        chosen = self._menu.draw()
        began_s = time.monotonic()
        findings = await trials.run(chosen)
        if chosen.label is not None and not trials.has_struck:
            self._menu.missed(chosen.label)
        took_s = time.monotonic() - began_s
        _say(f"trial {trials.number} ({took_s:.1f} s): {chosen.name}")
        for finding in findings:
            _say(f"  RED {finding.check}: {finding.text}")

    def _is_over(self) -> bool:
        return (
            self._is_stopped
            or self._has_enough()
            or time.monotonic() > self._until_s
            or len(self._tally.findings) >= MAX_RED
        )

    def _has_enough(self) -> bool:
        done, wanted = self._tally, self._wanted
        return done.kills >= wanted.kills and done.trials >= wanted.trials

    def close(self) -> int:
        """Print the closing lines; return the exit code."""
        tally = self._tally
        unhit = self._unhit() if self._menu.rounds > 1 else []
        for name in unhit:
            _say(f"chaos: nothing came by {name}")
        if tally.trials < self._wanted.trials:
            _say(f"chaos: time was up after {tally.trials} of {self._wanted.trials} trials")
        for text in tally.findings:
            _say(f"chaos: RED {text}")
        _say(
            f"chaos: kills={tally.kills} trials={tally.trials} lost={tally.red['lost']} "
            f"double_starts={tally.red['double_starts']} collisions={tally.red['collisions']} "
            f"replay_mismatches={tally.red['replay_mismatches']} "
            f"recovery_p95_s={tally.p95_s:.1f} seed={self._wanted.seed}"
        )
        is_slow = tally.p95_s >= self._wanted.recovery_s
        return 1 if tally.findings or unhit or is_slow or not tally.trials else 0

    def _unhit(self) -> list[str]:
        names = (f"{label.process} {label.name}" for label in LABELS)
        return [name for name in names if name not in self._hit]


@contextmanager
def _folder() -> Iterator[Path]:
    """Yield a folder, open to the user that Postgres runs as; kept when something is red."""
    folder = Path(tempfile.mkdtemp(prefix="layerline-chaos-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        if any(folder.glob("stack-*")):
            _say(f"chaos: the logs and the trace are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
