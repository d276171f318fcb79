"""Questions that are asked with every request: written with SQLAlchemy, asked over bare asyncpg."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import asyncpg
from pydantic_core import from_json, to_json
from sqlalchemy import BindParameter, SelectBase, bindparam
from sqlalchemy.dialects.postgresql import asyncpg as driver
from sqlalchemy.types import TypeEngine

from runtime.settings import DatabaseSettings
from services.db.engine import COMMAND_TIMEOUT_S, CONNECT_TIMEOUT_S, POOL_TIMEOUT_S

READERS: Final = 4
"""Connections of a process for hot reads: on few cores more of them only wait for each other."""

_DIALECT = driver.dialect()  # type: ignore[no-untyped-call]


class Reader:
    """A small pool of autocommitting connections; an asyncpg error says that one is away."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def fetch(self, question: "Prepared", **values: object) -> Sequence[asyncpg.Record]:
        """Return the rows of the answer; `values` fill the question's bind parameters by name."""
        async with self._pool.acquire(timeout=POOL_TIMEOUT_S) as connection:
            rows = await connection.fetch(question.sql, *question.arguments(values))
        return cast("Sequence[asyncpg.Record]", rows)

    async def fetchrow(self, question: "Prepared", **values: object) -> asyncpg.Record | None:
        """Return the first row of the answer, or None."""
        async with self._pool.acquire(timeout=POOL_TIMEOUT_S) as connection:
            return await connection.fetchrow(question.sql, *question.arguments(values))


class Prepared:
    """A select as text, made once; asyncpg keeps it prepared on each connection."""

    def __init__(self, statement: SelectBase) -> None:
        compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        self.sql: Final = str(compiled)
        self._names: Sequence[str] = compiled.positiontup or ()
        slots = {name for name, bind in compiled.binds.items() if not bind.unique}
        self._fixed = {name: compiled.params[name] for name in self._names if name not in slots}

    def arguments(self, values: dict[str, object]) -> list[object]:
        """Return the values in the order of the placeholders; raise KeyError for one not given."""
        return [self._fixed[name] if name in self._fixed else values[name] for name in self._names]


def slot(name: str, kind: TypeEngine[Any]) -> BindParameter[Any]:
    """Return the place in a question that a value of this name fills."""
    return bindparam(name, None, type_=kind, required=False)


@asynccontextmanager
async def open_reader(settings: DatabaseSettings) -> AsyncIterator[Reader]:
    """Yield a reader; nothing is connected before the first question."""
    pool = await asyncpg.create_pool(
        str(settings.database_url),
        min_size=0,
        max_size=READERS,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        init=_read_json,
        reset=_keep,
    )
    try:
        yield Reader(pool)
    finally:
        pool.terminate()


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
    """Leave a connection as it is: a question changes nothing that the next one could see."""
