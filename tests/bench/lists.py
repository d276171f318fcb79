"""The list of jobs under load, against a bare route that reads the same rows."""

import asyncio
import re
import statistics
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.local.demo.client import Person, open_browser, sign_in
from tests.bench.approvals import submit
from tests.bench.bare import bare_app
from tests.bench.load import Load, load
from tests.bench.processes import database_url
from tests.bench.row import Bench, Rows, at_least, at_most, at_most_times
from tests.eventually import eventually

JOBS, COPIES, QUEUED = 500, 20, 10
ROUNDS, REQUESTS, COUNTED = 3, 600, 200
WANTED_RATE, WANTED_P99, WANTED_STATEMENTS = 0.4, 2.0, 3.0
PATH = "/api/jobs?scope=all&limit=50"
IDLE_S = 4.0
TOLD = re.compile(rb"LOG:  (?:statement|execute [^:]*):")


async def measure(bench: Bench) -> Rows:
    """Yield the rows of the list: rate, slowest answers, statements; with jobs that wait too."""
    async with open_browser(bench.state.url) as http:
        ada = await sign_in(http, "ada")
        jobs = [job for _ in range(JOBS // COPIES) for job in await submit(ada, COPIES)]
        cookie = "; ".join(f"{found.name}={found.value}" for found in http.cookies.jar)
        name = f"list of jobs, 50 of {JOBS}"
        lists = _Lists(bench, cookie)
        await _count_rows(bench)
        for row in [row async for row in lists.rows(name)]:
            yield row
        for job in jobs[-QUEUED:]:
            await _approve(ada, str(job["id"]))
        async for row in lists.rows(f"{name}, {QUEUED} queued"):
            yield row


async def _count_rows(bench: Bench) -> None:
    """Do what autovacuum does within a minute: a table is not as the planner knows it before."""
    connection = await asyncpg.connect(database_url(bench.state))
    try:
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


async def _approve(ada: Person, job_id: str) -> None:
    """Put a job into the queue; nothing takes it: no bed is said to be clear."""
    await ada.post(f"/api/jobs/{job_id}/approve", {"version": 1})


@dataclass(frozen=True)
class _Lists:
    bench: Bench
    cookie: str

    async def rows(self, name: str) -> Rows:
        ours, floor = await self._in_turn()
        rate, floor_rate = (statistics.median(x.per_s for x in loads) for loads in (ours, floor))
        p99, floor_p99 = (statistics.median(x.p99_ms for x in loads) for loads in (ours, floor))
        yield at_least(name, rate, floor_rate, WANTED_RATE)
        yield at_most_times(f"{name}: p99, 8 in flight", "ms", p99, floor_p99, WANTED_P99)
        yield at_most(f"{name}: SQL statements", "", await self._statements(), WANTED_STATEMENTS)

    async def _in_turn(self) -> tuple[list[Load], list[Load]]:
        ours, floor = [], []
        log_file = self.bench.state.logs / "bare-list.log"
        async with bare_app("listing", database_url(self.bench.state), log_file=log_file) as port:
            for _ in range(ROUNDS):
                floor.append(await load(port, "/jobs", requests=REQUESTS))
                ours.append(await self._ask())
        return ours, floor

    async def _ask(self, requests: int = REQUESTS) -> Load:
        port = self.bench.state.ports["api"]
        return await load(port, PATH, cookie=self.cookie, requests=requests)

    async def _statements(self) -> float:
        """Return the statements of a call, as the database tells each in its log."""
        async with _telling(self.bench) as log:
            idle, idle_s = await log.during(asyncio.sleep(IDLE_S))
            told, took_s = await log.during(self._ask(COUNTED))
        # To a tenth: what else happens to be asked meanwhile is told too.
        return max(0.0, round((told - idle * took_s / idle_s) / COUNTED, 1))


@dataclass(frozen=True)
class _Log:
    """The database's log, in which it tells each statement."""

    path: Path

    async def during(self, doing: Awaitable[object]) -> tuple[int, float]:
        """Return how many statements are told while something is done, and its seconds."""
        before, began = self._count(), time.perf_counter()
        await doing
        return self._count() - before, time.perf_counter() - began

    def _count(self) -> int:
        return len(TOLD.findall(self.path.read_bytes()))


@asynccontextmanager
async def _telling(bench: Bench) -> AsyncIterator[_Log]:
    """Have the database tell each statement while the block runs."""
    log = _Log(bench.state.logs / "postgres.log")
    connection = await asyncpg.connect(database_url(bench.state))
    try:
        await _tell(connection, "all")
        yield log
    finally:
        await _tell(connection, "none")
        await connection.close()


async def _tell(connection: asyncpg.Connection, which: str) -> None:
    """Return once the setting holds: each connection reads it before its next statement."""
    await connection.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
    await connection.execute("SELECT pg_reload_conf()")

    async def is_set() -> bool:
        return bool(await connection.fetchval("SHOW log_statement") == which)

    await eventually(is_set)
