"""Engines and pools; importing this connects nothing."""

import asyncpg
from pydantic_core import from_json
from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import AdaptedConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from runtime.settings import DatabaseSettings
from services.db.tables import all as tables

POOL_SIZE = 8
POOL_TIMEOUT_S = 3.0
CONNECT_TIMEOUT_S = 5.0
COMMAND_TIMEOUT_S = 15.0
LONG_COMMAND_TIMEOUT_S = 60.0
SILENT_S = 20.0
"""A connection that stops in a transaction, or holds a lock, and says nothing for so long is ended
by the database: a link that died without a word would keep the locks for hours."""

Sessions = async_sessionmaker[AsyncSession]

DATABASE_AWAY = (DBAPIError, PoolTimeoutError, OSError)
"""What a call raises while the database is away: worth another try later."""
CONNECTION_BROKEN = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg itself raises of a connection that is closed, or that was just told to end."""


def sqlalchemy_url(database_url: str) -> str:
    """Return the URL with the driver that SQLAlchemy is to use, and its word for `sslmode`."""
    return "postgresql+asyncpg://" + database_url.split("://", 1)[1].replace("sslmode=", "ssl=")


def make_engine(settings: DatabaseSettings, *, pool_size: int = POOL_SIZE) -> AsyncEngine:
    """Return an engine that hands out no connection that is known to be lost."""
    if not tables.METADATA.tables:
        raise RuntimeError("no table is known")  # a process that names one needs them all
    engine = create_async_engine(
        sqlalchemy_url(str(settings.database_url)),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=True,
        json_deserializer=from_json,
        connect_args={
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": COMMAND_TIMEOUT_S,
            "server_settings": given_up_when_silent(),
        },
    )
    event.listen(engine.sync_engine, "checkout", _must_be_open)
    return engine


def _must_be_open(
    connection: AdaptedConnection, _record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """Have the pool make another connection for one whose end has been heard.

    SQLAlchemy's own ping asks the database: three more ways there and back for each transaction.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Return a factory of sessions that keep loaded rows usable after the commit."""
    return async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


async def connect(settings: DatabaseSettings, *, holds_lock: bool = False) -> asyncpg.Connection:
    """Return one asyncpg connection, for LISTEN and advisory locks.

    holds_lock: the database ends it when it asks nothing for SILENT_S.
    """
    return await asyncpg.connect(
        str(settings.database_url),
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        server_settings=given_up_when_silent(holds_lock=holds_lock),
    )


async def connect_for_long(settings: DatabaseSettings) -> asyncpg.Connection:
    """Return one for who reads or writes whole tables, and thinks in between."""
    return await asyncpg.connect(
        str(settings.database_url),
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=LONG_COMMAND_TIMEOUT_S,
    )


def given_up_when_silent(*, holds_lock: bool = False) -> dict[str, str]:
    """Return the session settings with which the database notices that the other side is gone."""
    limit = f"{SILENT_S * 1000:.0f}ms"
    given_up = {"idle_in_transaction_session_timeout": limit, "tcp_user_timeout": limit}
    return {**given_up, "idle_session_timeout": limit} if holds_lock else given_up


async def ping(engine: AsyncEngine) -> None:
    """Raise unless the database answers."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
