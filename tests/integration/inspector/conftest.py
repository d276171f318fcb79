"""A bench for every test of the inspector."""

from collections.abc import AsyncIterator

import pytest_asyncio
from pydantic import PostgresDsn, TypeAdapter

from deploy.local.engines.seaweedfs import SeaweedFS
from runtime.settings import DatabaseSettings
from services.db.engine import make_engine, make_sessions
from services.inspector.checking import Checker
from services.storage.bucket import open_bucket
from tests.integration.inspector.bench import Bench


@pytest_asyncio.fixture
async def bench(database_url: str, storage: SeaweedFS) -> AsyncIterator[Bench]:
    """A checker on the session's engines."""
    url = TypeAdapter(PostgresDsn).validate_python(database_url)
    engine = make_engine(DatabaseSettings(database_url=url), pool_size=2)
    async with open_bucket(storage.settings()) as bucket:
        sessions = make_sessions(engine)
        yield Bench(sessions, bucket, Checker(sessions, bucket))
    await engine.dispose()
