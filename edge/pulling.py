"""One long-lived pull on a durable consumer that somebody else made.

A pull is never cancelled: a cancelled one lives on at the broker and takes the next message
away. It isn't sent again by a reconnect either, so the reconnect hook calls `ask`. Only
publishing to MSG.NEXT and the own inbox are needed, nothing of the rest of the API.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts.subjects import PULL_S
from runtime.backoff import backoff

log = structlog.get_logger()

LATE_S = 10.0
RETRY_INITIAL_S = 1.0
RETRY_MAX_S = 5.0
"""A consumer that was lost is made again by the warden within seconds."""
Handler = Callable[[Msg], Awaitable[None]]

_HEARTBEAT, _NO_MESSAGES, _EXPIRED = "100", "404", "408"


class PullLoop:
    """Hands the consumer's messages to `handle`, one after the other."""

    def __init__(self, client: Client, stream: str, consumer: str, handle: Handler) -> None:
        self._client = client
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = client.new_inbox()
        self._handle = handle

    async def run(self) -> None:
        """Pull for ever."""
        subscription = await self._client.subscribe(self._inbox)
        waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
        await self.ask()
        while True:
            try:
                message = await subscription.next_msg(timeout=PULL_S + LATE_S)
            except nats.errors.TimeoutError:
                await self.ask()
                continue
            status = (message.headers or {}).get("Status")
            if status == _HEARTBEAT:
                continue
            if status is None:
                await self._handle(message)
                waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
            elif status not in {_NO_MESSAGES, _EXPIRED}:
                text = (message.headers or {}).get("Description", "")
                log.warning("pull_refused", subject=self._subject, status=status, text=text)
                await asyncio.sleep(next(waits))
            await self.ask()

    async def ask(self) -> None:
        """Ask for the next message; while there is no connection, the reconnect hook asks."""
        request = {"batch": 1, "expires": int(PULL_S * 1e9)}
        try:
            await self._client.publish(self._subject, json.dumps(request).encode(), self._inbox)
        except nats.errors.Error as exc:
            log.debug("pull_not_asked", reason=type(exc).__name__)
