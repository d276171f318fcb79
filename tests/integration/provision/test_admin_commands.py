"""`layerline admin ...` on a real database."""

import asyncio

import pytest_asyncio

from services.db.engine import make_engine, make_sessions
from tests.builders.rows import Workshop
from tests.integration.projector.conftest import settings_of
from tests.integration.provision.command_line import Layerline

MIA = "mia@layerline.local"


@pytest_asyncio.fixture
async def mia(database_url: str) -> None:
    """The only one who has signed in, and an admin."""
    engine = make_engine(settings_of(database_url), pool_size=1)
    async with make_sessions(engine)() as session:
        await Workshop(session).open()
    await engine.dispose()


async def test_a_person_gets_a_role_and_loses_it(mia: None, layerline: Layerline) -> None:
    said = await asyncio.to_thread(layerline, "admin", "list")
    assert said.stdout.split() == ["admin", MIA]
    last = await asyncio.to_thread(layerline, "admin", "revoke", MIA)
    assert last.returncode != 0
    assert "only admin" in last.stderr
    unknown = await asyncio.to_thread(layerline, "admin", "grant", "x@y.z", "--role", "approver")
    assert "nobody with the e-mail x@y.z" in unknown.stderr
    again = await asyncio.to_thread(layerline, "admin", "grant", MIA.upper(), "--role", "admin")
    assert (again.returncode, again.stdout) == (0, f"{MIA.upper()} is now: admin\n")
