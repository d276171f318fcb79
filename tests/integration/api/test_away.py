"""What the API says while something that it needs is away, and how it stops."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.local.engines.postgres import DATABASE, run_postgres, start_postgres
from deploy.local.process import free_port
from services.db.migrate import upgrade
from services.db.tables.work import Artifact
from tests.integration.api.conftest import run_api
from tests.integration.api.listening import listening, project
from tests.integration.api.people import World, problem
from tests.integration.api.rows import log_row, ready_artifact

STOPS_WITHIN_S = 5.0


def on_own_port(env: dict[str, str]) -> dict[str, str]:
    """Return the environment of an API of one's own."""
    port = free_port()
    own = {"LAYERLINE_PORT": str(port), "LAYERLINE_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    return {**env, **own}


@pytest.fixture
def lonely_env(api_env: dict[str, str]) -> dict[str, str]:
    return on_own_port(api_env)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database_alone_env(
    api_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, str]]:
    """An API that was started while broker, storage and sign-in provider were away."""
    env = {
        **on_own_port(api_env),
        "LAYERLINE_NATS_URL": f"nats://127.0.0.1:{free_port()}",
        "LAYERLINE_S3_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "LAYERLINE_OIDC_ISSUER": f"http://127.0.0.1:{free_port()}",
    }
    async with run_api(env, tmp_path_factory.mktemp("alone") / "log", probe="/livez"):
        yield env


@pytest_asyncio.fixture
async def with_database_alone(database_alone_env: dict[str, str]) -> AsyncIterator[World]:
    async with World.open(database_alone_env) as world:
        yield world


async def test_readiness_names_what_is_away(with_database_alone: World) -> None:
    answer = await (await with_database_alone.browser()).get("/readyz")
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert checks == {"database": "ok", "broker": "away", "storage": "away"}


@pytest.mark.asvs("V16.5.2")
async def test_only_what_needs_the_storage_waits_for_it(with_database_alone: World) -> None:
    world = with_database_alone
    mia = await world.someone()
    artifact = await ready_artifact(world, mia.id, state="uploading")
    answer = await mia.http.post(f"/api/uploads/{artifact.id}/complete", json={})
    assert problem(answer)["type"] == "/problems/storage-unavailable"
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert (await world.row(Artifact, artifact.id)).state == "uploading"
    assert (await mia.get("/api/jobs"))["items"] == []


async def test_provider_that_does_not_answer(with_database_alone: World) -> None:
    browser = await with_database_alone.browser()
    answer = await browser.get("/api/auth/signin/oidc")
    assert answer.headers["location"] == "/signin?error=provider_unreachable"


@pytest.mark.asvs("V16.5.2")
async def test_facts_need_no_broker(with_database_alone: World) -> None:
    world = with_database_alone
    mia = await world.someone()
    async with listening(mia.http) as feed:
        await feed.next()
        await project(world, log_row("printer.online", printer_id=uuid4()))
        assert (await feed.next()).data["type"] == "printer.online"


async def test_database_that_goes_and_comes_back(
    lonely_env: dict[str, str], tmp_path: Path
) -> None:
    with tempfile.TemporaryDirectory(prefix="layerline-test-") as name:
        folder = Path(name) / "postgres"
        async with run_postgres(folder) as postgres:
            await asyncio.to_thread(upgrade, postgres.url(DATABASE))
            env = {**lonely_env, "LAYERLINE_DATABASE_URL": postgres.url(DATABASE)}
            async with run_api(env, tmp_path / "log"), World.open(env) as world:
                mia = await world.someone()
                async with listening(mia.http) as feed:
                    await feed.next()
                    await postgres.process.stop()
                    for method, path in (("GET", "/api/jobs"), ("POST", "/api/uploads")):
                        body = None if method == "GET" else _announcement()
                        answer = await mia.http.request(method, path, json=body)
                        assert problem(answer)["type"] == "/problems/database-unavailable"
                        assert answer.headers["retry-after"] == "2"
                    again = await start_postgres(
                        folder, port=postgres.port, log_file=tmp_path / "postgres"
                    )
                    try:
                        await world.engine.dispose()
                        assert (await mia.get("/api/jobs"))["items"] == []
                        await project(world, log_row("printer.online", printer_id=uuid4()))
                        assert (await feed.next()).data["type"] == "printer.online"
                    finally:
                        await again.process.stop()


def _announcement() -> dict[str, object]:
    return {"filename": "a.3mf", "size_bytes": 1, "sha256": "0" * 64}


async def test_stops_at_once_and_ends_the_feeds(lonely_env: dict[str, str], tmp_path: Path) -> None:
    async with run_api(lonely_env, tmp_path / "log") as process, World.open(lonely_env) as world:
        mia = await world.someone()
        async with listening(mia.http) as feed:
            await feed.next()
            async with asyncio.timeout(STOPS_WITHIN_S):
                stopping = asyncio.create_task(process.stop())
                assert await feed.ends()
                await stopping
        assert await process.wait() == 0
        log = (tmp_path / "log").read_text()
        assert '"event":"process_stopped"' in log
        assert "Traceback" not in log


async def test_feed_ends_with_the_session(lonely_env: dict[str, str], tmp_path: Path) -> None:
    """The feed looks at the session again and again: here twice a second."""
    env = {**lonely_env, "LAYERLINE_FEED_RECHECK_S": "0.5"}
    async with run_api(env, tmp_path / "log"), World.open(env) as world:
        mia = await world.someone()
        async with listening(mia.http) as feed:
            await feed.next()
            copy = await world.browser()
            copy.cookies.set("layerline", mia.http.cookies["layerline"])
            assert (await copy.post("/api/auth/signout")).status_code == 204
            assert await feed.ends()
