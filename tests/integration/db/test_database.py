"""Prepared statements: the same over a bare connection and in a session, whole or not at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from pydantic import PostgresDsn
from sqlalchemy import String, Uuid, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from runtime.settings import DatabaseSettings
from services.db.database import Database, Transaction, in_session, open_database
from services.db.engine import CONNECTION_BROKEN, make_engine, make_sessions
from services.db.prepared import Prepared, insertion, slot
from services.db.tables.bus import Outbox
from tests.eventually import eventually

Begin = Any
_OPEN = """
SELECT count(*)::int FROM pg_stat_activity
WHERE datname = current_database() AND xact_start IS NOT NULL
"""
"""The one that asks is one of them."""


@cache
def _put() -> Prepared:
    return insertion(Outbox, but={"seq"})


@cache
def _found() -> Prepared:
    columns = (col(Outbox.subject), col(Outbox.headers), col(Outbox.body), col(Outbox.created_at))
    return Prepared(select(*columns).where(col(Outbox.id) == slot("message_id", Uuid())))


@cache
def _place() -> Prepared:
    return Prepared(select(col(Outbox.seq)).where(col(Outbox.id) == slot("message_id", Uuid())))


@cache
def _renamed() -> Prepared:
    new = {"subject": slot("name", String()), "headers": slot("notes", JSONB())}
    this = col(Outbox.id) == slot("message_id", Uuid())
    return Prepared(update(Outbox).where(this).values(**new))


def _row(message_id: UUID) -> dict[str, object]:
    return {
        "id": message_id,
        "subject": "a.b",
        "headers": {"ö": [1, None]},
        "body": b"\x00\xff",
        "created_at": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        "published_at": None,
    }


@pytest.fixture
def settings(database_url: str) -> DatabaseSettings:
    """Where the database is."""
    return DatabaseSettings(database_url=PostgresDsn(database_url))


@pytest_asyncio.fixture
async def database(settings: DatabaseSettings) -> AsyncIterator[Database]:
    """The database, over one connection: whatever is left on it is met again."""
    async with open_database(settings, connections=1) as opened:
        yield opened


@pytest_asyncio.fixture(params=["bare", "session"])
async def begin(
    request: pytest.FixtureRequest, settings: DatabaseSettings, database: Database
) -> AsyncIterator[Begin]:
    """What begins a transaction, over a bare connection or in a session."""
    if request.param == "bare":
        yield database.begin
        return
    engine = make_engine(settings, pool_size=1)
    sessions = make_sessions(engine)

    @asynccontextmanager
    async def begin_in_session() -> AsyncIterator[Transaction]:
        async with sessions() as session, session.begin():
            yield in_session(session)

    yield begin_in_session
    await engine.dispose()


async def test_what_is_written_is_read_the_same(begin: Begin) -> None:
    message_id = uuid4()
    async with begin() as transaction:
        assert await transaction.execute(_put(), **_row(message_id)) == 1
        row = await transaction.fetchrow(_found(), message_id=message_id)
        (again,) = await transaction.fetch(_found(), message_id=message_id)
        assert await transaction.fetchrow(_found(), message_id=uuid4()) is None
        assert await transaction.fetch(_found(), message_id=uuid4()) == []
    wanted = _row(message_id)
    assert row is not None
    assert {name: row[name] for name in row.keys()} == {  # noqa: SIM118 - a row is no mapping
        name: wanted[name] for name in ("subject", "headers", "body", "created_at")
    }
    assert tuple(row.values()) == tuple(again.values())


async def test_a_change_says_how_many_rows_it_changed(begin: Begin) -> None:
    message_id = uuid4()
    async with begin() as transaction:
        await transaction.execute(_put(), **_row(message_id))
        change = {"name": "c.d", "notes": {"why": "so"}}
        # A value too many is nobody's: which slots a statement has may depend on its shape.
        assert await transaction.execute(_renamed(), message_id=message_id, more=1, **change) == 1
        assert await transaction.execute(_renamed(), message_id=uuid4(), **change) == 0
        row = await transaction.fetchrow(_found(), message_id=message_id)
    assert row is not None
    assert (row["subject"], row["headers"]) == ("c.d", {"why": "so"})


async def test_a_value_that_is_missing_is_no_null(begin: Begin) -> None:
    with pytest.raises(KeyError, match="notes"):
        async with begin() as transaction:
            await transaction.execute(_renamed(), message_id=uuid4(), name="c.d")


async def test_an_error_undoes_all_of_it(begin: Begin, database: Database) -> None:
    message_id = uuid4()

    async def fail() -> None:
        async with begin() as transaction:
            await transaction.execute(_put(), **_row(message_id))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await database.fetchrow(_found(), message_id=message_id) is None


async def test_what_is_to_be_written_is_there_for_the_next_question(begin: Begin) -> None:
    one, other = uuid4(), uuid4()
    async with begin() as transaction:
        await transaction.write(_put(), **_row(one))
        await transaction.write(_put(), **(_row(other) | {"subject": "c.d"}))
        first = await transaction.fetchrow(_found(), message_id=one)
        (second,) = await transaction.fetch(_found(), message_id=other)
    assert first is not None
    assert (first["subject"], second["subject"]) == ("a.b", "c.d")


async def test_what_is_to_be_written_is_written_by_the_commit(
    begin: Begin, database: Database
) -> None:
    message_ids = [uuid4() for _ in range(3)]
    async with begin() as transaction:
        for message_id in message_ids:
            await transaction.write(_put(), **_row(message_id))
    places = [await database.fetchrow(_place(), message_id=each) for each in message_ids]
    in_order = [row["seq"] for row in places if row is not None]
    assert len(in_order) == len(message_ids)
    assert in_order == sorted(in_order)


async def test_changes_go_as_one_statement_and_the_last_one_says_how_many(
    begin: Begin, database: Database
) -> None:
    known, new = uuid4(), uuid4()
    async with begin() as transaction:
        await transaction.execute(_put(), **_row(known))
    change = {"name": "c.d", "notes": {"$1": "no place for a value"}}
    async with begin() as transaction:
        await transaction.write(_put(), **_row(new))
        assert await transaction.execute(_renamed(), message_id=known, **change) == 1
    async with begin() as transaction:
        await transaction.write(_put(), **_row(uuid4()))
        assert await transaction.execute(_renamed(), message_id=uuid4(), **change) == 0
    rows = [await database.fetchrow(_found(), message_id=each) for each in (known, new)]
    assert [(row["subject"], row["headers"]) for row in rows if row is not None] == [
        ("c.d", {"$1": "no place for a value"}),
        ("a.b", {"ö": [1, None]}),
    ]


async def test_a_change_of_a_kind_that_waits_sees_what_was_written_before(begin: Begin) -> None:
    message_id = uuid4()
    change = {"notes": {}, "message_id": message_id}
    async with begin() as transaction:
        await transaction.execute(_put(), **_row(message_id))
        await transaction.write(_renamed(), name="first", **change)
        await transaction.write(_renamed(), name="second", **change)
        assert await transaction.execute(_renamed(), name="third", **change) == 1
        row = await transaction.fetchrow(_found(), message_id=message_id)
    assert row is not None
    assert row["subject"] == "third"


async def test_a_fault_of_what_was_to_be_written_undoes_all_of_it(
    begin: Begin, database: Database
) -> None:
    one, twice = uuid4(), uuid4()

    async def write() -> None:
        async with begin() as transaction:
            for message_id in (one, twice, twice):
                await transaction.write(_put(), **_row(message_id))

    with pytest.raises((asyncpg.UniqueViolationError, IntegrityError)):
        await write()
    for message_id in (one, twice):
        assert await database.fetchrow(_found(), message_id=message_id) is None


async def test_nothing_of_a_transaction_is_seen_before_its_commit(
    database: Database, database_url: str
) -> None:
    message_id = uuid4()
    outside = await asyncpg.connect(database_url)
    seen = "SELECT count(*) FROM outbox WHERE id = $1"
    try:
        async with database.begin() as transaction:
            await transaction.execute(_put(), **_row(message_id))
            assert await outside.fetchval(seen, message_id) == 0
        assert await outside.fetchval(seen, message_id) == 1
    finally:
        await outside.close()


async def test_who_is_cancelled_leaves_no_transaction_open(
    database: Database, database_url: str
) -> None:
    message_id, is_waiting = uuid4(), asyncio.Event()
    outside = await asyncpg.connect(database_url)
    sleep = Prepared(text("SELECT pg_sleep(30)"))

    async def write_and_wait() -> None:
        async with database.begin() as transaction:
            await transaction.execute(_put(), **_row(message_id))
            is_waiting.set()
            await transaction.fetchrow(sleep)

    async def only_ours() -> bool:
        transactions: int = await outside.fetchval(_OPEN)
        return transactions == 1

    try:
        writing = asyncio.create_task(write_and_wait())
        await is_waiting.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert await database.fetchrow(_found(), message_id=message_id) is None
        assert await eventually(only_ours)
    finally:
        await outside.close()


async def test_a_connection_that_the_database_ended_is_made_anew(
    database: Database, database_url: str
) -> None:
    assert await database.fetch(_found(), message_id=uuid4()) == []
    outside = await asyncpg.connect(database_url)
    try:
        await outside.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await outside.close()

    async def answers() -> bool:
        try:
            return await database.fetch(_found(), message_id=uuid4()) == []
        except (asyncpg.PostgresError, *CONNECTION_BROKEN, OSError):
            return False

    assert await eventually(answers)
