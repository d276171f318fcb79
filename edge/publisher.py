"""Publishing facts in the order of their node_seq until the stream has taken them."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol
from uuid import UUID

import nats.errors
import structlog
from nats.aio.client import Client
from pydantic import BaseModel

from contracts.events import JobProgress
from contracts.ids import JournalId, NodeName
from contracts.subjects import EDGE, fact_subject
from edge.metrics import UNCONFIRMED
from edge.records import StoredFact
from runtime.backoff import backoff
from runtime.tracing.steps import StepKind, is_traced, message_headers, step

log = structlog.get_logger()

IN_FLIGHT = 64
ACK_TIMEOUT_S = 5.0
RETRY_INITIAL_S = 0.5
RETRY_MAX_S = 15.0
MESSAGE_ID = "Nats-Msg-Id"
_PROGRESS = JobProgress.model_fields["type"].default


class FactSource(Protocol):
    """The journal, as the link to the broker sees it."""

    @property
    def journal_id(self) -> JournalId:
        """Return this journal's random id."""
        ...

    def facts_after(self, node_seq: int, limit: int) -> list[StoredFact]:
        """Return up to `limit` facts above `node_seq`, in order."""
        ...

    def confirm(self, watermark: int) -> bool:
        """Take the projector's watermark; False: the journal is a new one now."""
        ...


class FactPublisher:
    """Sends facts above a cursor; a fact sent twice has the same message id."""

    def __init__(self, client: Client, node: NodeName, facts: FactSource) -> None:
        self._client, self._node, self._facts = client, node, facts
        self._js = client.jetstream()
        self._cursor: int | None = None
        self._wake = asyncio.Event()

    def rewind(self, watermark: int) -> None:
        """Send everything above the projector's watermark (again); starts the publisher."""
        self._cursor = watermark
        self._wake.set()

    def wake(self) -> None:
        """Look for new facts now."""
        self._wake.set()

    async def run(self) -> None:
        """Publish for ever."""
        waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
        while True:
            self._wake.clear()
            batch = self._batch()
            UNCONFIRMED.set(len(batch))
            if not batch:
                await self._wake.wait()
            elif await self._publish(batch):
                waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
            else:
                await self._pause(next(waits))

    def _batch(self) -> list[StoredFact]:
        if self._cursor is None or not self._client.is_connected:
            return []
        return self._facts.facts_after(self._cursor, IN_FLIGHT)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _publish(self, batch: list[StoredFact]) -> bool:
        """Return whether all were taken; the cursor passes those before the first that wasn't."""
        start = self._cursor
        taken = await asyncio.gather(*(self._publish_one(fact) for fact in batch))
        if self._cursor != start:
            return True  # rewound meanwhile
        for fact, is_taken in zip(batch, taken, strict=True):
            if not is_taken:
                return False
            self._cursor = fact.node_seq
        return True

    async def _publish_one(self, fact: StoredFact) -> bool:
        try:
            with _traced(fact) as headers:
                await self._js.publish(
                    fact_subject(self._node, fact.type),
                    fact.body,
                    timeout=ACK_TIMEOUT_S,
                    stream=EDGE.name,
                    headers={MESSAGE_ID: str(fact.event_id), **headers},
                )
        except (nats.errors.Error, TimeoutError) as exc:
            log.info("fact_not_taken", node_seq=fact.node_seq, reason=type(exc).__name__)
            return False
        return True


class _About(BaseModel):
    """What a fact is about."""

    correlation_id: UUID
    run_id: UUID | None = None
    command_id: UUID | None = None


@contextmanager
def _traced(fact: StoredFact) -> Iterator[Mapping[str, str]]:
    """Make the block the publishing step of a fact about a run or command; yield its headers.

    Mere progress is no step: there may be a hundred of it in a run.
    """
    is_step = is_traced() and fact.type != _PROGRESS
    about = _About.model_validate_json(fact.body) if is_step else None
    continues = (about.run_id or about.command_id) if about else None
    if about is None or continues is None:
        yield {}
        return
    with step(
        f"publish {fact.type}",
        kind=StepKind.PRODUCER,
        about=about.correlation_id,
        continues=continues,
    ):
        yield message_headers(about.correlation_id)
