"""Everything said to and by a printer, as JSON lines, so that it can be replayed elsewhere.

A line: {"at": ISO time, "dir": "request" | "report", "payload": text without secrets}; after a
pause for want of disk, {"at": …, "dir": "gap", "lost": messages}.
"""

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal, Protocol

import structlog

from edge.bambu.redaction import Redactor

log = structlog.get_logger()

MAX_BYTES = 8 * 1024 * 1024
OLDER_FILES = 3
RETRY_S = 60.0
"""After a write that failed; a full disk is not asked at each message."""
_FILE_MODE = 0o600

Direction = Literal["request", "report"]


class Recorder(Protocol):
    """Who is told every message of a session."""

    def write(self, direction: Direction, payload: bytes) -> None:
        """Take one message; never raises."""
        ...


class Capture:
    """Rotated files of one printer: the current one and some before; without secrets.

    A disk that takes nothing costs the messages meanwhile, and nothing else.
    """

    def __init__(
        self,
        folder: Path,
        serial: str,
        access_code: str,
        *,
        max_bytes: int = MAX_BYTES,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`folder` is made when the first message comes; `now_s` only spaces retries."""
        self._path = folder / f"{serial}.jsonl"
        self._redactor = Redactor([access_code])
        self._max_bytes = max_bytes
        self._now_s = now_s
        self._file: int | None = None
        self._size = 0
        self._lost = 0
        self._retry_at = float("-inf")

    def write(self, direction: Direction, payload: bytes) -> None:
        """Add one message; never raises."""
        if self._now_s() < self._retry_at:
            self._lost += 1
            return
        text = self._redactor.text(payload.decode(errors="replace"))
        line = {"at": datetime.now(UTC).isoformat(), "dir": direction, "payload": text}
        try:
            self._add(line)
        except OSError as exc:
            self._give_up_for_now(exc)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _add(self, line: dict[str, str]) -> None:
        if self._file is None:
            self._file = self._open()
        if self._lost:
            gap = {"at": line["at"], "dir": "gap", "lost": self._lost}
            self._put(self._file, f"{json.dumps(gap)}\n".encode())
            log.info("capture_goes_on", lost=self._lost)
            self._lost = 0
        self._put(self._file, f"{json.dumps(line)}\n".encode())
        self._retry_at = float("-inf")
        if self._size > self._max_bytes:
            self._rotate()

    def _open(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, _FILE_MODE)
        self._size = os.fstat(file).st_size
        if self._size and os.pread(file, 1, self._size - 1) != b"\n":
            self._put(file, b"\n")  # power was lost, or the disk was full, in the middle of a line
        return file

    def _put(self, file: int, data: bytes) -> None:
        written = os.write(file, data)
        self._size += written
        if written < len(data):
            raise OSError("only a part of the line was written")

    def _rotate(self) -> None:
        self.close()
        names = [
            self._path,
            *(self._path.with_suffix(f".{n + 1}.jsonl") for n in range(OLDER_FILES)),
        ]
        for newer, older in reversed(list(pairwise(names))):
            if newer.exists():
                newer.replace(older)

    def _give_up_for_now(self, exc: OSError) -> None:
        if self._lost == 0:
            log.warning("capture_stands_still", error=str(exc))
        self._lost += 1
        self._retry_at = self._now_s() + RETRY_S
        try:
            self.close()
        except OSError:
            self._file = None
