"""`layerline admin ...` on a real database."""

import asyncio
from uuid import uuid4

import pytest_asyncio

from services.db.engine import make_engine, make_sessions
from services.db.tables.people import User
from tests.builders.rows import Workshop, now
from tests.integration.projector.conftest import settings_of
from tests.integration.provision.command_line import Layerline

MIA, KIM = "mia@layerline.local", "kim@layerline.local"


@pytest_asyncio.fixture
async def people(database_url: str) -> None:
    """Mia, the only admin, and Kim, a member."""
    engine = make_engine(settings_of(database_url), pool_size=1)
    async with make_sessions(engine)() as session:
        await Workshop(session).open()
        kim = User(
            id=uuid4(), email=KIM, name="Kim", avatar_url=None, is_admin=False, created_at=now()
        )
        session.add(kim)
        await session.commit()
    await engine.dispose()


async def test_a_person_gets_a_role_and_loses_it(people: None, layerline: Layerline) -> None:
    given = await asyncio.to_thread(layerline, "admin", "grant", KIM, "--role", "admin")
    assert (given.returncode, given.stdout) == (0, f"{KIM} is now: admin\n")
    both = await asyncio.to_thread(layerline, "admin", "list")
    assert sorted(both.stdout.split()) == ["admin", "admin", KIM, MIA]
    taken = await asyncio.to_thread(layerline, "admin", "revoke", KIM)
    assert (taken.returncode, taken.stdout) == (0, f"{KIM} is now: member\n")


async def test_what_cannot_be_is_refused(people: None, layerline: Layerline) -> None:
    said = await asyncio.to_thread(layerline, "admin", "list")
    assert said.stdout.split() == ["admin", MIA]
    last = await asyncio.to_thread(layerline, "admin", "revoke", MIA)
    assert last.returncode != 0
    assert "only admin" in last.stderr
    unknown = await asyncio.to_thread(layerline, "admin", "grant", "x@y.z", "--role", "approver")
    assert "nobody with the e-mail x@y.z" in unknown.stderr
    again = await asyncio.to_thread(layerline, "admin", "grant", MIA.upper(), "--role", "admin")
    assert (again.returncode, again.stdout) == (0, f"{MIA.upper()} is now: admin\n")
