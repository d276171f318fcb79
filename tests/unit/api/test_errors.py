"""Which errors say that the database is away, so that the same request may be sent again."""

import asyncpg
import pytest
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError, ProgrammingError

from services.api.errors import is_database_away


def wrapped(error: Exception) -> DBAPIError:
    """Return the error as the engine raises it when no connection came about."""
    adapted = AsyncAdapt_asyncpg_dbapi.Error(str(error), error)  # type: ignore[no-untyped-call]
    return DBAPIError("SELECT 1", {}, adapted)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError("closed in the middle of operation"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.DiskFullError("no space left"),
        asyncpg.DeadlockDetectedError("deadlock"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_lost_busy_and_full_databases_are_away(error: Exception) -> None:
    assert is_database_away(error)
    assert is_database_away(wrapped(error))


def test_connection_that_was_just_told_to_end_is_away() -> None:
    error = asyncpg.InternalClientError("cannot switch to state 12")
    assert is_database_away(error)
    adapted = wrapped(error)
    assert adapted.orig is not None
    adapted.orig.__cause__ = error  # the engine raises it from the driver's
    assert is_database_away(adapted)


def test_bad_query_is_no_absence() -> None:
    error = asyncpg.UndefinedColumnError("no such column")
    assert not is_database_away(error)
    assert not is_database_away(wrapped(error))
    assert not is_database_away(ProgrammingError("SELECT x", {}, error))
