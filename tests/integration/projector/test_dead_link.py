"""A link to the database that died without a word: what was locked over it is free again soon."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text

from runtime.settings import DatabaseSettings
from services.db import engine as engines
from services.db.engine import COMMAND_TIMEOUT_S, make_engine
from services.projector.writing import Writer
from services.relay.outbox import take_lock
from tests.chaos.proxies import Link, Weather
from tests.eventually import eventually
from tests.integration.projector.conftest import settings_of

NOTICED_S = 0.5


@dataclass
class DeadEnd:
    """A database behind a link that can die."""

    link: Link
    settings: DatabaseSettings

    def die(self) -> None:
        """Have no connection of now carry anything any more; later ones are as good as ever."""
        self.link.set(Weather.DEAD)
        self.link.set(Weather.FAIR)


@pytest_asyncio.fixture
async def dead_end(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DeadEnd]:
    monkeypatch.setattr(engines, "SILENT_S", NOTICED_S)
    url = urlsplit(database_url)
    link = Link("postgres")
    link.target = (url.hostname or "", url.port or 0)
    await link.open()
    behind = urlunsplit(url._replace(netloc=url.netloc.replace(f":{url.port}", f":{link.port}")))
    try:
        yield DeadEnd(link, settings_of(behind))
    finally:
        await link.close()


async def test_projector_gets_its_lock_back(
    dead_end: DeadEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.projector.writing.CHECK_EVERY_S", NOTICED_S / 4)
    monkeypatch.setattr(engines, "COMMAND_TIMEOUT_S", NOTICED_S)
    writer = Writer(dead_end.settings)
    holding = asyncio.create_task(writer.hold())
    try:
        await writer.is_first.wait()
        await writer.check()
        dead_end.die()
        with pytest.raises(TimeoutError):
            await writer.check()

        async def has_it() -> bool:
            try:
                await writer.check()
            except (ConnectionError, TimeoutError):
                return False
            return True

        await eventually(has_it, within_s=10)
        assert not holding.done()
    finally:
        holding.cancel()
        await asyncio.wait([holding])


async def test_relay_that_hears_nothing_any_more_makes_room_for_the_next(
    dead_end: DeadEnd, database_url: str
) -> None:
    lost = await engines.connect(dead_end.settings, holds_lock=True)
    other = await asyncpg.connect(database_url)
    try:
        assert await take_lock(lost)
        assert not await take_lock(other)
        dead_end.die()

        async def is_free() -> bool:
            return await take_lock(other)

        await eventually(is_free, within_s=10)
    finally:
        lost.terminate()
        await other.close()


async def test_rows_of_a_transaction_that_died_are_free_for_others(
    dead_end: DeadEnd, database_url: str
) -> None:
    pool = make_engine(dead_end.settings, pool_size=1)
    other = await asyncpg.connect(database_url)
    try:
        async with pool.connect() as connection:
            await connection.execute(text("LOCK TABLE queue IN ACCESS EXCLUSIVE MODE"))
            dead_end.die()
            names = await other.fetch("SELECT name FROM queue", timeout=COMMAND_TIMEOUT_S)
            assert [row["name"] for row in names] == ["main"]
            await connection.invalidate()
    finally:
        await other.close()
        await pool.dispose()
