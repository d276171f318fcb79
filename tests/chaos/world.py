"""The whole real stack with a proxy on each link, every process found by its name."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import psutil

from deploy.local.leftovers import read_record
from deploy.local.process import Command, Entry
from deploy.local.stack import StackOptions, running_stack
from deploy.local.state import RECORD_FILE, StackState
from tests.chaos.arming import Files
from tests.chaos.launch import FOLDER
from tests.chaos.mutants import BAD_LUCK
from tests.chaos.proxies import Link, Weather
from tests.eventually import eventually

ROOT = Path(__file__).resolve().parents[2]
NODE = "node-1"
PRINTER = "printer-1"
PRINTER_SPEED = 120.0
TIME_SCALE = 30.0
"""Divides the protocol's deadlines: ten seconds are what five minutes are at a real printer."""
CONTROL_TIMEOUT_S = 5.0
UP_WITHIN_S = 40.0
DATABASE_TIMEOUT_S = 10.0
SERVICES = ("api", "dispatch", "relay", "projector", "inspector")
ENGINES = ("postgres", "nats", "storage")
OURS = (*SERVICES, NODE)
_NEEDS = {
    "api": ("postgres", "nats", "storage"),
    "dispatch": ("postgres", "nats", "storage"),
    "relay": ("postgres", "nats"),
    "projector": ("postgres", "nats"),
    "inspector": ("postgres", "nats", "storage"),
    NODE: ("nats", "mqtt", "ftps"),
}
_URLS = {
    "LAYERLINE_DATABASE_URL": "postgres",
    "LAYERLINE_NATS_URL": "nats",
    "LAYERLINE_S3_ENDPOINT": "storage",
}
_PORTS = {"BAMBU_MQTT_PORT": "mqtt", "BAMBU_FTPS_PORT": "ftps"}
_MAINS = {"layerline": "services.cli.main:main", "layerline-edge": "edge.cli:main"}
DISKS = {"nats": 256, "postgres": 512, "nodes": 192}
"""MiB of the small disks that can be filled up; a node keeps 64 free for its journal."""

Json = dict[str, Any]


class CannotRun(Exception):
    """Something that the trials need is not there; the text says what."""


@dataclass(frozen=True)
class Handle:
    """A process of the stack, as the supervisor recorded it last."""

    name: str
    process: psutil.Process

    def kill(self) -> None:
        """End it as a power cut would."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.process.send_signal(signal.SIGKILL)


class World:
    """The running stack and what can be done to it."""

    def __init__(self, data: Path, files: Path, links: dict[tuple[str, str], Link]) -> None:
        self.data, self.links = data, links
        self.files = {name: Files(files, name) for name in OURS}
        self._state: StackState | None = None
        self.control = httpx.AsyncClient(timeout=CONTROL_TIMEOUT_S)

    @property
    def state(self) -> StackState:
        """What is known of the running stack."""
        if self._state is None:
            raise CannotRun("the stack has not come up")
        return self._state

    def came_up(self, state: StackState) -> None:
        """Take what the stack says about itself."""
        self._state = state
        self.control.base_url = state.printers[0].control_url

    def find(self, name: str) -> Handle | None:
        """Return a process by its name, None while it is down."""
        recorded = read_record(self.data / RECORD_FILE).get(name)
        process = recorded.find() if recorded else None
        return Handle(name, process) if process else None

    async def replace(self, name: str, *mutants: str) -> None:
        """Have a process live on without these mechanisms; return when it serves."""
        self.files[name].lack(*mutants)
        handle = self.find(name)
        if handle is not None:
            handle.kill()

        async def serves() -> bool:
            found = self.find(name)
            if found is None or (handle is not None and found.process == handle.process):
                return False
            try:
                port = self.state.ports.get(f"{name}-health")
                url = f"http://127.0.0.1:{port}" if port else self.state.url
                return (await self.control.get(f"{url}/readyz")).is_success
            except (psutil.Error, httpx.HTTPError):
                return False

        await eventually(serves, within_s=UP_WITHIN_S, every_s=0.1)

    def all_up(self) -> bool:
        """Tell whether every process runs."""
        return all(self.find(name) for name in (*OURS, *ENGINES, PRINTER))

    async def connect(self) -> asyncpg.Connection:
        """Return a connection of one's own to the database, past all proxies."""
        password = (self.data / "postgres" / "password").read_text().strip()
        return await asyncpg.connect(
            host="127.0.0.1",
            port=self.state.ports["postgres"],
            user="postgres",
            password=password,
            database="layerline",
            timeout=DATABASE_TIMEOUT_S,
            command_timeout=DATABASE_TIMEOUT_S,
        )

    @contextmanager
    def journal(self) -> Iterator[sqlite3.Connection]:
        """Yield the node's journal, to read."""
        path = self.data / "nodes" / NODE / "journal.db"
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            yield connection
        finally:
            connection.close()

    async def printer(self, what: str) -> Json:
        """Return what the printer's control says."""
        answer: Json = (await self.control.get(what)).raise_for_status().json()
        return answer

    async def do(self, what: str, body: Json | None = None) -> None:
        """Do something at the printer."""
        (await self.control.post(what, json=body or {})).raise_for_status()

    async def heal(self) -> None:
        """Let nothing be wrong from outside any more."""
        for link in self.links.values():
            link.set(Weather.FAIR)
        for name in (*OURS, *ENGINES, PRINTER):
            handle = self.find(name)
            if handle is not None and handle.process.status() == psutil.STATUS_STOPPED:
                handle.process.send_signal(signal.SIGCONT)
        for disk in DISKS:
            self.ballast(disk).unlink(missing_ok=True)
        self.disarm()
        self.shift_clock(0)

    def disarm(self) -> None:
        """Have no process die at a label any more."""
        for files in self.files.values():
            files.arm(None)

    def ballast(self, disk: str) -> Path:
        """Return the file that fills a disk."""
        return self.data / disk / "ballast"

    def shift_clock(self, seconds: int) -> None:
        """Have the node's wall clock be off by so much."""
        self.files[NODE].shift_clock(seconds)


@asynccontextmanager
async def running_world(folder: Path, *, has_disks: bool = False) -> AsyncIterator[World]:
    """Yield the stack in `folder`, its facts told in any order; stop it afterwards.

    has_disks: with disks of its own, which can be filled up and which only root can make.
    """
    data, files = folder / "stack", folder / "files"
    files.mkdir(parents=True)
    data.mkdir()
    links = {(name, need): Link(f"{name}-{need}") for name in _NEEDS for need in _NEEDS[name]}
    world = World(data, files, links)
    world.shift_clock(0)
    world.files[NODE].lack(*BAD_LUCK)
    options = StackOptions(
        data,
        printers=1,
        speed=PRINTER_SPEED,
        api_settings={"LAYERLINE_PERSON_CHANGES": "100000/minute"},
        amend=_Amender(links, files).amend,
    )
    with ExitStack() as disks:
        for disk, size_mib in DISKS.items() if has_disks else ():
            disks.enter_context(_small_disk(data / disk, size_mib))
        for link in links.values():
            await link.open()
        try:
            async with running_stack(options, _log_to(folder / "supervisor.log")) as state:
                world.came_up(state)
                yield world
                await world.heal()
        finally:
            await world.control.aclose()
            for link in links.values():
                await link.close()


class _Amender:
    """Has our processes started by `launch`, and led over the proxies."""

    def __init__(self, links: dict[tuple[str, str], Link], files: Path) -> None:
        self._links, self._files = links, files

    def amend(self, command: Command) -> Command:
        if command.name not in _NEEDS:
            return command
        program, *rest = command.argv
        kind = "edge" if command.name == NODE else command.name
        target = _MAINS[Path(program).name]
        arguments = [kind, command.name, target, *rest]
        return replace(
            command,
            argv=[sys.executable, "-m", "tests.chaos.launch", *arguments],
            entry=Entry("tests.chaos.launch:run", arguments) if command.entry else None,
            env={**command.env, **self._led(command), **self._extra()},
            cwd=ROOT,
        )

    def _led(self, command: Command) -> dict[str, str]:
        led = {}
        for variable, need in _URLS.items():
            url = urlsplit(command.env.get(variable, ""))
            link = self._links.get((command.name, need))
            if link is None or url.hostname is None or url.port is None:
                continue
            link.target = (url.hostname, url.port)
            netloc = url.netloc.replace(f":{url.port}", f":{link.port}")
            led[variable] = urlunsplit(url._replace(netloc=netloc))
        for variable, need in _PORTS.items():
            if variable in command.env:
                link = self._links[command.name, need]
                link.target = ("127.0.0.1", int(command.env[variable]))
                led[variable] = str(link.port)
        return led

    def _extra(self) -> dict[str, str]:
        return {FOLDER: str(self._files), "LAYERLINE_TIME_SCALE": str(TIME_SCALE)}


def can_make_disks(folder: Path) -> bool:
    """Tell whether this user may make small disks; root may, in most places."""
    try:
        with _small_disk(folder / "trial", 1):
            return True
    except CannotRun:
        return False


@contextmanager
def _small_disk(folder: Path, size_mib: int) -> Iterator[None]:
    """Make `folder` a small disk of its own while the block runs."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m,mode=0755", "layerline", str(folder)]
    try:
        made = subprocess.run(mount, check=False, capture_output=True, text=True)
    except OSError as exc:
        raise CannotRun(f"no small disks can be made: {exc}") from exc
    if made.returncode:
        raise CannotRun(f"no small disks can be made here (root may): {made.stderr.strip()}")
    try:
        yield
    finally:
        kept = folder.with_name(f"{folder.name}.kept")
        if os.environ.get("CHAOS_KEEP"):
            shutil.copytree(folder, kept, symlinks=True)
        subprocess.run(["umount", "-l", str(folder)], check=False)


def _log_to(path: Path) -> Callable[[str], None]:
    def say(line: str) -> None:
        with path.open("a") as file:
            file.write(f"{line}\n")

    return say
