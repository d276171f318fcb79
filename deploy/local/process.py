"""A child process: its log file, its health, its end."""

import asyncio
import contextlib
import fcntl
import itertools
import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from deploy.local.death import dying_with

POLL_S = 0.03
STOP_GRACE_S = 8.0
FREE_PORTS = range(15_000, 25_000)
"""Below every system's range for outgoing connections: those take no port that was chosen."""
_LOOPBACK = ("127.0.0.1", "localhost")
_FOREIGN = ("LAYERLINE_", "BAMBU_", "PG")
_first_step = secrets.randbelow(len(FREE_PORTS))
_port_steps = itertools.count()

Probe = Callable[[], Awaitable[bool]]
"""True once the process serves; false or an OSError while it does not yet."""


class StartFailed(Exception):
    """A process of the stack did not come up; the text says which and what it said last."""


@dataclass(frozen=True)
class Entry:
    """A function that does what a program does."""

    target: str
    """`module:function`: what that returns or exits with is the exit code."""
    arguments: Sequence[str]


@dataclass(frozen=True)
class Command:
    """What to start."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_s: float = STOP_GRACE_S
    death_signal: signal.Signals | None = None
    """What it gets when this process dies without stopping it; None: the stop signal."""
    leavings: Sequence[Path] = ()
    """Files that it leaves behind when it is killed: removed before its start, after its end."""
    entry: Entry | None = None
    """What does the same in a fork of the forkserver; None: only a program of its own will do."""

    @property
    def dies_by(self) -> signal.Signals:
        """What it gets when the process dies that started it."""
        return self.death_signal or self.stop_signal


class Process(Protocol):
    """A process of the system, as `asyncio` has them."""

    @property
    def pid(self) -> int:
        """The process id."""

    @property
    def returncode(self) -> int | None:
        """The exit code; None while it runs."""

    async def wait(self) -> int:
        """Return the exit code once it has ended."""

    def send_signal(self, signal: int) -> None:
        """Send it a signal."""

    def kill(self) -> None:
        """End it at once."""


class ChildProcess:
    """A running command in a process group of its own; it dies with this process (on Linux)."""

    def __init__(self, command: Command, log_file: Path, process: Process):
        self.command, self.log_file, self._process = command, log_file, process

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    async def wait(self) -> int:
        """Return the exit code once it has ended."""
        return await self._process.wait()

    async def wait_healthy(self, probe: Probe, *, within_s: float) -> None:
        """Return once `probe` holds; raise StartFailed when it ends or takes too long."""
        try:
            async with asyncio.timeout(within_s):
                while not await holds(probe):
                    if not self.is_running:
                        raise StartFailed(self.said(f"ended with exit code {await self.wait()}"))
                    await asyncio.sleep(POLL_S)
                await asyncio.sleep(0)
                if not self.is_running:
                    # Somebody else answered for it: its port was taken meanwhile.
                    raise StartFailed(self.said(f"ended with exit code {await self.wait()}"))
        except TimeoutError:
            raise StartFailed(self.said(f"was not ready within {within_s:g} s")) from None

    async def stop(self) -> None:
        """End it and what it started: politely, after a grace time by force."""
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(self.command.stop_signal)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.command.stop_grace_s):
                    await self._process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            # macOS answers EPERM for a group of which only zombies are left.
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        _remove(self.command.leavings)

    def kill(self) -> None:
        """End it at once; what it started goes with `stop`."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def said(self, what: str) -> str:
        """Return a sentence about it, with its last words."""
        with contextlib.suppress(OSError):
            tail = self.log_file.read_text(errors="replace").strip().splitlines()[-3:]
            return f"{self.command.name} {what}; its last words: {' | '.join(tail)[-600:]}"
        return f"{self.command.name} {what}"


async def start(command: Command, log_file: Path) -> ChildProcess:
    """Start the command, its output appended to `log_file`."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    _remove(command.leavings)
    with log_file.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command.argv,
            env={**base_env(), **command.env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            cwd=command.cwd,
            start_new_session=True,
            preexec_fn=dying_with(os.getpid(), command.dies_by),
            user=command.user,
            group=command.user,
        )
    return ChildProcess(command, log_file, process)


def free_port(preferred: int | None = None) -> int:
    """Return `preferred` when it is free on loopback, else a free port.

    No port is returned twice, and processes search in different places: between the choice and
    the use of a port there is time for somebody else.
    """
    if preferred is not None and _is_free(preferred):
        return preferred
    for _ in FREE_PORTS:
        port = FREE_PORTS[(_first_step + next(_port_steps)) % len(FREE_PORTS)]
        if _is_free(port):
            return port
    raise StartFailed("no free port on 127.0.0.1")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class PortReservations:
    """Ports that this process has promised to its children: another stack leaves them alone."""

    def __init__(self) -> None:
        self._locks: dict[Path, IO[str]] = {}

    def take(self, preferred: int) -> int:
        """Return `preferred` when it is free and not promised elsewhere, else another port."""
        for port in (preferred, *(free_port() for _ in range(8))):
            if _is_free(port) and self._promise(port):
                return port
        raise StartFailed("no free port on 127.0.0.1")

    def _promise(self, port: int) -> bool:
        path = Path(tempfile.gettempdir()) / f"layerline-port-{port}-{os.getuid()}.lock"
        lock = path.open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_current = path.stat().st_ino == os.fstat(lock.fileno()).st_ino
        except OSError:
            is_current = False
        if not is_current:
            # Held by another stack, or just removed by one that let go of it.
            lock.close()
            return False
        self._locks[path] = lock
        return True

    def give_back(self) -> None:
        """Promise nothing any more."""
        for path, lock in self._locks.items():
            path.unlink(missing_ok=True)
            lock.close()
        self._locks = {}


def tool(name: str) -> str:
    """Return the path of a program that a wheel put beside this Python."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise StartFailed(f"{name} is not installed; run `make install`")
    return str(path)


async def http_answers(url: str) -> bool:
    """Return whether a plain GET on loopback is answered with 200."""
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    async with asyncio.timeout(2):
        reader, writer = await asyncio.open_connection(name, int(port))
        try:
            writer.write(
                f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
            )
            status = await reader.readline()
        finally:
            await _closed(writer)
    return b" 200 " in status


async def port_answers(port: int) -> bool:
    """Return whether something listens on this loopback port."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    await _closed(writer)
    return True


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Close a connection for certain: what is only told to close needs another turn of the loop."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def holds(probe: Probe) -> bool:
    """Return whether the probe holds now; a process that can't be reached is not well."""
    try:
        return await probe()
    except (OSError, TimeoutError):
        return False


def base_env() -> dict[str, str]:
    """Return the environment without settings that are meant for something else."""
    return {k: v for k, v in local_env(os.environ).items() if not k.startswith(_FOREIGN)}


def local_env(env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment as fits a stack on loopback: no proxy, no profile of a cloud."""
    kept = {k: v for k, v in env.items() if not k.startswith("AWS_")}
    for name in ("NO_PROXY", "no_proxy"):
        others = [host for host in env.get(name, "").split(",") if host not in {"", *_LOOPBACK}]
        kept[name] = ",".join((*_LOOPBACK, *others))
    return kept


def _remove(files: Sequence[Path]) -> None:
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink()
