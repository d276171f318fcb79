"""A database with something to print, and the connection that a projector writes on."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest_asyncio
from pydantic import PostgresDsn

from contracts.events import AnyEvent
from runtime.clock import SystemClock
from runtime.settings import DatabaseSettings
from services.db.engine import make_engine, make_sessions
from services.projector.projecting import Outcome, project
from services.projector.projection import Waits
from services.projector.reading import Message
from tests.builders.facts import RunIds, messages_of
from tests.builders.rows import Workshop


@dataclass
class Projection:
    """Projects what tests give it and reads what became of it."""

    connection: asyncpg.Connection
    shop: Workshop

    async def take(self, events: Sequence[AnyEvent]) -> Outcome:
        """Project events as one batch."""
        return await self.take_messages(messages_of(events))

    async def take_messages(self, messages: Sequence[Message]) -> Outcome:
        """Project messages as one batch."""
        return await project(self.connection, messages, SystemClock(), Waits())

    async def run(self, run: RunIds) -> dict[str, Any]:
        """Return a run's row."""
        return dict(await self.connection.fetchrow("SELECT * FROM run WHERE id = $1", run.run_id))

    async def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(await self.connection.fetchval(f"SELECT count(*) FROM {table}"))

    async def watermark(self, journal_id: UUID) -> int | None:
        """Return how far a journal is folded."""
        seq: int | None = await self.connection.fetchval(
            "SELECT contiguous_seq FROM edge_watermark WHERE journal_id = $1", journal_id
        )
        return seq


def settings_of(database_url: str) -> DatabaseSettings:
    """Return the settings of a test's database."""
    return DatabaseSettings(database_url=PostgresDsn(database_url))


@pytest_asyncio.fixture
async def shop(database_url: str) -> AsyncIterator[Workshop]:
    """Rows that something can be printed with."""
    engine = make_engine(settings_of(database_url), pool_size=2)
    async with make_sessions(engine)() as session:
        yield await Workshop(session).open()
    await engine.dispose()


@pytest_asyncio.fixture
async def projection(database_url: str, shop: Workshop) -> AsyncIterator[Projection]:
    """The projection on a fresh database."""
    connection = await asyncpg.connect(database_url)
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )
    try:
        yield Projection(connection, shop)
    finally:
        await connection.close()


@pytest_asyncio.fixture
async def claimed(shop: Workshop) -> RunIds:
    """A run that a printer has just claimed."""
    return await shop.run(await shop.printer(), await shop.job())
