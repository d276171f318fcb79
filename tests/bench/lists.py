"""The list of jobs under load, against a bare route that reads the same rows."""

import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.demo.client import open_browser, sign_in
from deploy.local.process import Command, free_port, http_answers, start
from tests.bench.approvals import submit
from tests.bench.load import Load, load
from tests.bench.processes import environment_with
from tests.bench.row import Bench, Row, Rows, at_least

JOBS, COPIES = 500, 20
ROUNDS = 3
START_WITHIN_S = 20.0
WANTED_RATE, WANTED_P99 = 0.4, 2.0


async def measure(bench: Bench) -> Rows:
    """Yield the rows of the list: rate and slowest answers."""
    async with open_browser(bench.state.url) as http:
        ada = await sign_in(http, "ada")
        for _ in range(JOBS // COPIES):
            await submit(ada, COPIES)
        cookie = "; ".join(f"{found.name}={found.value}" for found in http.cookies.jar)
        ours, floor = await _in_turn(bench, cookie)
    rate, floor_rate = (statistics.median(x.per_s for x in loads) for loads in (ours, floor))
    p99, floor_p99 = (statistics.median(x.p99_ms for x in loads) for loads in (ours, floor))
    slower = p99 / floor_p99
    name = f"list of jobs, 50 of {JOBS}"
    yield at_least(name, rate, floor_rate, WANTED_RATE)
    yield Row(
        f"{name}, p99 with 8 in flight",
        "ms",
        p99,
        floor_p99,
        slower,
        f"<= {WANTED_P99:g} x",
        slower <= WANTED_P99,
    )


async def _in_turn(bench: Bench, cookie: str) -> tuple[list[Load], list[Load]]:
    ours, floor = [], []
    env = environment_with(bench.state, "LAYERLINE_DATABASE_URL")
    async with _bare(env, bench.state.logs / "bare-list.log") as port:
        for _ in range(ROUNDS):
            floor.append(await load(port, "/jobs"))
            path = "/api/jobs?scope=all&limit=50"
            ours.append(await load(bench.state.ports["api"], path, cookie=cookie))
    return ours, floor


@asynccontextmanager
async def _bare(env: dict[str, str], log_file: Path) -> AsyncIterator[int]:
    port = free_port()
    argv = ["-m", "tests.bench.floors.listing", env["LAYERLINE_DATABASE_URL"], str(port)]
    process = await start(
        Command(name="bare list", argv=[sys.executable, *argv]),
        log_file,
    )
    try:
        url = f"http://127.0.0.1:{port}/jobs"
        await process.wait_healthy(lambda: http_answers(url), within_s=START_WITHIN_S)
        yield port
    finally:
        await process.stop()
