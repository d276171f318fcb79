"""The database for what happens all the time: prepared statements over bare asyncpg.

The object mapper costs several times what the statement does; the rest goes through sessions.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any, Final, Protocol

import asyncpg
from pydantic_core import from_json, to_json
from sqlalchemy import CursorResult
from sqlmodel.ext.asyncio.session import AsyncSession

from runtime.settings import DatabaseSettings
from services.db.engine import (
    COMMAND_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    POOL_TIMEOUT_S,
    given_up_when_silent,
)
from services.db.prepared import Prepared, together

CONNECTIONS: Final = 4
"""Of a process: on few cores more of them only wait for each other."""


class Row(Protocol):
    """A row: its columns by name, and all of them in their order."""

    def __getitem__(self, column: str, /) -> Any: ...
    def keys(self) -> Iterable[str]:
        """Return the names of the columns."""
        ...

    def values(self) -> Iterable[Any]:
        """Return what is in it, in the order of the columns."""
        ...


class Asker(Protocol):
    """Answers questions; `values` fill a statement's slots by name."""

    async def fetch(self, question: Prepared, **values: object) -> Sequence[Row]:
        """Return the rows of the answer."""
        ...

    async def fetchrow(self, question: Prepared, **values: object) -> Row | None:
        """Return the first row of the answer, or None."""
        ...


class Transaction(Asker, Protocol):
    """Writes too; all of it counts once whoever began the transaction has committed it."""

    async def execute(self, change: Prepared, **values: object) -> int:
        """Return how many rows were changed."""
        ...

    async def write(self, change: Prepared, **values: object) -> None:
        """Have an insert or update made before the next question, with the next change or commit.

        What is written in one go doesn't see each other; of one kind it keeps its order.
        """
        ...


class Database:
    """A small pool; what it is asked outside of a transaction sees what is committed.

    An asyncpg error says that the database is away.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def fetch(self, question: Prepared, **values: object) -> Sequence[Row]:
        """Return the rows of the answer."""
        async with self._pool.acquire(timeout=POOL_TIMEOUT_S) as connection:
            return await _Bare(connection).fetch(question, **values)

    async def fetchrow(self, question: Prepared, **values: object) -> Row | None:
        """Return the first row of the answer, or None."""
        async with self._pool.acquire(timeout=POOL_TIMEOUT_S) as connection:
            return await _Bare(connection).fetchrow(question, **values)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """Yield a transaction, committed at the end of the block and undone by an error in it."""
        async with (
            self._pool.acquire(timeout=POOL_TIMEOUT_S) as connection,
            connection.transaction(),
        ):
            bare = _Bare(connection)
            yield bare
            await bare.write_waiting()


@asynccontextmanager
async def open_database(
    settings: DatabaseSettings, *, connections: int = CONNECTIONS
) -> AsyncIterator[Database]:
    """Yield the database; nothing is connected before the first question."""
    pool = await asyncpg.create_pool(
        str(settings.database_url),
        min_size=0,
        max_size=connections,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        server_settings=given_up_when_silent(),
        init=_read_json,
        reset=_keep,
    )
    try:
        yield Database(pool)
    finally:
        pool.terminate()


def transaction_of(into: AsyncSession | Transaction) -> Transaction:
    """Return where to write, for who may have a session or not."""
    return in_session(into) if isinstance(into, AsyncSession) else into


def in_session(session: AsyncSession) -> Transaction:
    """Return the session's transaction for what is written for either."""
    return _InSession(session)


class _Bare:
    """On a connection of asyncpg's."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._waiting: list[tuple[Prepared, list[object]]] = []

    async def fetch(self, question: Prepared, **values: object) -> Sequence[Row]:
        await self.write_waiting()
        rows: Sequence[Row] = await self._connection.fetch(
            question.sql, *question.arguments(values)
        )
        return rows

    async def fetchrow(self, question: Prepared, **values: object) -> Row | None:
        await self.write_waiting()
        row: Row | None = await self._connection.fetchrow(question.sql, *question.arguments(values))
        return row

    async def execute(self, change: Prepared, **values: object) -> int:
        self._waiting.append((change, change.arguments(values)))
        if self._is_mixed():
            return await self._execute_all()
        *before, (change, arguments) = self._waiting
        self._waiting = before
        await self.write_waiting()
        return _count(await self._connection.execute(change.sql, *arguments))

    async def write(self, change: Prepared, **values: object) -> None:
        self._waiting.append((change, change.arguments(values)))

    async def write_waiting(self) -> None:
        """Make the changes that wait: together, or those of each kind together."""
        if not self._waiting:
            return
        if self._is_mixed():
            await self._execute_all()
            return
        kinds: dict[Prepared, list[list[object]]] = {}
        for change, arguments in self._waiting:
            kinds.setdefault(change, []).append(arguments)
        self._waiting = []
        for change, many in kinds.items():
            await self._connection.executemany(change.sql, many)

    def _is_mixed(self) -> bool:
        """Tell whether all that waits is of different kinds: that goes as one statement."""
        return len({change for change, _ in self._waiting}) == len(self._waiting)

    async def _execute_all(self) -> int:
        waiting, self._waiting = self._waiting, []
        changes = tuple(change for change, _ in waiting)
        values = chain.from_iterable(arguments for _, arguments in waiting)
        return _count(await self._connection.execute(together(changes), *values))


class _InSession:
    """On the connection that a session has in its transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def fetch(self, question: Prepared, **values: object) -> Sequence[Row]:
        return (await self._result(question, values)).mappings().all()

    async def fetchrow(self, question: Prepared, **values: object) -> Row | None:
        return (await self._result(question, values)).mappings().first()

    async def execute(self, change: Prepared, **values: object) -> int:
        return (await self._result(change, values)).rowcount

    async def write(self, change: Prepared, **values: object) -> None:
        await self._result(change, values)

    async def _result(self, statement: Prepared, values: Mapping[str, object]) -> CursorResult[Any]:
        connection = await self._session.connection()
        return await connection.execute(statement.statement, statement.named(values))


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[-1])


async def _read_json(connection: asyncpg.Connection) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind,
            schema="pg_catalog",
            encoder=_as_json,
            decoder=from_json,
        )


def _as_json(value: object) -> str:
    return to_json(value).decode()


async def _keep(_: asyncpg.Connection) -> None:
    """Leave a connection as it is: nothing that the next one could see outlives a transaction."""
