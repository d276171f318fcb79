"""Running one transaction from the command line."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel.ext.asyncio.session import AsyncSession

from runtime.settings import DatabaseSettings
from services.cli.failure import CliError
from services.db.engine import make_engine, make_sessions

T = TypeVar("T")


def in_transaction(act: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Return what `act` returns, once its transaction has committed."""

    async def run() -> T:
        engine = make_engine(DatabaseSettings(), pool_size=1)
        try:
            async with make_sessions(engine)() as session, session.begin():
                return await act(session)
        finally:
            await engine.dispose()

    try:
        return asyncio.run(run())
    except (OSError, OperationalError) as exc:
        raise CliError("the database does not answer; is it running?") from exc
    except DBAPIError as exc:
        raise CliError(f"the database refused: {exc.orig}; was `layerline migrate` run?") from exc
