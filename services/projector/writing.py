"""The one connection that may write the projection: it holds the lock, so there is one writer."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg
import structlog

from runtime.backoff import backoff
from runtime.settings import DatabaseSettings
from services.db.engine import CONNECTION_BROKEN, connect

log = structlog.get_logger()

Connection: TypeAlias = asyncpg.Connection

LOCK_KEY = 0x70726F6A656374  # "project"
STANDBY_WAIT_S = 3600.0
RELOCK_WITHIN_S = 60.0
"""The database notices within SILENT_S that our lost connection is gone, and frees its lock."""
CHECK_EVERY_S = 5.0
"""More often than SILENT_S: the lock is kept by asking."""
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, *CONNECTION_BROKEN)
"""What the database's absence looks like."""


class DatabaseAway(ConnectionError):
    """There is no connection that holds the lock at the moment."""


class LockLost(Exception):
    """Another projector took over while our connection was away."""


class Writer:
    """Hands out the locked connection, for one transaction at a time."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()
        self._connection: Connection | None = None
        self._lost = asyncio.Event()
        self.is_first = asyncio.Event()
        """Set when the lock is held for the first time."""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Connection]:
        """Yield the connection; raise DatabaseAway when there is none."""
        async with self._turn:
            connection = self._connection
            if connection is None or connection.is_closed():
                self._lost.set()
                raise DatabaseAway("no connection that holds the lock")
            try:
                yield connection
            except (OSError, TimeoutError, *CONNECTION_BROKEN):
                # What became of the transaction is unknown: only a new connection is sure.
                connection.terminate()
                self._lost.set()
                raise

    async def check(self) -> None:
        """Raise unless the lock is held and the database answers."""
        async with self.turn() as connection:
            await connection.execute("SELECT 1")

    async def hold(self) -> None:
        """Keep the lock until cancelled; raise LockLost when another projector got it."""
        waits = backoff(initial_s=0.2, max_s=5)
        while True:
            try:
                connection = await connect(self._settings, holds_lock=True)
                try:
                    await self._take_lock(connection)
                    waits = backoff(initial_s=0.2, max_s=5)
                    await self._serve(connection)
                finally:
                    self._connection = None
                    connection.terminate()
            except AWAY as exc:
                log.warning("projector_database_lost", error=f"{type(exc).__name__}: {exc}")
            await asyncio.sleep(next(waits))

    async def _serve(self, connection: Connection) -> None:
        await connection.set_type_codec(
            "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
        )
        self._lost.clear()
        connection.add_termination_listener(lambda _: self._lost.set())
        self._connection = connection
        self.is_first.set()
        log.info("projector_active")
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(CHECK_EVERY_S):
                    await self._lost.wait()
            except TimeoutError:
                await self.check()

    async def _take_lock(self, connection: Connection) -> None:
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
            return
        log.info("projector_standing_by")
        is_standby = not self.is_first.is_set()
        try:
            await connection.execute(
                f"SELECT pg_advisory_lock({LOCK_KEY})",
                timeout=STANDBY_WAIT_S if is_standby else RELOCK_WITHIN_S,
            )
        except TimeoutError:
            if is_standby:
                raise
            raise LockLost("another projector is active") from None
