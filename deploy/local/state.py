"""What is known of a running stack: written when it is healthy, gone when it has stopped."""

import contextlib
import fcntl
import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
from pydantic import BaseModel, ValidationError

from deploy.local.engines.oidc import ADMIN, MEMBERS
from deploy.local.leftovers import CLOCK_SLACK_S

STATE_FILE = "stack.json"
LAST_STATE_FILE = "stack.last.json"
LOCK_FILE = "stack.lock"
RECORD_FILE = "processes.json"
SETTINGS_FILE = "layerline.env"
"""What `layerline …` has to know of the stack, for a shell to read."""


class SimulatedPrinter(BaseModel):
    """A simulated printer of the stack."""

    serial: str
    name: str
    node: str
    control_url: str


class StackState(BaseModel):
    """A stack that was healthy when this was written."""

    pid: int
    pid_started_at: float
    url: str
    issuer: str
    ports: dict[str, int]
    printers: list[SimulatedPrinter]
    logs: Path

    @property
    def is_running(self) -> bool:
        """Whether the supervisor that wrote this still runs (and its pid is not another's)."""
        try:
            process = psutil.Process(self.pid)
            started_at = process.create_time()
            is_zombie = process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        return not is_zombie and abs(started_at - self.pid_started_at) < CLOCK_SLACK_S


class AlreadyRunning(Exception):
    """Another supervisor holds the data folder."""


def read_state(data_dir: Path) -> StackState | None:
    """Return the state of the running stack, or None when none runs."""
    state = read_last_state(data_dir)
    return state if state is not None and state.is_running else None


def read_last_state(data_dir: Path) -> StackState | None:
    """Return what was last written, running or not."""
    for name in (STATE_FILE, LAST_STATE_FILE):
        try:
            return StackState.model_validate_json((data_dir / name).read_text())
        except (OSError, ValidationError):
            continue
    return None


def retire_state(data_dir: Path) -> None:
    """Keep what was written for the next start, which likes the same ports."""
    with contextlib.suppress(FileNotFoundError):
        (data_dir / STATE_FILE).replace(data_dir / LAST_STATE_FILE)


def write_state(data_dir: Path, state: StackState) -> None:
    """Write whole or not at all, readable by the owner alone."""
    temporary = data_dir / f"{STATE_FILE}.new"
    temporary.touch(mode=0o600)
    temporary.write_text(state.model_dump_json(indent=2) + "\n")
    temporary.replace(data_dir / STATE_FILE)


def write_settings(data_dir: Path, settings: Mapping[str, str]) -> None:
    """Write settings as a shell reads them, for the owner alone."""
    path = data_dir / SETTINGS_FILE
    path.touch(mode=0o600)
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(settings.items())]
    path.write_text("".join(lines))


def read_settings(data_dir: Path) -> dict[str, str]:
    """Return what write_settings wrote."""
    words = shlex.split((data_dir / SETTINGS_FILE).read_text())
    return dict(word.split("=", 1) for word in words)


@contextlib.contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the data folder while the block runs; raise AlreadyRunning when somebody else does."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / LOCK_FILE).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)


def holder_of(data_dir: Path) -> int | None:
    """Return the process that holds the data folder, healthy or not; None when none does."""
    try:
        with (data_dir / LOCK_FILE).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return int(file.read() or 0) or None
    except (OSError, ValueError):
        pass
    return None


def describe(state: StackState) -> str:
    """Return what a person needs to know about the running stack."""
    members = " or ".join(user.subject for user in MEMBERS)
    return "\n".join(
        (
            "",
            f"  Layerline runs at {state.url}",
            f"  Sign in as {ADMIN.subject} (admin), {members} (members): click the name.",
            f"  Printers: {', '.join(p.name for p in state.printers)} (simulated)",
            f"  Logs: {state.logs}",
            "  Stop it with Ctrl-C here, or `make down` anywhere.",
            "",
        )
    )
