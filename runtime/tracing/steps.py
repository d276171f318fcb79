"""Steps of work: what each is about, and which step it continues.

A step learns what it is about while it goes on: a request when its transaction tells an event, a
claim from its answer. What it is about is a correlation id, and that id is the trace's id too: so
whoever knows an event can find the trace, no process has to keep anything for it, and a step is
told once it is over. A step about several things is in several traces, one about nothing in none.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID, uuid4

from structlog.types import EventDict, WrappedLogger

from contracts.headers import CORRELATION_ID, TRACEPARENT


class StepKind(StrEnum):
    """How a step stands to others, in the words of OpenTelemetry."""

    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


@dataclass
class Step:
    """One piece of work of one process."""

    name: str
    kind: StepKind
    span_id: str
    own: UUID | None
    """What it is about while nothing better is known."""
    cause: str | None
    """A traceparent; counts in the trace that it names."""
    continues: UUID | None
    """By what the step is known that this one continues, whichever trace they are in."""
    outer: "Step | None"
    started_ns: int
    attributes: dict[str, str]
    about: dict[UUID, None] = field(default_factory=dict)
    """In the order in which it became known."""
    error: str | None = None

    @property
    def ids(self) -> tuple[UUID, ...]:
        """Return what it is about, as far as it is known."""
        around = self.outer.ids if self.outer else ()
        return tuple(self.about) or around or ((self.own,) if self.own else ())

    def traceparent(self, correlation_id: UUID) -> str:
        """Return what a message about `correlation_id` says of this step."""
        return traceparent(correlation_id, self.span_id)

    def parent_in(self, correlation_id: UUID) -> str | None:
        """Return the span id of the step that this one continues in a trace."""
        trace_id, span_id = _parsed(self.cause)
        if trace_id == correlation_id.hex:
            return span_id
        if self.continues is not None:
            return span_id_of(self.continues)
        return self.outer.span_id if self.outer and correlation_id in self.outer.about else None


Tell = Callable[[Step], None]
_current: ContextVar[Step | None] = ContextVar("step", default=None)
_tell: Tell | None = None


def tell_steps(tell: Tell | None) -> None:
    """Have `tell` called with each step that is over; None: with none."""
    global _tell  # noqa: PLW0603 - set once, at the start of the process
    _tell = tell


def is_traced() -> bool:
    """Tell whether anybody hears of steps."""
    return _tell is not None


@contextmanager
def step(
    name: str,
    *,
    kind: StepKind = StepKind.INTERNAL,
    about: UUID | None = None,
    own: UUID | None = None,
    known_as: UUID | None = None,
    continues: UUID | None = None,
    cause: str | None = None,
    began_ns: int | None = None,
    **attributes: object,
) -> Iterator[Step]:
    """Make the block a step of work; where it learns of nothing, it is about what it is part of.

    own: what it is about while nothing better is known; that alone puts it into no trace.
    known_as: an id that others know too, so that their steps can continue this one.
    continues: what the step is known as that this one continues.
    cause: the traceparent of the message that brought it about.
    began_ns: when it really began, since the epoch; now if not given.
    """
    this = Step(
        name=name,
        kind=kind,
        span_id=span_id_of(known_as or uuid4()),
        own=own,
        cause=cause,
        continues=continues,
        outer=_current.get(),
        started_ns=began_ns or time.time_ns(),
        attributes={key: str(value) for key, value in attributes.items()},
    )
    token = _current.set(this)
    try:
        if about is not None:
            note_about(about)
        yield this
    except Exception as exc:
        this.error = f"{type(exc).__name__}: {exc}"
        raise
    finally:
        _current.reset(token)
        if not this.about and this.outer is not None:
            this.about = dict(this.outer.about)
        if _tell is not None and this.about:
            _tell(this)


def note_about(correlation_id: UUID) -> None:
    """Say what the current step, and those around it, are about."""
    this = _current.get()
    while this is not None and correlation_id not in this.about:
        this.about[correlation_id] = None
        this = this.outer


def message_headers(correlation_id: UUID) -> dict[str, str]:
    """Return what a message about `correlation_id` carries besides its body."""
    headers = {CORRELATION_ID: str(correlation_id)}
    this = _current.get()
    if this is not None and is_traced():
        headers[TRACEPARENT] = this.traceparent(correlation_id)
    return headers


def cause_in(headers: Mapping[str, str] | None) -> str | None:
    """Return the traceparent in a message's headers."""
    return (headers or {}).get(TRACEPARENT)


def about_in(headers: Mapping[str, str] | None) -> UUID | None:
    """Return the correlation id in a message's headers; None if there is none to be read."""
    try:
        return UUID((headers or {}).get(CORRELATION_ID, ""))
    except ValueError:
        return None


def traceparent(correlation_id: UUID, span_id: str) -> str:
    """Return a W3C traceparent of a sampled span."""
    return f"00-{correlation_id.hex}-{span_id}-01"


def span_id_of(known_as: UUID) -> str:
    """Return the span id of the step that others know by this random id."""
    return known_as.hex[:16]


def add_correlation(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Write into a log line what the current step is about (a structlog processor)."""
    this = _current.get()
    if this is not None and this.ids:
        ids = [str(correlation_id) for correlation_id in this.ids]
        event.setdefault("correlation_id", ids[0] if len(ids) == 1 else ids)
    return event


def _parsed(value: str | None) -> tuple[str, str]:
    """Return trace id and span id of a traceparent; empty when it is none."""
    parts = (value or "").split("-")
    if len(parts) != 4 or (len(parts[1]), len(parts[2])) != (32, 16):
        return "", ""
    return parts[1], parts[2]
