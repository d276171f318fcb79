"""Starting services as forks of one process that has their libraries loaded."""

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from deploy.local.death import dying_with
from deploy.local.fork_messages import ForkTold, ForkWanted
from deploy.local.process import STOP_GRACE_S, ChildProcess, Command, base_env, start

CAN_FORK = sys.platform == "linux"
"""Elsewhere every service is a program of its own: macOS's libraries break in a fork."""


class Fork:
    """A process that the forkserver made."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._exit_code = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        """The exit code; None while it runs."""
        code: int | None = self._exit_code.result() if self._exit_code.done() else None
        return code

    async def wait(self) -> int:
        """Return the exit code once it has ended."""
        code: int = await asyncio.shield(self._exit_code)
        return code

    def send_signal(self, signal: int) -> None:
        """Send it a signal."""
        if self.returncode is None:
            os.kill(self.pid, signal)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def note_end(self, exit_code: int) -> None:
        """Have those who wait know that it has ended."""
        self._exit_code.set_result(exit_code)


class Forkserver:
    """Starts commands while its block runs: as forks, or as programs when they name no entry.

    It is made again when it has ended: its forks have died with it, and their keeper starts them.
    """

    def __init__(self, log_file: Path) -> None:
        self._log_file = log_file
        self._tasks = asyncio.TaskGroup()
        self._opening = asyncio.Lock()
        self._server: _Server | None = None

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        if CAN_FORK:
            await self._opened()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.kill()
        await self._tasks.__aexit__(kind, error, trace)

    @property
    def pid(self) -> int | None:
        """The forkserver's process id; None where there is none."""
        return self._server.pid if self._server else None

    async def start(self, command: Command, log_file: Path) -> ChildProcess:
        """Start the command, its output appended to `log_file`."""
        if command.entry is None or not CAN_FORK:
            return await start(command, log_file)
        server = await self._opened()
        fork = await server.fork(
            ForkWanted(
                name=command.name,
                target=command.entry.target,
                arguments=command.entry.arguments,
                env={**base_env(), **command.env},
                log_file=log_file,
                cwd=command.cwd,
                death_signal=command.dies_by,
            )
        )
        return ChildProcess(command, log_file, fork)

    async def _opened(self) -> "_Server":
        async with self._opening:
            if self._server is None or self._server.is_gone:
                with self._log_file.open("ab") as log:
                    process = await asyncio.create_subprocess_exec(
                        *(sys.executable, "-m", "deploy.local.forkserver"),
                        env=base_env(),
                        stdin=asyncio.subprocess.PIPE,
                        stdout=asyncio.subprocess.PIPE,
                        stderr=log,
                        start_new_session=True,
                        preexec_fn=dying_with(os.getpid(), signal.SIGTERM),
                    )
                self._server = _Server(process)
                self._tasks.create_task(self._server.hear())
            return self._server


class _Server:
    """The forkserver's process, from its start to its end."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._wanted: deque[asyncio.Future[Fork]] = deque()
        self._forks: dict[int, Fork] = {}
        self.is_gone = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()

    async def fork(self, wanted: ForkWanted) -> Fork:
        """Have it make a process; raise OSError when it ends meanwhile."""
        made: asyncio.Future[Fork] = asyncio.get_running_loop().create_future()
        self._wanted.append(made)
        if self._process.stdin is not None:
            self._process.stdin.write(wanted.model_dump_json().encode() + b"\n")
        return await made

    async def hear(self) -> None:
        """Take what it tells until it ends, then see its forks end."""
        if self._process.stdout is not None:
            async for line in self._process.stdout:
                self._take(ForkTold.model_validate_json(line))
        self.is_gone = True
        await self._process.wait()
        for made in self._wanted:
            if not made.done():
                made.set_exception(OSError("the forkserver has ended"))
        # Nobody else collects them now.
        await asyncio.to_thread(_see_end, list(self._forks))
        for fork in self._forks.values():
            fork.note_end(-signal.SIGKILL)

    def _take(self, told: ForkTold) -> None:
        if told.exit_code is not None:
            self._forks.pop(told.pid).note_end(told.exit_code)
            return
        fork = self._forks[told.pid] = Fork(told.pid)
        made = self._wanted.popleft()
        if made.done():
            fork.kill()  # whoever asked has given up
        else:
            made.set_result(fork)


def _see_end(pids: list[int]) -> None:
    """Return once these have ended, politely or not: the death of their parent was told them."""
    processes = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            processes.append(psutil.Process(pid))
    _, stubborn = psutil.wait_procs(processes, timeout=STOP_GRACE_S)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=STOP_GRACE_S)
