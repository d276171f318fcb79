"""Everything said to and by the printer, as JSON lines; the printer can be played from them.

A line: {"at": ISO time, "dir": "request" | "report", "payload": text}. A simulator adds its own
time as "printer_s". A capture of a real printer in this form can be compared and replayed.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from edge.simulator.report import Report, merge

MAX_BYTES = 32 * 1024 * 1024


class Recorder:
    """One rotated file: the current one and one before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("a", encoding="utf-8")

    def write(self, direction: Literal["request", "report"], payload: bytes, at_s: float) -> None:
        """Add one message; `at_s` in printer seconds."""
        line = {
            "at": datetime.now(UTC).isoformat(),
            "printer_s": round(at_s, 3),
            "dir": direction,
            "payload": payload.decode(errors="replace"),
        }
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        if self._file.tell() > MAX_BYTES:
            self._file.close()
            self._path.replace(self._path.with_suffix(".1.jsonl"))
            self._file = self._path.open("a", encoding="utf-8")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True)
class Recorded:
    """One recorded report, and when it came, in seconds after the first."""

    at_s: float
    message: dict[str, Any]


def read_capture(path: Path) -> tuple[Recorded, ...]:
    """Return the reports in a capture; raise ValueError if there is none.

    A line that can't be read (torn by a power cut, say) is left out.
    """
    found: list[Recorded] = []
    first: datetime | None = None
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            if entry["dir"] != "report":
                continue
            message = json.loads(entry["payload"])
            at = datetime.fromisoformat(entry["at"])
        except (ValueError, KeyError, TypeError):
            continue
        if not isinstance(message, dict):
            continue
        first = first or at
        found.append(Recorded((at - first).total_seconds(), message))
    if not found:
        raise ValueError(f"{path} holds no report")
    return tuple(found)


class Replay:
    """Tells a capture again, from when it is begun, and knows the state that it has come to."""

    def __init__(self, recorded: tuple[Recorded, ...]) -> None:
        self._recorded = recorded
        self._next = 0
        self.state: Report = {}
        for entry in recorded:  # the first full report is what was there before
            status = _status(entry.message)
            if status is not None and status.get("msg") == 0:
                merge(self.state, status)
                break

    def due(self, now_s: float) -> list[dict[str, Any]]:
        """Return the messages that have come due."""
        messages: list[dict[str, Any]] = []
        while self._next < len(self._recorded) and self._recorded[self._next].at_s <= now_s:
            message = self._recorded[self._next].message
            self._next += 1
            if (status := _status(message)) is not None:
                merge(self.state, status)
            messages.append(message)
        return messages

    def next_due_s(self) -> float | None:
        """Return when the next message is told, None at the end."""
        if self._next >= len(self._recorded):
            return None
        return self._recorded[self._next].at_s


def _status(message: dict[str, Any]) -> Report | None:
    body = message.get("print")
    is_status = isinstance(body, dict) and body.get("command") == "push_status"
    return body if is_status else None
