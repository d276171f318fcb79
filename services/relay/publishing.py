"""From the outbox to JetStream: at least once, in order, marked after the PubAck."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import structlog
from nats.errors import BadSubjectError, MaxPayloadError
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import APIError

from contracts.subjects import COMMANDS, JOBS, kind_of_subject
from runtime.tracing.steps import StepKind, about_in, cause_in, message_headers, step
from services.relay.metrics import PUBLISHED
from services.relay.outbox import BATCH, Message, mark_published, unpublished

log = structlog.get_logger()

ACK_TIMEOUT_S = 5.0
IN_FLIGHT = 64
_OTHER_STREAM = 10060
"""JetStream's error code for a subject that belongs to another stream than the expected one."""


class PublishFailed(Exception):
    """The broker did not confirm a message; it is still in the outbox."""


class Publisher:
    """Publishes what waits in the outbox.

    A message that no stream can ever take (too large, say) stays there unpublished, told once
    in the log; it holds nothing up.
    """

    def __init__(self, connection: asyncpg.Connection, js: JetStreamContext) -> None:
        self._connection, self._js = connection, js
        self._stuck: set[UUID] = set()

    async def publish_waiting(self) -> int:
        """Publish what waits and return how many; raise PublishFailed when the broker fails.

        What was confirmed before the failure is marked all the same. A message that was
        published but not marked is published again with the same Msg-Id: the stream drops it.
        """
        total = 0
        while True:
            batch = await unpublished(self._connection, except_ids=self._stuck)
            for start in range(0, len(batch), IN_FLIGHT):
                total += await self._publish(batch[start : start + IN_FLIGHT])
            if len(batch) < BATCH:
                # What came meanwhile has been told: whoever asked is woken again.
                return total

    async def _publish(self, messages: Sequence[Message]) -> int:
        outcomes = await asyncio.gather(
            *(self._publish_one(message) for message in messages), return_exceptions=True
        )
        confirmed: list[UUID] = []
        failures: list[BaseException] = []
        for message, outcome in zip(messages, outcomes, strict=True):
            if outcome is None:
                confirmed.append(message.id)
            elif _is_its_own_fault(outcome):
                log.error("outbox_message_stuck", message_id=message.id, error=repr(outcome))
                self._stuck.add(message.id)
            else:
                failures.append(outcome)
        if confirmed:
            await mark_published(self._connection, confirmed)
        for failure in failures:
            if not isinstance(failure, NatsError | TimeoutError | OSError):
                raise failure
        if failures:
            log.warning("outbox_publish_failed", count=len(failures), error=repr(failures[0]))
            raise PublishFailed
        return len(confirmed)

    async def _publish_one(self, message: Message) -> None:
        correlation_id = about_in(message.headers)
        with step(
            f"relay {kind_of_subject(message.subject)}",
            kind=StepKind.PRODUCER,
            about=correlation_id,
            cause=cause_in(message.headers),
        ):
            told = message_headers(correlation_id) if correlation_id else {}
            ack = await self._js.publish(
                message.subject,
                message.body,
                stream=stream_of(message.subject),
                timeout=ACK_TIMEOUT_S,
                headers={Header.MSG_ID: str(message.id), **message.headers, **told},
            )
            log.info("message_published", subject=message.subject, duplicate=bool(ack.duplicate))
        PUBLISHED.labels(duplicate="true" if ack.duplicate else "false").inc()


def stream_of(subject: str) -> str:
    """Return the stream that must take a message: never another one that matches by mistake."""
    is_command = subject.startswith(COMMANDS.subjects[0].split(".", 1)[0] + ".")
    return COMMANDS.name if is_command else JOBS.name


def _is_its_own_fault(outcome: BaseException) -> bool:
    if isinstance(outcome, APIError):
        return outcome.err_code == _OTHER_STREAM
    return isinstance(outcome, BadSubjectError | MaxPayloadError)
