"""There is always an admin: whoever removes whom, at once or one after the other."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import col, select

from deploy.local.engines.postgres import Postgres
from services.db.tables.people import User
from tests.integration.api.conftest import run_own_api
from tests.integration.api.people import Someone, World, problem

ROUNDS = 5


@pytest_asyncio.fixture
async def alone(
    api_env: dict[str, str], postgres: Postgres, tmp_path: Path
) -> AsyncIterator[World]:
    """An API at which nobody is yet."""
    async with run_own_api(api_env, postgres, tmp_path / "log") as env, World.open(env) as world:
        yield world


async def admins(world: World) -> list[User]:
    """Return who is an admin and may come in."""
    found = select(User).where(col(User.is_admin), col(User.disabled_at).is_(None))
    return await world.select(found)


async def remove(by: Someone, whom: Someone, way: str) -> int:
    """Return the status of one admin's try to end another's power."""
    path = f"/api/people/{whom.id}"
    if way == "demote":
        return (await by.http.put(f"{path}/role", json={"role": "member"})).status_code
    return (await by.http.post(f"{path}/disable", json={})).status_code


def command_line(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `layerline admin ...` on this database."""
    program = os.fspath(Path(sys.executable).parent / "layerline")
    return subprocess.run(
        [program, "admin", *arguments],
        env={**os.environ, **world.env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.asvs("V2.3.4", "V15.4.2", "V2.3.1")
async def test_the_last_admin_cannot_be_removed(alone: World) -> None:
    for number in range(ROUNDS):
        ada, bob = [await alone.someone(is_admin=True) for _ in range(2)]
        ways = ("demote", "disable")
        statuses = await asyncio.gather(
            remove(ada, bob, ways[number % 2]), remove(bob, ada, ways[(number + 1) % 2])
        )
        left = await admins(alone)
        assert len(left) == 1, statuses
        assert statuses.count(200) == 1
        # the other came too late: it was the last one's session, or none any more
        assert set(statuses) <= {200, 401, 409}
        last = ada if left[0].id == ada.id else bob
        for way in ways:
            answer = await last.http.request(
                "PUT" if way == "demote" else "POST",
                f"/api/people/{last.id}/{'role' if way == 'demote' else 'disable'}",
                json={"role": "member"} if way == "demote" else {},
            )
            assert problem(answer)["type"] == "/problems/last-admin"
        left[0].is_admin = number == ROUNDS - 1  # as only the database's owner can
        await alone.add(left[0])
    refused = await asyncio.to_thread(command_line, alone, "revoke", left[0].email)
    assert refused.returncode == 2
    assert "only admin" in refused.stderr
    listed = await asyncio.to_thread(command_line, alone, "list")
    assert listed.stdout.split() == ["admin", left[0].email]
