"""One API process for the session, on the real engines, and people who talk to it."""

import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from deploy.local.engines.oidc import OpenIDProvider
from deploy.local.engines.postgres import Postgres
from deploy.local.engines.seaweedfs import BUCKET, REGION, SeaweedFS
from deploy.local.process import ChildProcess, Command, free_port, http_answers, start
from tests.fixtures.github import FakeGitHub, run_github
from tests.fixtures.nats import Broker
from tests.fixtures.postgres import fresh_database
from tests.integration.api.people import World

START_WITHIN_S = 90.0
_RUN = "from services.cli.main import main; main(['api'])"


@asynccontextmanager
async def run_api(
    env: Mapping[str, str], log_file: Path, *, probe: str = "/readyz"
) -> AsyncIterator[ChildProcess]:
    """Yield the API's process once it serves."""
    port = env["LAYERLINE_PORT"]
    command = Command(
        name="api",
        argv=[sys.executable, "-c", _RUN],
        env={"PYTHONWARNINGS": "ignore", **env},
    )
    process = await start(command, log_file)
    try:
        await process.wait_healthy(
            lambda: http_answers(f"http://127.0.0.1:{port}{probe}"), within_s=START_WITHIN_S
        )
        yield process
    finally:
        await process.stop()


@asynccontextmanager
async def run_own_api(
    env: Mapping[str, str], postgres: Postgres, log_file: Path
) -> AsyncIterator[dict[str, str]]:
    """Yield the environment of a further API, with a database that nobody else looks at."""
    port = free_port()
    async with fresh_database(postgres) as database_url:
        own = {
            **env,
            "LAYERLINE_DATABASE_URL": database_url,
            "LAYERLINE_PORT": str(port),
            "LAYERLINE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        async with run_api(own, log_file):
            yield own


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def api_env(
    postgres: Postgres,
    broker: Broker,
    storage: SeaweedFS,
    openid_provider: OpenIDProvider,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[dict[str, str]]:
    """The environment of an API on the session's engines, with a database of its own."""
    port, github_port = free_port(), free_port()
    github = f"http://127.0.0.1:{github_port}"
    dist = tmp_path_factory.mktemp("web")
    (dist / "assets").mkdir()
    (dist / "index.html").write_text('<meta name="csp-nonce" content="__CSP_NONCE__">Layerline')
    (dist / "assets" / "app-1.js").write_text("export {};")
    (dist / "manifest.webmanifest").write_text("{}")
    async with fresh_database(postgres) as database_url:
        yield {
            "LAYERLINE_LOG_FORMAT": "json",
            "LAYERLINE_DATABASE_URL": database_url,
            "LAYERLINE_NATS_URL": broker.url,
            "LAYERLINE_NATS_CREDS": str(broker.keys.service_creds("api")),
            "LAYERLINE_S3_ENDPOINT": storage.endpoint,
            "LAYERLINE_S3_REGION": REGION,
            "LAYERLINE_S3_BUCKET": BUCKET,
            "LAYERLINE_S3_ACCESS_KEY": storage.access_key,
            "LAYERLINE_S3_SECRET_KEY": storage.secret_key,
            "LAYERLINE_HOST": "127.0.0.1",
            "LAYERLINE_PORT": str(port),
            "LAYERLINE_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "LAYERLINE_OIDC_NAME": "test accounts",
            "LAYERLINE_OIDC_ISSUER": openid_provider.issuer,
            "LAYERLINE_OIDC_CLIENT_ID": "layerline",
            "LAYERLINE_OIDC_CLIENT_SECRET": secrets.token_urlsafe(),
            "LAYERLINE_GITHUB_CLIENT_ID": "layerline-at-github",
            "LAYERLINE_GITHUB_CLIENT_SECRET": secrets.token_urlsafe(),
            "LAYERLINE_GITHUB_URL": github,
            "LAYERLINE_GITHUB_API_URL": f"{github}/api",
            "LAYERLINE_ADDRESS_REQUESTS": "100000/minute",
            "LAYERLINE_ADMIN_EMAILS": "ada@layerline.local",
            "LAYERLINE_ALLOWED_EMAIL_DOMAINS": "layerline.local",
            "LAYERLINE_SESSION_SECRET": secrets.token_urlsafe(32),
            "LAYERLINE_SECRETS_KEY": secrets.token_urlsafe(32),
            "LAYERLINE_WEB_DIST": str(dist),
            "LAYERLINE_NODE_SIGNER": str(broker.keys.node_signer()),
        }


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def api_process(
    api_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ChildProcess]:
    """The session's API."""
    log_file = tmp_path_factory.mktemp("api") / "log"
    async with run_api(api_env, log_file) as process:
        yield process
    if os.environ.get("SHOW_API_LOG"):
        sys.stderr.write(log_file.read_text())


@pytest_asyncio.fixture
async def world(api_env: dict[str, str], api_process: ChildProcess) -> AsyncIterator[World]:
    """The API's address, its database, and a way to have people signed in."""
    async with World.open(api_env) as opened:
        yield opened
        await opened.put_back()


@pytest_asyncio.fixture
async def github(api_env: dict[str, str]) -> AsyncIterator[FakeGitHub]:
    """GitHub, as the API is set up to find it."""
    port = urlsplit(api_env["LAYERLINE_GITHUB_URL"]).port
    assert port is not None
    async with run_github(port) as running:
        yield running
