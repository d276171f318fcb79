"""Submitting and approving, against bare routes that write the same."""

import statistics
from collections.abc import Awaitable, Callable

import asyncpg

from deploy.local.demo.client import open_browser, sign_in
from tests.bench.approvals import submit
from tests.bench.bare import bare_app
from tests.bench.load import Line, repeat
from tests.bench.processes import database_url
from tests.bench.row import Bench, Rows, at_least

PAIRS, IN_FLIGHT, ROUNDS = 200, 8, 3
WANTED = 0.4


async def measure(bench: Bench) -> Rows:
    """Yield the row of submitting and approving, as pairs a second."""
    async with open_browser(bench.state.url) as http:
        ada = await sign_in(http, "ada")
        (job,) = await submit(ada, 1)
        artifact, cookie = (
            str(job["artifact_id"]),
            "; ".join(f"{found.name}={found.value}" for found in http.cookies.jar),
        )
    url = database_url(bench.state)
    owner = await _owner(url, artifact)
    ours, bare = [], []
    log_file = bench.state.logs / "bare-deciding.log"
    async with bare_app("deciding", url, owner, artifact, log_file=log_file) as port:
        for _ in range(ROUNDS):
            bare.append(await _rate(_pair("", artifact), port, cookie))
            ours.append(await _rate(_pair("/api", artifact), bench.state.ports["api"], cookie))
    rates = statistics.median(ours), statistics.median(bare)
    yield at_least("submit + approve, 8 in flight", *rates, WANTED)


async def _rate(pair: Callable[[Line], Awaitable[None]], port: int, cookie: str) -> float:
    return (await repeat(pair, port, cookie=cookie, times=PAIRS, in_flight=IN_FLIGHT)).per_s


def _pair(prefix: str, artifact: str) -> Callable[[Line], Awaitable[None]]:
    """Return what submits one job and approves it; nothing takes it: no bed is clear."""
    wanted = {
        "artifact_id": artifact,
        "plates": [{"plate": 1, "copies": 1}],
        "note": None,
        "queue": "main",
    }

    async def ask(line: Line) -> None:
        submission = await line.post(f"{prefix}/submissions", wanted)
        (job,) = submission["jobs"]
        await line.post(f"{prefix}/jobs/{job['id']}/approve", {"version": job["version"]})

    return ask


async def _owner(url: str, artifact: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        owner = await connection.fetchval("SELECT owner_id FROM artifact WHERE id = $1", artifact)
    finally:
        await connection.close()
    return str(owner)
