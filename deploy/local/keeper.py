"""Keeping processes up: each is started again when it ends, later and later."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from deploy.local.process import ChildProcess, Command, Probe, start
from runtime.backoff import backoff

RESTART_INITIAL_S, RESTART_MAX_S = 0.3, 10.0
STEADY_AFTER_S = 30.0
"""A process that ran this long gets its first restart at once again."""

Say = Callable[[str], None]


class Keeper:
    """Keeps the processes of the stack; stops them in the reverse order of their start."""

    def __init__(self, logs: Path, say: Say) -> None:
        self._logs, self._say = logs, say
        self._children: dict[str, ChildProcess] = {}
        self._watches: list[asyncio.Task[None]] = []
        self._is_stopping = False

    async def run(self, command: Command, probe: Probe, *, within_s: float) -> None:
        """Start a process, wait until it is healthy, keep it running from then on."""
        child = await start(command, self._logs / f"{command.name}.log")
        self.adopt(child)
        await child.wait_healthy(probe, within_s=within_s)

    def adopt(self, child: ChildProcess) -> None:
        """Keep a process that was started elsewhere."""
        self._children[child.command.name] = child
        self._watches.append(asyncio.create_task(self._watch(child)))

    def pids(self) -> dict[str, int]:
        """Return the process id of each running process."""
        return {name: child.pid for name, child in self._children.items() if child.is_running}

    async def stop(self) -> None:
        """Stop everything: what uses others first."""
        self._is_stopping = True
        for watch in self._watches:
            watch.cancel()
        for name in reversed(list(self._children)):
            await self._children[name].stop()

    async def _watch(self, child: ChildProcess) -> None:
        command, log_file = child.command, child.log_file
        waits = backoff(initial_s=RESTART_INITIAL_S, max_s=RESTART_MAX_S)
        while True:
            began = time.monotonic()
            code = await child.wait()
            if self._is_stopping:
                return
            if time.monotonic() - began > STEADY_AFTER_S:
                waits = backoff(initial_s=RESTART_INITIAL_S, max_s=RESTART_MAX_S)
            wait_s = next(waits)
            self._say(
                f"{command.name} ended with exit code {code}; "
                f"starting it again in {wait_s:.1f} s (log: {log_file})"
            )
            await asyncio.sleep(wait_s)
            child = await start(command, log_file)
            self._children[command.name] = child
