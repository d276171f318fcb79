"""Reading captures: JSON lines of requests and reports, whoever wrote them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    at: AwareDatetime
    dir: Literal["request", "report", "gap"]
    payload: str = ""
    lost: int = 0


@dataclass(frozen=True)
class Said:
    """One message, to or by the printer."""

    at: datetime
    is_request: bool
    payload: bytes


@dataclass(frozen=True)
class Missing:
    """Messages that the capture has lost: the disk was full."""

    at: datetime
    count: int


@dataclass(frozen=True)
class Unreadable:
    """A line that is none of a capture."""

    number: int


Entry = Said | Missing | Unreadable


class NotACapture(Exception):
    """No line of the files can be read; str() is a sentence for a person."""


def read_captures(paths: Iterable[Path]) -> Iterator[Entry]:
    """Yield what is in the files, one after the other; raise OSError, NotACapture."""
    has_any = False
    for path in paths:
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                entry = _read(line, number)
                has_any |= not isinstance(entry, Unreadable)
                yield entry
    if not has_any:
        raise NotACapture(
            "There is no line of a capture in it: it should hold JSON lines with “at”, “dir” and "
            "“payload”."
        )


def _read(line: str, number: int) -> Entry:
    try:
        found = _Line.model_validate(json.loads(line))
    except (ValueError, ValidationError, RecursionError):
        return Unreadable(number)
    at = found.at.astimezone(UTC)
    if found.dir == "gap":
        return Missing(at, found.lost)
    return Said(at, found.dir == "request", found.payload.encode())
