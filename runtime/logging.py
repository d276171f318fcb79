"""structlog for our own and for foreign records: one format, JSON unless a terminal reads it.

Our own don't take the standard library's way: its record, handler and second formatting cost four
times what the line does, and what is below the level costs nothing this way.
"""

import contextlib
import json
import logging
import sys
from typing import Any, Literal, TextIO, cast

import structlog
from pydantic_core import to_json
from structlog.types import EventDict, Processor, WrappedLogger

from runtime.tracing.steps import add_correlation

_SECRET_WORDS = ("password", "secret", "token", "access_code", "cookie", "seed", "creds_text")


def _drop_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key in event:
        if any(word in key for word in _SECRET_WORDS):
            event[key] = "[redacted]"
    return event


class _Unfailing:
    """Writes to a stream; where nothing can be written (a full disk, say), the work goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def _as_json(event: EventDict, **_: Any) -> str:
    try:
        return to_json(event, fallback=repr).decode()
    except ValueError:  # half a character, say: a line that can't be written tells nothing
        return json.dumps(event, default=repr)


def configure_logging(
    process: str, *, log_format: Literal["auto", "json", "console"], level: str
) -> None:
    """Set up logging for this process; call it once, first thing."""
    as_console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    rendering: list[Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if as_console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_as_json)]
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_correlation,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _drop_secrets,
    ]
    structlog.configure(
        processors=[*shared, *rendering],
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Unfailing(sys.stderr))),
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    unwrapped = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[unwrapped, *rendering]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for chatty in ("botocore", "aiobotocore", "urllib3", "httpx", "httpcore", "nats"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)
