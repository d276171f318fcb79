"""The same questions with 100, 10,000 and 1,000,000 jobs in the database.

There are minutes between two sizes, in which a machine may become busy. So each question is asked
in turn with another one that knows nothing of jobs, and what is compared are the ratios to that.
"""

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

import asyncpg
from nats.aio.client import Client

from contracts.ids import ClaimId, JournalId, PrinterId
from contracts.loaded import Loaded
from contracts.rpc import CLAIM_ANSWER_ADAPTER, ClaimRequest, RunOffer
from contracts.subjects import claim_subject
from deploy.local.demo.client import open_browser, sign_in
from tests.bench.feed import NODE, begin_print, connected_node
from tests.bench.load import load
from tests.bench.processes import database_url, service_processes
from tests.bench.row import Bench, Rows, at_most_times
from tests.builders.past import add_done_jobs
from tests.builders.rows import LOADED

SIZES = (100, 10_000, 1_000_000)
ASKED, CLAIMS, WARM_UP, TURNS = 400, 60, 10, 5
YARDSTICK = "/api/me"
"""A question of somebody signed in that no number of jobs makes slower."""
WANTED = 1.5
LISTS = {
    "list of everybody's jobs": "?scope=all&limit=50",
    "list of what is open": "?scope=all&status=submitted,queued,printing,attention&limit=50",
    "list of what is done": "?scope=all&status=done&limit=50",
    "list of one's own jobs": "?limit=50",
}
_QUEUED = """
INSERT INTO job (id, submission_id, artifact_id, owner_id, correlation_id, name, plate, copy_no,
                 needs, queue, state, version, rank, created_at)
SELECT $1, submission_id, artifact_id, owner_id, $1, 'next', 1, $3, needs, 'main', 'queued', 2,
       0, now()
FROM job WHERE id = $2
"""
_OF_ADA = """
UPDATE artifact SET owner_id = (SELECT id FROM "user" WHERE name LIKE 'Ada%'),
       inspection = jsonb_build_object('plates', jsonb_build_array((SELECT needs FROM job)))
"""
_OVER = "UPDATE run SET state = 'done', fact_state = 'done', ended_at = now() WHERE id = $1"


@dataclass(frozen=True)
class _Shop:
    """Where questions are asked and the past is written."""

    bench: Bench
    cookie: str
    node: Client
    connection: asyncpg.Connection
    printer: UUID
    first_job: UUID

    async def figures(self) -> dict[str, float]:
        """Return the medians of the questions by the yardstick's, and the memory in MB."""
        found = {"claim": await self._by_yardstick(self._claim_ms)}
        for name, query in LISTS.items():
            path = f"/api/jobs{query}"
            await self._asked_ms(path, WARM_UP)
            found[name] = await self._by_yardstick(partial(self._asked_ms, path, ASKED // TURNS))
        memory = sum(each.memory_full_info().pss for each in service_processes(self.bench.state))
        return {**found, "memory of the services": memory / 1e6}

    async def _by_yardstick(self, ask: Callable[[], Awaitable[float]]) -> float:
        """Return how much longer a question takes than the yardstick, asked in turn."""
        asked, yardstick = [], []
        for _ in range(TURNS):
            asked.append(await ask())
            yardstick.append(await self._asked_ms(YARDSTICK, ASKED // TURNS))
        return statistics.median(asked) / statistics.median(yardstick)

    async def _asked_ms(self, path: str, requests: int) -> float:
        port = self.bench.state.ports["api"]
        answers = await load(port, path, cookie=self.cookie, requests=requests, in_flight=1)
        return answers.p50_ms

    async def _claim_ms(self) -> float:
        claims = [await self._claim() for _ in range(CLAIMS // TURNS)]
        return 1000 * statistics.median(claims)

    async def _claim(self) -> float:
        """Return the seconds of a claim that gets a job."""
        copy = uuid4().int % 2**31
        await self.connection.execute(_QUEUED, uuid4(), self.first_job, copy)
        request = ClaimRequest(
            claim_id=ClaimId(uuid4()),
            node=NODE,
            printer_id=PrinterId(self.printer),
            printer_epoch=1,
            journal_id=JournalId(uuid4()),
            node_seq=0,
            open_runs=(),
            loaded=Loaded.model_validate(LOADED),
        )
        body = request.model_dump_json().encode()
        began = time.perf_counter()
        reply = await self.node.request(claim_subject(NODE), body, timeout=10)
        took = time.perf_counter() - began
        answer = CLAIM_ANSWER_ADAPTER.validate_json(reply.data)
        if not isinstance(answer, RunOffer):
            raise RuntimeError(f"no job: {answer}")
        await self.connection.execute(_OVER, answer.run_id)
        return took


async def measure(bench: Bench) -> Rows:
    """Yield the rows of growth: each size against the smallest."""
    url = database_url(bench.state)
    run = await begin_print(url)
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        async with open_browser(bench.state.url) as http, connected_node(bench) as node:
            await sign_in(http, "ada")
            await connection.execute(_OVER, run.run_id)
            artifact = await connection.fetchval("SELECT artifact_id FROM job")
            await connection.execute(_OF_ADA)
            cookie = "; ".join(f"{found.name}={found.value}" for found in http.cookies.jar)
            shop = _Shop(bench, cookie, node, connection, run.printer_id, run.job_id)
            there, smallest = 0, dict[str, float]()
            for size in SIZES:
                await add_done_jobs(
                    connection,
                    start=there + 1,
                    stop=size,
                    artifact=artifact,
                    printer=run.printer_id,
                )
                there, found = size, await shop.figures()
                smallest = smallest or found
                if size != SIZES[0]:
                    for name, value in found.items():
                        unit = "MB" if "memory" in name else YARDSTICK
                        title = f"{name}, {size:,} jobs"
                        yield at_most_times(title, unit, value, smallest[name], WANTED)
    finally:
        await connection.close()
