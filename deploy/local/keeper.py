"""Keeping processes up: each is started again when it ends, later and later."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.leftovers import ProcessRecord
from deploy.local.process import ChildProcess, Command, Probe, StartFailed, holds, start
from runtime.backoff import backoff
from runtime.process import EXIT_CODE_UNPROVISIONED

RESTART_INITIAL_S, RESTART_MAX_S = 0.3, 5.0
LOOK_EVERY_S = 2.0
SICK_AFTER_S = 10.0
"""A process that was well and is not for so long is ended, so that it starts anew: one that hangs,
or a broker that stores nothing any more since its disk was full for a moment. [M]"""
STEADY_AFTER_S = 10.0
"""A process that ran this long gets its first restart at once again."""

Say = Callable[[str], None]
Start = Callable[[Command, Path], Awaitable[ChildProcess]]
Mend = Callable[[], Awaitable[None]]


class Tier(IntEnum):
    """Who uses whom: a higher tier stops before the lower ones."""

    ENGINE = 0
    SERVICE = 1
    NODE = 2


class Keeper:
    """Keeps the processes of the stack while its block runs, then stops them all."""

    def __init__(self, logs: Path, record: ProcessRecord, say: Say, start: Start = start) -> None:
        self._logs, self._record, self._say, self._start = logs, record, say, start
        self._children: dict[str, tuple[Tier, ChildProcess]] = {}
        self._tasks = asyncio.TaskGroup()
        self._watches: list[asyncio.Task[None]] = []
        self.mend: Mend | None = None
        """Makes what a process lacks that ended with EXIT_CODE_UNPROVISIONED."""

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for watch in self._watches:
            watch.cancel()
        for tier in sorted(Tier, reverse=True):
            children = [child for at, child in self._children.values() if at is tier]
            await asyncio.gather(*(child.stop() for child in children))
        self._record.clear()
        await self._tasks.__aexit__(kind, error, trace)

    async def run(
        self,
        command: Command,
        probe: Probe,
        *,
        within_s: float,
        tier: Tier,
        is_well: Probe | None = None,
    ) -> None:
        """Start a process, wait until it is healthy, keep it running from then on.

        is_well: what must go on to hold; not whether all that the process needs is there.
        """
        child = await self._start(command, self._logs / f"{command.name}.log")
        try:
            await child.wait_healthy(probe, within_s=within_s)
        except BaseException:
            await child.stop()
            raise
        self.adopt(child, tier, is_well)

    async def complete(self, command: Command) -> None:
        """Start what ends by itself and wait for that; raise StartFailed when it fails."""
        child = await self._start(command, self._logs / f"{command.name}.log")
        try:
            code = await child.wait()
        finally:
            await child.stop()
        if code != 0:
            raise StartFailed(child.said(f"ended with exit code {code}"))

    def adopt(self, child: ChildProcess, tier: Tier, is_well: Probe | None = None) -> None:
        """Keep a process that was started elsewhere."""
        self._take(child, tier)
        self._watches.append(self._tasks.create_task(self._watch(child, tier, is_well)))

    def _take(self, child: ChildProcess, tier: Tier) -> None:
        command = child.command
        self._children[command.name] = (tier, child)
        self._record.note(command.name, child.pid, command.stop_signal)

    async def _watch(self, child: ChildProcess, tier: Tier, is_well: Probe | None) -> None:
        waits = backoff(initial_s=RESTART_INITIAL_S, max_s=RESTART_MAX_S)
        while True:
            began = time.monotonic()
            code = await self._ended(child, is_well)
            await child.stop()  # what it started does not outlive it
            if time.monotonic() - began > STEADY_AFTER_S:
                waits = backoff(initial_s=RESTART_INITIAL_S, max_s=RESTART_MAX_S)
            wait_s = next(waits)
            self._say(
                f"{child.command.name} ended with exit code {code}; "
                f"starting it again in {wait_s:.1f} s (log: {child.log_file})"
            )
            await asyncio.sleep(wait_s)
            if code == EXIT_CODE_UNPROVISIONED:
                await self._mend()
            child = await self._restarted(child)
            self._take(child, tier)

    async def _ended(self, child: ChildProcess, is_well: Probe | None) -> int:
        """Return the exit code once the process has ended, by itself or because it was sick."""
        if is_well is None:
            return await child.wait()
        nursing = self._tasks.create_task(self._end_when_sick(child, is_well))
        try:
            return await child.wait()
        finally:
            nursing.cancel()

    async def _end_when_sick(self, child: ChildProcess, is_well: Probe) -> None:
        last_well_s: float | None = None
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if await holds(is_well):
                last_well_s = time.monotonic()
            elif last_well_s is not None and time.monotonic() - last_well_s > SICK_AFTER_S:
                self._say(f"{child.command.name} has not been well for {SICK_AFTER_S:g} s")
                child.kill()
                return

    async def _mend(self) -> None:
        if self.mend is None:
            return
        try:
            await self.mend()
        except StartFailed as exc:
            self._say(f"{exc}; trying again")

    async def _restarted(self, child: ChildProcess) -> ChildProcess:
        while True:
            try:
                return await self._start(child.command, child.log_file)
            except OSError as exc:
                self._say(f"{child.command.name} can't be started: {exc}; trying again")
                await asyncio.sleep(RESTART_MAX_S)
