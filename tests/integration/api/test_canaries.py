"""Secrets planted everywhere, and looked for in every log line, row and answer."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import text

from deploy.local.engines.postgres import Postgres
from tests.integration.api.conftest import run_own_api
from tests.integration.api.people import Someone, World

_SEED = re.compile(r"S[A-Z2-7]{50,}")
_OWN_SECRETS = ("SESSION_SECRET", "OIDC_CLIENT_SECRET", "GITHUB_CLIENT_SECRET", "S3_SECRET_KEY")
_LISTS = (
    "/api/me",
    "/api/me/tokens",
    "/api/me/sessions",
    "/api/jobs?scope=all",
    "/api/nodes",
    "/api/printers",
    "/api/people",
    "/api/audit",
    "/api/auth/providers",
    "/readyz",
)


KEPT = ["a presigned address in table idempotency"]
"""The answer to a repeated announcement: good for minutes, and for exactly those bytes."""


def planted(env: dict[str, str]) -> dict[str, str]:
    """Return the secrets that the process is given."""
    secrets = {name: env[f"LAYERLINE_{name}"] for name in _OWN_SECRETS}
    for name in ("NATS_CREDS", "NODE_SIGNER"):
        found = _SEED.search(Path(env[f"LAYERLINE_{name}"]).read_text())
        assert found is not None, name
        secrets[name] = found[0]
    return secrets


async def used(ada: Someone) -> dict[str, str]:
    """Return the secrets that come up in use; answers that may be repeated are kept."""
    ada.http.headers["Idempotency-Key"] = str(uuid4())
    token = await ada.post("/api/me/tokens", {"name": "x", "scopes": ["read"], "days": 1})
    node = await ada.post("/api/nodes", {"name": f"n-{uuid4().hex[:8]}"})
    upload = await ada.post(
        "/api/uploads", {"filename": "a.gcode.3mf", "size_bytes": 9, "sha256": "0" * 64}
    )
    signature = parse_qs(urlsplit(upload["put"]["url"]).query)["X-Amz-Signature"][0]
    return {
        "the session": ada.http.cookies["layerline"],
        "a token": token["secret"],
        "a node's code": node["code"],
        "a presigned address": signature,
    }


async def err(world: World, ada: Someone, secrets: dict[str, str]) -> None:
    """Make the mistakes after which processes tell too much."""
    stranger = await world.browser()
    for secret in secrets.values():
        await stranger.get("/api/jobs", headers={"Authorization": f"Bearer {secret}"})
        await stranger.get("/api/jobs", headers={"Cookie": f"layerline={secret[:60]}"})
        await stranger.post("/api/nodes/enroll", json={"code": secret})
        await ada.http.post("/api/submissions", content=f'{{"note": "{secret}"'.encode())
        await ada.http.post("/api/nodes", json={"name": secret})


@pytest.mark.asvs("V16.2.5")
async def test_no_secret_is_in_any_log_row_or_answer(
    api_env: dict[str, str], postgres: Postgres, tmp_path: Path
) -> None:
    log_file = tmp_path / "log"
    loud = {**api_env, "LAYERLINE_LOG_LEVEL": "debug"}
    async with run_own_api(loud, postgres, log_file) as env, World.open(env) as world:
        ada = await world.someone(is_admin=True)
        secrets = planted(env) | await used(ada)
        await err(world, ada, secrets)
        answers = {path: (await ada.http.get(path)).text for path in _LISTS}
        rows = await rows_of_all_tables(world)
    places = {"the log": log_file.read_text(), **answers, **rows}
    assert "process_started" in places["the log"]
    found = [
        f"{name} in {place}"
        for name, secret in secrets.items()
        for place, content in places.items()
        if secret in content or secret.encode().hex() in content
    ]
    assert found == KEPT


async def rows_of_all_tables(world: World) -> dict[str, str]:
    """Return every table as text; bytes stand there in hex."""
    tables = {}
    async with world.engine.connect() as connection:
        names = await connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
        for (name,) in names.all():
            content = await connection.execute(text(f'SELECT t::text FROM "{name}" t'))
            tables[f"table {name}"] = "\n".join(row for (row,) in content.all())
    assert tables["table audit"]
    return tables
