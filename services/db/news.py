"""Notifications of the database, for whoever waits for one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import structlog
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from runtime.backoff import backoff
from runtime.settings import DatabaseSettings
from services.db.database import Transaction, transaction_of
from services.db.engine import CONNECTION_BROKEN, connect
from services.db.prepared import Prepared

log = structlog.get_logger()

CHECK_S = 15.0
"""How often the listening connection is asked whether it lives."""
_LOST = (OSError, TimeoutError, asyncpg.PostgresError, *CONNECTION_BROKEN)

_TELL = Prepared(text("SELECT pg_notify(:channel, :payload)"))


async def tell(into: AsyncSession | Transaction, channel: str, payload: str = "") -> None:
    """Wake who listens on a channel, once this transaction has committed."""
    await transaction_of(into).execute(_TELL, channel=channel, payload=payload)


class News:
    """Wakes waiters when a channel is notified, and when the connection came back."""

    def __init__(self, settings: DatabaseSettings, *channels: str) -> None:
        self._settings, self._channels = settings, channels
        self._waiters: set[asyncio.Event] = set()

    @contextmanager
    def heard(self) -> Iterator[asyncio.Event]:
        """Yield an event that is set at each notification; whoever waits clears it."""
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        try:
            yield waiter
        finally:
            self._waiters.discard(waiter)

    async def run(self) -> None:
        """Listen until cancelled; reconnect when the database was away."""
        waits = backoff(initial_s=0.2, max_s=5)
        while True:
            try:
                connection = await connect(self._settings)
                try:
                    for channel in self._channels:
                        await connection.add_listener(channel, lambda *_: self._wake())
                    self._wake()
                    waits = backoff(initial_s=0.2, max_s=5)
                    while True:
                        await asyncio.sleep(CHECK_S)
                        await connection.execute("SELECT 1")
                finally:
                    connection.terminate()
            except _LOST as exc:
                log.warning("news_connection_lost", error=f"{type(exc).__name__}: {exc}")
            await asyncio.sleep(next(waits))

    def _wake(self) -> None:
        for waiter in self._waiters:
            waiter.set()
