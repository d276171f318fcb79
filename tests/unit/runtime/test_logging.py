"""Lines of the log: one format for our own and foreign ones, whatever is in them."""

import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog

from runtime.logging import configure_logging


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """What is set for the process is as it was after the test."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_our_own_lines_and_foreign_ones_look_alike(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("api", log_format="json", level="info")
    structlog.get_logger().warning("ours", count=1)
    logging.getLogger("somebody").warning("theirs")
    ours, theirs = _lines(capsys)
    assert (ours["event"], ours["count"], theirs["event"]) == ("ours", 1, "theirs")
    for line in (ours, theirs):
        assert (line["process"], line["level"]) == ("api", "warning")
        assert datetime.fromisoformat(line["timestamp"]).tzinfo is not None


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("api", log_format="json", level="warning")
    structlog.get_logger().info("ours")
    logging.getLogger("somebody").info("theirs")
    assert _lines(capsys) == []


def test_secrets_are_taken_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("api", log_format="json", level="info")
    structlog.get_logger().info("connected", access_code="12345678", printer="p1s")
    (line,) = _lines(capsys)
    assert (line["access_code"], line["printer"]) == ("[redacted]", "p1s")


def test_any_value_makes_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("api", log_format="json", level="info")
    log, some_id = structlog.get_logger(), uuid4()
    log.info("ids", id=some_id, at=datetime(2026, 1, 2, tzinfo=UTC), thing=Path)
    log.info("bytes", raw=b"\xff\x00")
    log.info("half", text="\ud800")
    ids, raw, half = _lines(capsys)
    assert (ids["id"], ids["at"]) == (str(some_id), "2026-01-02T00:00:00Z")
    assert "Path" in ids["thing"]
    assert raw["raw"] == repr(b"\xff\x00")
    assert half["text"] == "\ud800"


def test_an_exception_has_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("api", log_format="json", level="info")
    try:
        raise LookupError("nothing there")
    except LookupError:
        structlog.get_logger().exception("ours")
        logging.getLogger("somebody").exception("theirs")
    for line in _lines(capsys):
        assert line["level"] == "error"
        assert "LookupError: nothing there" in line["exception"]


class _Full:
    """A disk without any room."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")

    def isatty(self) -> bool:
        return False


def test_a_full_disk_stops_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    full = _Full()
    monkeypatch.setattr(sys, "stderr", full)
    configure_logging("api", log_format="json", level="info")
    with pytest.raises(OSError, match="No space"):
        full.write("")
    structlog.get_logger().info("ours")
