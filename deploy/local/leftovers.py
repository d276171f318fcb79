"""The processes of a stack on record, so that the next start ends what a killed one left."""

import contextlib
import json
import signal
from pathlib import Path

import psutil
from pydantic import BaseModel, TypeAdapter, ValidationError

CLOCK_SLACK_S = 2.0
"""A start time is read from clocks that drift apart a little."""
END_WITHIN_S = 10.0


class RecordedProcess(BaseModel):
    """A process as it was when it was recorded; its pid alone may be another's by now."""

    pid: int
    started_at: float
    stop_signal: int

    def find(self) -> psutil.Process | None:
        """Return the process if it still runs."""
        try:
            process = psutil.Process(self.pid)
            started_at = process.create_time()
            is_zombie = process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        is_it = not is_zombie and abs(started_at - self.started_at) < CLOCK_SLACK_S
        return process if is_it else None


_RECORDS = TypeAdapter(dict[str, RecordedProcess])


class ProcessRecord:
    """The file that names the running processes of a stack."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._processes: dict[str, RecordedProcess] = {}

    def note(self, name: str, pid: int, stop_signal: signal.Signals) -> None:
        """Record a process that was just started, in place of an earlier one of that name."""
        with contextlib.suppress(psutil.NoSuchProcess):
            started_at = psutil.Process(pid).create_time()
            self._processes[name] = RecordedProcess(
                pid=pid, started_at=started_at, stop_signal=int(stop_signal)
            )
            self._write()

    def clear(self) -> None:
        """Record that none is left."""
        self._processes = {}
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        records = {name: process.model_dump() for name, process in self._processes.items()}
        temporary = self._path.with_suffix(".new")
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(records, indent=2) + "\n")
        temporary.replace(self._path)


def read_record(path: Path) -> dict[str, RecordedProcess]:
    """Return the recorded processes, running or not."""
    try:
        return _RECORDS.validate_json(path.read_text())
    except (OSError, ValidationError):
        return {}


def end_leftovers(path: Path) -> list[str]:
    """End the recorded processes that still run, politely at first; return their names."""
    found = {
        name: process
        for name, recorded in read_record(path).items()
        if (process := recorded.find()) is not None
    }
    signals = {name: recorded.stop_signal for name, recorded in read_record(path).items()}
    for name, process in found.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signals[name])
    _, stubborn = psutil.wait_procs(list(found.values()), timeout=END_WITHIN_S)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=END_WITHIN_S)
    path.unlink(missing_ok=True)
    return sorted(found)
