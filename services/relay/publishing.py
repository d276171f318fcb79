"""From the outbox to JetStream: at least once, in order, marked after the PubAck."""

import asyncio

import asyncpg
import structlog
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import Header

from services.relay.outbox import Message, mark_published, unpublished

log = structlog.get_logger()

ACK_TIMEOUT_S = 5.0
IN_FLIGHT = 64


class PublishFailed(Exception):
    """The broker did not confirm a message; it is still in the outbox."""


async def publish_waiting(connection: asyncpg.Connection, js: JetStreamContext) -> int:
    """Publish what waits and return how many; raise PublishFailed when the broker fails.

    What was confirmed before the failure is marked all the same. A message that was published
    but not marked is published again with the same Msg-Id: the stream drops it.
    """
    total = 0
    while batch := await unpublished(connection):
        confirmed: list[Message] = []
        try:
            for start in range(0, len(batch), IN_FLIGHT):
                slice_ = batch[start : start + IN_FLIGHT]
                confirmed += await _publish(js, slice_)
                if len(confirmed) < start + len(slice_):
                    raise PublishFailed
        finally:
            if confirmed:
                await mark_published(connection, [message.id for message in confirmed])
                total += len(confirmed)
    return total


async def _publish(js: JetStreamContext, messages: list[Message]) -> list[Message]:
    """Return the messages that were confirmed, up to the first that was not."""
    outcomes = await asyncio.gather(
        *(
            js.publish(
                message.subject,
                message.body,
                timeout=ACK_TIMEOUT_S,
                headers={Header.MSG_ID: str(message.id)},
            )
            for message in messages
        ),
        return_exceptions=True,
    )
    confirmed: list[Message] = []
    for message, outcome in zip(messages, outcomes, strict=True):
        if isinstance(outcome, NatsError | TimeoutError | OSError):
            log.warning("outbox_publish_failed", message_id=message.id, error=repr(outcome))
            break
        if isinstance(outcome, BaseException):
            raise outcome
        confirmed.append(message)
    return confirmed
