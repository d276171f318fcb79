"""Publishing facts in the order of their node_seq until the stream has taken them."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import NamedTuple, Protocol
from uuid import UUID

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import Header
from nats.js.client import NO_RESPONDERS_STATUS
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
"""So many facts at most may lie between the first that is not acknowledged and the last sent."""
REFILL = IN_FLIGHT // 2
"""Fewer are not worth a look into the journal, and a write, while others are under way."""
ACK_TIMEOUT_S = 5.0
RETRY_INITIAL_S = 0.5
RETRY_MAX_S = 15.0
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


class _Refused(Exception):
    """The broker's answer is no ack."""


class _Sent(NamedTuple):
    node_seq: int
    late_at: float
    """By the loop's clock."""


class FactPublisher:
    """Sends facts above a cursor; a fact sent twice has the same message id.

    The cursor passes what the stream has taken without a gap. When a fact is refused or its ack is
    late, everything above the cursor is sent again; an ack that comes later still counts, but none
    from before a rewind.
    """

    def __init__(self, client: Client, node: NodeName, facts: FactSource) -> None:
        self._client, self._node, self._facts = client, node, facts
        self._inbox = client.new_inbox()
        self._started, self._wake = asyncio.Event(), asyncio.Event()
        self._last_sent = 0
        self._under_way: dict[str, _Sent] = {}
        """By the subject that the ack comes on; in the order of node_seq."""
        self._rewinds = 0
        self._refusal: _Refused | None = None

    def rewind(self, watermark: int) -> None:
        """Send everything above the projector's watermark (again); starts the publisher."""
        self._rewinds += 1  # What was acknowledged before may have gone with the broker's store.
        self._send_again_above(watermark)
        self._started.set()
        self._wake.set()

    def wake(self) -> None:
        """Look for new facts now."""
        self._wake.set()

    async def run(self) -> None:
        """Publish for ever."""
        await self._started.wait()
        waits, passed = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S), self._cursor
        async with self._acks():
            while True:
                try:
                    await self._publish()
                except (_Refused, nats.errors.Error, TimeoutError) as exc:
                    if passed != self._cursor:
                        waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
                    passed = self._cursor
                    UNCONFIRMED.set(len(self._under_way))
                    log.info("fact_not_taken", node_seq=passed + 1, reason=repr(exc))
                    await self._pause(next(waits))
                    self._send_again_above(self._cursor)

    @property
    def _first(self) -> _Sent | None:
        """The first that is not acknowledged."""
        return next(iter(self._under_way.values()), None)

    @property
    def _cursor(self) -> int:
        return self._first.node_seq - 1 if self._first else self._last_sent

    @property
    def _room(self) -> int:
        return IN_FLIGHT - (self._last_sent - self._cursor)

    def _send_again_above(self, cursor: int) -> None:
        self._last_sent, self._refusal = cursor, None
        self._under_way.clear()

    @asynccontextmanager
    async def _acks(self) -> AsyncIterator[None]:
        acks = await self._client.subscribe(f"{self._inbox}.>", cb=self._take_ack)
        try:
            yield
        finally:
            with suppress(nats.errors.Error):
                await acks.unsubscribe()

    async def _publish(self) -> None:
        """Publish until a fact is refused or its ack is late, and raise that."""
        while True:
            self._wake.clear()
            if self._refusal is not None:
                raise self._refusal
            if self._client.is_connected and self._room >= REFILL:
                await self._send_more()
            UNCONFIRMED.set(len(self._under_way))
            async with asyncio.timeout_at(self._first.late_at if self._first else None):
                await self._wake.wait()

    async def _send_more(self) -> None:
        rewinds, late_at = self._rewinds, asyncio.get_running_loop().time() + ACK_TIMEOUT_S
        for fact in self._facts.facts_after(self._last_sent, self._room):
            ack_subject = f"{self._inbox}.{rewinds}.{fact.node_seq}"
            self._last_sent = fact.node_seq
            self._under_way[ack_subject] = _Sent(fact.node_seq, late_at)
            await self._send(fact, ack_subject)
            if rewinds != self._rewinds:
                return

    async def _send(self, fact: StoredFact, ack_subject: str) -> None:
        with _traced(fact) as headers:
            await self._client.publish(
                fact_subject(self._node, fact.type),
                fact.body,
                reply=ack_subject,
                headers={
                    Header.MSG_ID: str(fact.event_id),
                    Header.EXPECTED_STREAM: EDGE.name,
                    **headers,
                },
            )

    async def _take_ack(self, message: Msg) -> None:
        if message.subject not in self._under_way:
            return
        if refusal := _refusal(message):
            if self._refusal is None:
                self._refusal = refusal
                self._wake.set()
            return
        had_room = self._room >= REFILL
        del self._under_way[message.subject]
        if not self._under_way or (self._room >= REFILL and not had_room):
            self._wake.set()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()


def _refusal(message: Msg) -> _Refused | None:
    if (message.headers or {}).get(Header.STATUS) == NO_RESPONDERS_STATUS:
        return _Refused("no stream takes it")
    error = json.loads(message.data).get("error")
    return _Refused(error["description"]) if error else None


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
