"""The connection to the broker, with the settings that were found to matter."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from nats.aio.client import Client

log = structlog.get_logger()

CONNECT_TIMEOUT_S = 5.0
PING_INTERVAL_S = 5
"""With two outstanding pings a half-open connection is found in 15 s."""
MAX_OUTSTANDING_PINGS = 2
RECONNECT_WAIT_S = 0.25
DRAIN_TIMEOUT_S = 5
EXIT_CODE_CLOSED = 70

_OPTIONS: dict[str, Any] = {
    "allow_reconnect": True,
    "connect_timeout": CONNECT_TIMEOUT_S,
    "drain_timeout": DRAIN_TIMEOUT_S,
    "max_outstanding_pings": MAX_OUTSTANDING_PINGS,
    "max_reconnect_attempts": -1,
    "pending_size": 0,
    "ping_interval": PING_INTERVAL_S,
    "reconnect_time_wait": RECONNECT_WAIT_S,
}

_REFUSALS = ("authorization violation", "authentication")
"""The broker's words for credentials that it doesn't take; the library retries and tells."""

Hook = Callable[[], Awaitable[None]]


async def _ignore() -> None:
    return None


class _Connection(Client):
    """A client that knows whether it was closed on purpose."""

    is_closing = False

    async def close(self) -> None:
        self.is_closing = True
        await super().close()


@dataclass
class _Hooks:
    """What is told and done when the connection changes."""

    client: _Connection
    on_disconnect: Hook
    on_reconnect: Hook
    on_refused: Hook
    exit_when_closed: bool
    last_error: str = ""

    async def disconnected(self) -> None:
        if not self.client.is_closing:
            log.warning("broker_disconnected")
            await self.on_disconnect()

    async def reconnected(self) -> None:
        self.last_error = ""
        log.info("broker_reconnected")
        await self.on_reconnect()

    async def closed(self) -> None:
        if self.exit_when_closed and not self.client.is_closing:
            log.error("broker_connection_closed")
            os._exit(EXIT_CODE_CLOSED)

    async def failed(self, exc: Exception) -> None:
        # A broker that is away fails each attempt alike: only the first is a warning.
        error = f"{type(exc).__name__}: {exc}"
        tell = log.debug if error == self.last_error else log.warning
        self.last_error = error
        tell("broker_error", error=error)
        if any(words in error.lower() for words in _REFUSALS):
            await self.on_refused()


async def connect_nats(
    url: str,
    creds: Path,
    *,
    name: str,
    inbox_prefix: str = "_INBOX",
    on_disconnect: Hook = _ignore,
    on_reconnect: Hook = _ignore,
    on_refused: Hook = _ignore,
    exit_when_closed: bool = True,
) -> Client:
    """Return a connection that reconnects for ever and buffers nothing while it is away.

    url: the address of a broker, or those of a cluster's with commas between them.
    A connection that is closed for good (revoked credentials, say) ends the process with
    EXIT_CODE_CLOSED, so that its supervisor starts it afresh: libraries on top are known to
    spin or hang on a closed connection.
    Raises nats.errors.Error or OSError when the first attempt fails.
    """
    client = _Connection()
    hooks = _Hooks(client, on_disconnect, on_reconnect, on_refused, exit_when_closed)
    await client.connect(
        url.split(","),
        name=name,
        user_credentials=str(creds),
        inbox_prefix=inbox_prefix.encode(),
        disconnected_cb=hooks.disconnected,
        reconnected_cb=hooks.reconnected,
        closed_cb=hooks.closed,
        error_cb=hooks.failed,
        **_OPTIONS,
    )
    return client
