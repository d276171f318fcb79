"""The API as its document says: no server error, no undeclared answer, whatever is asked.

schemathesis makes the requests, from a fixed seed, as each kind of person.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local.engines.postgres import Postgres
from services.db.tables.people import User
from tests.integration.api.conftest import run_own_api
from tests.integration.api.machines import node_headers
from tests.integration.api.people import Someone, World

ROOT = Path(__file__).resolve().parents[3]
RUNNER = Path(sys.executable).parent / "st"
LEFT_OUT = "/api/feed$|/camera$"
"""A stream without an end, to which test_feed.py listens; pictures of printers that are away, which
is a 503."""
NOT_TO_BE_SAID = "/api/uploads$|/api/files/local$|/api/notice-targets$|/api/decisions$"
"""What a schema has no words for: how large a file may be and what it must hold, where notices may
go, which decisions need a reason. Valid by the schema, it may be refused; tests of their own ask
why."""
OWN_SESSION = "/me/sessions|/people/.*/signout|/auth/signout"
"""Would end the session that asks; anonymous callers ask these too."""
EXAMPLES, MANY_EXAMPLES = 8, 30
SEED = 20
KINDS = ("anonymous", "node", "member", "approver", "admin")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_env(
    api_env: dict[str, str], postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, str]]:
    """The environment of an API with a database of its own and no limits of requests."""
    limits = dict.fromkeys(
        ("LAYERLINE_PERSON_REQUESTS", "LAYERLINE_PERSON_CHANGES"), "1000000/second"
    )
    log_file = tmp_path_factory.mktemp("api") / "log"
    async with run_own_api({**api_env, **limits}, postgres, log_file) as env:
        yield env


@pytest_asyncio.fixture
async def own_world(own_env: dict[str, str]) -> AsyncIterator[World]:
    """That API's address and its database."""
    async with World.open(own_env) as opened:
        yield opened


async def _someone(world: World, kind: str) -> Someone:
    person = await world.someone(is_admin=kind == "admin")
    if kind == "approver":
        user = await world.row(User, person.id)
        user.is_approver = True
        await world.add(user)
    return person


async def _ask_everything(
    world: World, kind: str, examples: int, folder: Path, *, rejects: bool = False
) -> None:
    """rejects: what is valid may be refused and the reverse, so long as the answer is declared."""
    headers, left_out = {"Sec-Fetch-Site": "same-origin"}, LEFT_OUT
    if kind == "node":
        headers |= await node_headers(world, folder / "node")
    elif kind != "anonymous":
        cookies = dict((await _someone(world, kind)).http.cookies)
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        left_out = f"{LEFT_OUT}|{OWN_SESSION}"
    everything = ["--exclude-path-regex", f"{left_out}|{NOT_TO_BE_SAID}"]
    the_rest = ["--include-path-regex", NOT_TO_BE_SAID]
    may_reject = ["--exclude-checks", "positive_data_acceptance,negative_data_rejection"]
    the_rest += may_reject
    everything += may_reject if rejects else []
    for chosen in (everything, the_rest):
        await _ask(world, headers, chosen, examples, folder)


async def _ask(
    world: World, headers: dict[str, str], chosen: list[str], examples: int, folder: Path
) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [
            *(os.fspath(RUNNER), "run", os.fspath(ROOT / "docs" / "openapi.json")),
            *("--url", world.url, "--seed", str(SEED), "--max-examples", str(examples)),
            *("--phases", "fuzzing", "--checks", "all", "--no-color"),
            *("--suppress-health-check", "all", "--generation-database", "none", *chosen),
            *(part for name, value in headers.items() for part in ("-H", f"{name}: {value}")),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "Tested:" in done.stdout, done.stdout[-2000:]


@pytest.mark.asvs("V4.1.1", "V2.2.1", "V16.5.1")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
async def test_every_answer_is_a_declared_one(own_world: World, kind: str, tmp_path: Path) -> None:
    await _ask_everything(own_world, kind, EXAMPLES, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", KINDS)
async def test_every_answer_is_a_declared_one_at_length(
    own_world: World, kind: str, tmp_path: Path
) -> None:
    await _ask_everything(own_world, kind, MANY_EXAMPLES, tmp_path, rejects=True)
