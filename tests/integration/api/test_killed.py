"""The API killed around COMMIT: a change is whole or it is not, and its repeat makes it whole."""

import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from deploy.local.engines.postgres import Postgres
from deploy.local.process import Command, free_port, holds, http_answers, start
from tests.chaos.arming import Arm, Files
from tests.chaos.labels import COMMIT
from tests.chaos.launch import FOLDER
from tests.eventually import eventually
from tests.fixtures.postgres import fresh_database
from tests.integration.api.people import Someone, World
from tests.integration.api.rows import ready_artifact

KILLS = int(os.environ.get("KILLS", "40"))
ROOT = Path(__file__).resolve().parents[3]
START_WITHIN_S = 90.0
POINTS = (
    f"{COMMIT}:before",
    f"{COMMIT}:after",
    "services.jobs.submitting:submit:before",
    "services.jobs.submitting:submit:after",
    "services.jobs.decisions:decide:after",
)
_COUNTS = """
SELECT (SELECT count(*) FROM job), (SELECT count(*) FROM job WHERE state = 'queued'),
(SELECT count(*) FROM outbox), (SELECT count(*) FROM audit), (SELECT count(*) FROM idempotency)
"""
Counts = tuple[int, ...]


@dataclass
class Mortal:
    """An API that can be made to die, and what stands in its database."""

    url: str
    files: Files
    ada: Someone
    artifact_id: str
    connection: asyncpg.Connection

    async def counts(self) -> Counts:
        """Return how many jobs, queued jobs, messages, trails and recorded answers there are."""
        return tuple(await self.connection.fetchrow(_COUNTS))

    async def request(self, kind: str) -> tuple[str, dict[str, Any]]:
        """Return the path and the body of a submission, or of an approval."""
        body = {"artifact_id": self.artifact_id, "plates": [{"plate": 1, "copies": 1}]}
        if kind == "submit":
            return "/api/submissions", body
        job = (await self.ada.post("/api/submissions", body))["jobs"][0]
        return f"/api/jobs/{job['id']}/approve", {"version": job["version"]}

    async def serves(self) -> bool:
        """Tell whether it is up (again)."""
        return await holds(lambda: http_answers(f"{self.url}/readyz"))


@asynccontextmanager
async def running_mortal(
    api_env: dict[str, str], postgres: Postgres, folder: Path
) -> AsyncIterator[Mortal]:
    """Yield an API with a database of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with fresh_database(postgres) as database_url:
        env = {
            **api_env,
            "LAYERLINE_DATABASE_URL": database_url,
            "LAYERLINE_PORT": str(port),
            "LAYERLINE_PUBLIC_URL": url,
            "LAYERLINE_PERSON_CHANGES": "100000/minute",
            FOLDER: str(folder),
        }
        argv = [sys.executable, "-m", "tests.integration.api.reviving"]
        process = await start(Command("api", argv, env, cwd=ROOT), folder / "log")
        connection = await asyncpg.connect(database_url)
        try:
            await process.wait_healthy(
                lambda: http_answers(f"{url}/readyz"), within_s=START_WITHIN_S
            )
            async with World.open(env) as world:
                ada = await world.someone(is_admin=True)
                artifact = await ready_artifact(world, ada.id)
                yield Mortal(url, Files(folder, "api"), ada, str(artifact.id), connection)
        finally:
            await process.stop()
            await connection.close()


@pytest.mark.long
@pytest.mark.timeout(120 + 10 * KILLS)
async def test_I1_killed_around_commit_a_change_is_whole_or_it_is_not(
    api_env: dict[str, str], postgres: Postgres, tmp_path: Path
) -> None:
    dice = random.Random(1)
    async with running_mortal(api_env, postgres, tmp_path) as api:
        whole = {kind: await undisturbed(api, kind) for kind in ("submit", "approve")}
        while len(api.files.deaths()) < KILLS:
            kind = dice.choice(list(whole))
            path, body = await api.request(kind)
            before = await api.counts()
            send = partial(
                api.ada.http.post, path, json=body, headers={"Idempotency-Key": uuid4().hex}
            )
            api.files.arm(Arm(dice.choice(POINTS), nth=dice.randint(1, 3)))
            try:
                await send()
            except httpx.HTTPError:
                await eventually(api.serves, within_s=START_WITHIN_S)
            api.files.arm(None)
            assert await made(api, before) in {whole[kind], (0,) * len(before)}
            answer = await send()
            assert answer.is_success, answer.text
            assert await made(api, before) == whole[kind]
        assert {death.point for death in api.files.deaths()} == set(POINTS)


async def undisturbed(api: Mortal, kind: str) -> Counts:
    """Return what a request adds when nothing goes wrong."""
    path, body = await api.request(kind)
    before = await api.counts()
    answer = await api.ada.http.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})
    assert answer.is_success, answer.text
    added = await made(api, before)
    assert added[2:] == (1, 1, 1)
    return added


async def made(api: Mortal, before: Counts) -> Counts:
    """Return what was added since."""
    return tuple(b - a for a, b in zip(before, await api.counts(), strict=True))
