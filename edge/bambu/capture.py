"""Everything said to and by a printer, as JSON lines, so that a simulator can be corrected."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

MAX_BYTES = 8 * 1024 * 1024
REDACTED = "[redacted]"


Direction = Literal["request", "report"]


class Recorder(Protocol):
    """Who is told every message of a session."""

    def write(self, direction: Direction, payload: bytes) -> None:
        """Take one message; never raises."""
        ...


class Capture:
    """One rotated file per printer: the current one and one before; never the access code."""

    def __init__(self, folder: Path, serial: str, access_code: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{serial}.jsonl"
        self._access_code = access_code
        self._file = self._path.open("a", encoding="utf-8")

    def write(self, direction: Direction, payload: bytes) -> None:
        """Add one message."""
        text = payload.decode(errors="replace")
        if self._access_code:
            text = text.replace(self._access_code, REDACTED)
        line = {"at": datetime.now(UTC).isoformat(), "dir": direction, "payload": text}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        if self._file.tell() > MAX_BYTES:
            self._file.close()
            self._path.replace(self._path.with_suffix(".1.jsonl"))
            self._file = self._path.open("a", encoding="utf-8")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
