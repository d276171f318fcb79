"""What one person, and one stranger, may ask for at most; and that refusals are written down."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import pytest_asyncio

from contracts.lifecycle import ArtifactState
from contracts.units import GIB, MIB
from deploy.local.engines.postgres import Postgres
from tests.eventually import eventually
from tests.integration.api.conftest import run_own_api
from tests.integration.api.people import World, problem
from tests.integration.api.rows import ready_artifact
from tests.integration.api.test_uploads import described

REQUESTS, CHANGES, STRANGERS, FILES = 30, 5, 8, 4


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the API of this module logs."""
    return tmp_path_factory.mktemp("limits") / "log"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def narrow_env(
    api_env: dict[str, str], postgres: Postgres, log_file: Path
) -> AsyncIterator[dict[str, str]]:
    """The environment of an API with narrow limits."""
    limits = {
        "LAYERLINE_PERSON_REQUESTS": f"{REQUESTS}/minute",
        "LAYERLINE_PERSON_CHANGES": f"{CHANGES}/hour",
        "LAYERLINE_ADDRESS_REQUESTS": f"{STRANGERS}/minute",
        "LAYERLINE_TRUSTED_PROXIES": "192.0.2.1",
        "LAYERLINE_PERSON_FILES": str(FILES),
        "LAYERLINE_PERSON_STORAGE_GIB": "1",
    }
    async with run_own_api({**api_env, **limits}, postgres, log_file) as env:
        yield env


@pytest_asyncio.fixture
async def narrow(narrow_env: dict[str, str]) -> AsyncIterator[World]:
    """That API and its database."""
    async with World.open(narrow_env) as opened:
        yield opened


def refusals_in(log_file: Path) -> list[dict[str, Any]]:
    """Return what the log says of refused requests."""
    lines = [json.loads(line) for line in log_file.read_text().splitlines()]
    return [line for line in lines if line["event"] == "request_refused"]


@pytest.mark.asvs("V2.4.1", "V2.3.2", "V15.4.4")
async def test_a_person_may_ask_so_often_and_nobody_else_is_held_up(narrow: World) -> None:
    mia, kim = await narrow.someone(), await narrow.someone()
    statuses = [(await mia.http.get("/api/jobs")).status_code for _ in range(REQUESTS + 5)]
    assert statuses.count(200) == REQUESTS
    refused = await mia.http.get("/api/jobs")
    assert problem(refused)["status"] == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert (await kim.http.get("/api/jobs")).status_code == 200


@pytest.mark.asvs("V2.4.1", "V2.3.2")
async def test_changes_have_a_limit_of_their_own(narrow: World) -> None:
    mia = await narrow.someone()
    body = {"name": "x", "scopes": ["read"], "days": 1}
    answers = [await mia.http.post("/api/me/tokens", json=body) for _ in range(CHANGES + 1)]
    assert [answer.status_code for answer in answers] == [201] * CHANGES + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert (await mia.http.get("/api/jobs")).status_code == 200


@pytest.mark.asvs("V6.3.1", "V2.4.1")
async def test_strangers_of_one_address_are_held_up_and_people_behind_it_are_not(
    narrow: World,
) -> None:
    stranger, mia = await narrow.browser(), await narrow.someone()
    guesses = [f"Bearer llt_{uuid4().hex}" for _ in range(STRANGERS + 3)]
    statuses = [
        (await stranger.get("/api/jobs", headers={"Authorization": guess})).status_code
        for guess in guesses
    ]
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= STRANGERS
    assert (await mia.http.get("/api/jobs")).status_code == 200


@pytest.mark.asvs("V5.2.4", "V2.3.2")
async def test_a_person_keeps_so_many_files(narrow: World) -> None:
    mia = await narrow.someone()
    for _ in range(FILES):
        kept = await ready_artifact(narrow, mia.id)
    await ready_artifact(narrow, mia.id, state=ArtifactState.REFUSED)
    refusal = await mia.refused("/api/uploads", described(b"one more"))
    assert refusal["type"] == "/problems/too-many-files"
    again = {"filename": "x.3mf", "size_bytes": kept.size_bytes, "sha256": kept.sha256}
    assert (await mia.post("/api/uploads", again))["artifact"]["id"] == str(kept.id)


@pytest.mark.asvs("V5.2.4")
async def test_the_files_of_a_person_take_so_much_room(narrow: World) -> None:
    mia, kim = await narrow.someone(), await narrow.someone()
    await ready_artifact(narrow, mia.id, size_bytes=GIB - MIB)
    refusal = await mia.refused("/api/uploads", described(b"x" * (2 * MIB)))
    assert refusal["type"] == "/problems/too-many-bytes"
    await mia.post("/api/uploads", described(b"x" * 100))
    await kim.post("/api/uploads", described(b"x" * (2 * MIB)))


@pytest.mark.asvs("V16.3.2", "V16.3.3", "V16.2.2", "V16.2.4", "V4.1.3", "V15.3.4")
async def test_every_refusal_is_written_down_without_the_query(
    narrow: World, log_file: Path
) -> None:
    mia, path = await narrow.someone(), f"/api/people/{uuid4()}/disable"
    assert (await mia.http.post(path, json={})).status_code == 403
    foreign = await narrow.browser(says_so=False)
    headers = {"Sec-Fetch-Site": "cross-site", "X-Forwarded-For": "203.0.113.9"}
    assert (await foreign.post("/api/jobs?secret=1", headers=headers)).status_code == 403

    async def written() -> list[dict[str, Any]]:
        found = [
            line
            for line in refusals_in(log_file)
            if line["path"] == path or line["code"] == "foreign-request"
        ]
        return found if len(found) >= 2 else []

    denied, attempt = await eventually(written)
    assert (denied["user_id"], denied["status"]) == (str(mia.id), 403)
    assert (denied["method"], denied["ip"]) == ("POST", "127.0.0.1")
    assert (attempt["path"], attempt["user_id"]) == ("/api/jobs", None)
    assert attempt["ip"] == "127.0.0.1"
    assert denied["timestamp"].endswith("Z")
    assert "secret=1" not in str(refusals_in(log_file))


@pytest.mark.asvs("V16.4.1")
async def test_no_line_of_the_log_is_forged(narrow: World, log_file: Path) -> None:
    mia = await narrow.someone()
    forged = '{"event": "request_refused", "path": "forged", "status": 403}'
    await mia.http.get(f"/api/people?x={forged}")
    await mia.http.post(f"/api/people/{quote(chr(10) + forged + chr(10))}/disable", json={})
    (refused,) = [line for line in refusals_in(log_file) if line["user_id"] == str(mia.id)][:1]
    assert refused["status"] == 403
    assert not [line for line in refusals_in(log_file) if line["path"] == "forged"]
