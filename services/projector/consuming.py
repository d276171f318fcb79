"""From the two durable consumers into the projection: batches, acked after COMMIT, never termed."""

import asyncio
import time
from collections.abc import Sequence

import structlog
from faststream.nats import PullSub
from faststream.nats.message import NatsBatchMessage
from faststream.nats.subscriber.usecases import BatchPullStreamSubscriber
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError

from contracts.subjects import (
    EDGE,
    JOBS,
    PROJECTOR_EDGE,
    PROJECTOR_JOBS,
    StreamSpec,
    kind_of_subject,
)
from runtime.backoff import backoff
from runtime.clock import Clock
from runtime.tracing.steps import StepKind, about_in, cause_in, step
from services.messaging.broker import ServiceBroker, as_it_is, bound
from services.projector.deadlines import DeadlineWatch
from services.projector.projecting import project
from services.projector.projection import Waits
from services.projector.reading import Message
from services.projector.writing import AWAY, Writer

log = structlog.get_logger()

BATCH = 500
FETCH_TIMEOUT_S = 5.0
"""A pull is not sent again after a reconnect: the next one comes within this."""
REFETCH_S = 0.5
CONSUMERS: tuple[tuple[StreamSpec, str], ...] = ((JOBS, PROJECTOR_JOBS), (EDGE, PROJECTOR_EDGE))


class _PromptSubscriber(BatchPullStreamSubscriber):
    """Hands over what a fetch returned at once.

    FastStream 0.7.8 goes on fetching until the batch is full or the time is up, so that a lone
    event would wait for the whole FETCH_TIMEOUT_S; and it spins on a closed connection.
    """

    __slots__ = ()

    async def _consume_pull(self) -> None:
        while self.running and self.subscription is not None:
            try:
                messages = await self.subscription.fetch(BATCH, timeout=FETCH_TIMEOUT_S)
            except (TimeoutError, NatsTimeoutError):
                continue
            except NatsError as exc:
                log.warning("fetch_failed", error=f"{type(exc).__name__}: {exc}")
                await asyncio.sleep(REFETCH_S)
                continue
            if messages and self.running:
                await self.consume(messages)


class Consumption:
    """Takes batches of either stream, one transaction at a time."""

    def __init__(
        self, writer: Writer, deadlines: DeadlineWatch, clock: Clock, waits: Waits
    ) -> None:
        self._writer, self._deadlines = writer, deadlines
        self._clock, self._waits = clock, waits
        self._delays = backoff(initial_s=1, max_s=60)

    async def take(self, messages: Sequence[Msg]) -> None:
        """Project a batch and ack it; while the database is away have it delivered again."""
        batch = [Message(message.subject, message.data) for message in messages]
        began_ns = time.time_ns()
        try:
            async with self._writer.turn() as connection:
                outcome = await project(connection, batch, self._clock, self._waits)
        except AWAY as exc:
            log.warning("batch_postponed", size=len(batch), error=f"{type(exc).__name__}: {exc}")
            await self._give_back(messages)
        except Exception:
            log.exception("batch_failed", size=len(batch))
            await self._give_back(messages)
        else:
            self._delays = backoff(initial_s=1, max_s=60)
            if outcome.wakes_watch:
                self._deadlines.changed.set()
            for message in messages:
                _tell(message, began_ns)
            log.debug("batch_projected", size=len(batch), logged=outcome.logged, dead=outcome.dead)
            await _settle([message.ack() for message in messages])

    async def _give_back(self, messages: Sequence[Msg]) -> None:
        delay_s = next(self._delays)
        await _settle([message.nak(delay=delay_s) for message in messages])


def subscribe(service: ServiceBroker, consumption: Consumption) -> None:
    """Bind to the consumers that provisioning made; nothing is declared here."""
    for stream, durable in CONSUMERS:
        subscriber = service.broker.subscriber(
            stream.subjects[0],
            stream=bound(stream),
            durable=durable,
            pull_sub=PullSub(batch_size=BATCH, timeout=FETCH_TIMEOUT_S, batch=True),
            decoder=as_it_is,
        )
        subscriber.__class__ = _PromptSubscriber

        @subscriber
        async def take(message: NatsBatchMessage) -> None:
            await consumption.take(message.raw_message)


def _tell(message: Msg, began_ns: int) -> None:
    """Tell the step that a message was, if it comes from one that was told."""
    if (cause := cause_in(message.headers)) is None:
        return
    name, about = f"project {kind_of_subject(message.subject)}", about_in(message.headers)
    with step(name, kind=StepKind.CONSUMER, about=about, cause=cause, began_ns=began_ns):
        pass  # the batch was the work


async def _settle(answers: Sequence[object]) -> None:
    """Send acks or naks; one that is lost brings its message again, which is harmless."""
    for answer in answers:
        try:
            await answer  # type: ignore[misc]
        except NatsError as exc:
            log.warning("ack_not_sent", error=f"{type(exc).__name__}: {exc}")
