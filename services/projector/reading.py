"""From the bytes of a message to a row of the log: one by one, so that a bad one harms no other."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.envelope import NodeFact
from contracts.events import AnyEvent, JobCancelled, parse_event
from contracts.ids import JournalId, NodeName, fact_id_of
from contracts.units import Instant

EDGE_PREFIX = "edge."
_MAX_BIGINT = 2**63 - 1
_NUL = b"\\u0000"
"""JSON may say it, Postgres can't store it."""


@dataclass(frozen=True, slots=True)
class Message:
    """What came off a stream."""

    subject: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A message as a row of the log; `event` is None when its details can't be read."""

    message: Message
    event_id: UUID
    type: str
    v: int
    occurred_at: datetime
    body: str
    event: AnyEvent | None
    problem: str | None = None
    node: str | None = None
    journal_id: UUID | None = None
    node_seq: int | None = None
    job_id: UUID | None = None
    run_id: UUID | None = None
    run_seq: int | None = None
    printer_id: UUID | None = None


class Unreadable(Exception):
    """The message can't become a row of the log; the text says why."""


class _Header(BaseModel):
    """Where a fact stands in its journal, also when the rest of it can't be read."""

    model_config = ConfigDict(extra="ignore")

    id: UUID
    type: Annotated[str, Field(max_length=40)]
    v: Annotated[int, Field(ge=1, le=1000)]
    occurred_at: Instant
    node: NodeName
    journal_id: UUID
    node_seq: Annotated[int, Field(ge=1, le=_MAX_BIGINT)]


def read(message: Message) -> Entry:
    """Return the row for a message; raise Unreadable."""
    body = message.body.replace(_NUL, b"")
    if message.subject.startswith(EDGE_PREFIX):
        return _read_fact(message, body)
    return _read_service_event(message, body)


def details_of(body: bytes) -> AnyEvent | None:
    """Return the fact in a body that is in the log, or None when its details can't be read."""
    return _details(body)[0]


def service_event_of(body: bytes) -> AnyEvent | None:
    """Return the service event in a body that is in the log, or None when it can't be read."""
    try:
        return parse_event(body)
    except ValidationError:
        return None


def is_fact(event: AnyEvent) -> bool:
    """Tell whether the event is a node's, with its place in a journal."""
    if isinstance(event, JobCancelled):
        return None not in (event.node, event.journal_id, event.node_seq, event.run_seq)
    return isinstance(event, NodeFact)


def _read_service_event(message: Message, body: bytes) -> Entry:
    try:
        event = parse_event(body)
    except ValidationError as exc:
        raise Unreadable(_words(exc)) from exc
    if is_fact(event):
        raise Unreadable(f"{event.type} is a node's fact, but came from a service")
    return Entry(
        message=message,
        event_id=event.id,
        type=event.type,
        v=event.v,
        occurred_at=event.occurred_at,
        body=body.decode(),
        event=event,
        job_id=getattr(event, "job_id", None),
        run_id=getattr(event, "run_id", None),
        printer_id=getattr(event, "printer_id", None),
    )


def _read_fact(message: Message, body: bytes) -> Entry:
    """Read a fact; one whose details are bad still has its place, so that no gap stays."""
    event, problem = _details(body)
    header = _header(body) if event is None else event
    node, journal_id, node_seq = _place_of(header)
    _, subject_node, kind = message.subject.split(".", 2)
    if node != subject_node:
        raise Unreadable(f"node {subject_node} speaks for node {node}")
    if header.type != kind:
        raise Unreadable(f"{header.type} came as {kind}")
    if header.id != fact_id_of(journal_id, node_seq):
        raise Unreadable("the id is not the one of this place in the journal")
    return Entry(
        message=message,
        event_id=header.id,
        type=header.type,
        v=header.v,
        occurred_at=header.occurred_at,
        body=body.decode(),
        event=event,
        problem=problem,
        node=node,
        journal_id=journal_id,
        node_seq=node_seq,
        job_id=getattr(event, "job_id", None),
        run_id=getattr(event, "run_id", None),
        run_seq=getattr(event, "run_seq", None),
        printer_id=getattr(event, "printer_id", None),
    )


def _header(body: bytes) -> _Header:
    try:
        return _Header.model_validate_json(body)
    except ValidationError as exc:
        raise Unreadable(_words(exc)) from exc


def _place_of(fact: AnyEvent | _Header) -> tuple[str, JournalId, int]:
    if isinstance(fact, _Header):
        return fact.node, JournalId(fact.journal_id), fact.node_seq
    if isinstance(fact, NodeFact | JobCancelled):
        node, journal_id, node_seq = fact.node, fact.journal_id, fact.node_seq
        if node is not None and journal_id is not None and node_seq is not None:
            return node, journal_id, node_seq
    raise Unreadable(f"{fact.type} has no place in a journal")


def _details(body: bytes) -> tuple[AnyEvent | None, str | None]:
    try:
        event = parse_event(body)
    except ValidationError as exc:
        return None, _words(exc)
    if not is_fact(event):
        return None, f"{event.type} is not a node's to say"
    return event, None


def _words(error: ValidationError) -> str:
    """Return what is wrong and where, without the values; no place means all of it."""
    faults = ((".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()[:5])
    return "; ".join(f"{place}: {what}" if place else what for place, what in faults)[:2000]
