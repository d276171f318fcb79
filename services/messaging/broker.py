"""The FastStream broker that services consume with, with the settings that were found to matter.

It publishes nothing: what a service has to say goes through the outbox.
"""

import os
from typing import TypeVar

import structlog
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker
from faststream.nats.security import NatsCredentials
from nats.js import JetStreamContext

from contracts.subjects import StreamSpec
from runtime.nats import (
    CONNECT_TIMEOUT_S,
    EXIT_CODE_CLOSED,
    MAX_OUTSTANDING_PINGS,
    PING_INTERVAL_S,
)
from runtime.settings import NatsSettings

log = structlog.get_logger()

M = TypeVar("M")

RECONNECT_WAIT_S = 1
PING_TIMEOUT_S = 1.0


class ServiceBroker:
    """A broker whose unexpected end ends the process, so that its supervisor starts it afresh.

    Without that, FastStream's consumer spins on a closed connection and freezes the loop.
    """

    def __init__(self, settings: NatsSettings, *, name: str) -> None:
        self._is_stopping = False
        self.broker = NatsBroker(
            settings.nats_url.split(","),
            name=name,
            security=NatsCredentials.from_file(settings.nats_creds),
            max_reconnect_attempts=-1,
            connect_timeout=int(CONNECT_TIMEOUT_S),
            reconnect_time_wait=RECONNECT_WAIT_S,
            ping_interval=PING_INTERVAL_S,
            max_outstanding_pings=MAX_OUTSTANDING_PINGS,
            pending_size=0,
            ack_policy=AckPolicy.MANUAL,
            # Its injection takes a thread for each message; handlers take the message as it is.
            apply_types=False,
            closed_cb=self._closed,
            logger=None,
        )

    async def _closed(self) -> None:
        if not self._is_stopping:
            log.error("broker_connection_closed")
            os._exit(EXIT_CODE_CLOSED)

    def jetstream(self) -> JetStreamContext:
        """Return JetStream on the started connection, to ask about streams."""
        return self.broker.connection.jetstream()

    async def check(self) -> None:
        """Raise unless the broker answers."""
        if not await self.broker.ping(timeout=PING_TIMEOUT_S):
            raise ConnectionError("not connected")

    async def stop(self) -> None:
        """End the consumers and the connection; what was not acked comes again."""
        self._is_stopping = True
        await self.broker.stop()


def bound(stream: StreamSpec) -> JStream:
    """Return the stream for a subscriber that binds to it and declares nothing."""
    return JStream(stream.name, declare=False)


async def as_it_is(message: M) -> M:
    """Decode nothing: the handler gets the message itself, whose bytes it reads."""
    return message
