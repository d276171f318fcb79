"""The read model made again from a million events, against a bare COPY of the same rows."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

from contracts.events import JobClaimed, event_bytes
from contracts.ids import ClaimId, CorrelationId, EventId, JobId, PrinterId, RunId, UserId
from deploy.local.engines.postgres import run_postgres
from services.db.migrate import upgrade
from tests.bench.bus import begin_prints, execute
from tests.bench.floors.copying import copy_again
from tests.bench.row import Rows, at_least, open_folder
from tests.builders.facts import NodeJournal, RunIds
from tests.builders.past import add_done_jobs
from tests.builders.rows import now

EVENTS = 1_000_000
WANTED = 0.2
WITHIN_S = 900.0
_DATABASE = "bench"
_PAST = """
INSERT INTO event_log (event_id, type, v, node, journal_id, node_seq, job_id, run_id, run_seq,
                       printer_id, occurred_at, received_at, body)
SELECT told.id, told.body ->> 'type', 1, p.node,
       CASE WHEN told.seq > 0 THEN run.journal_id END, nullif(told.seq, 0), run.job_id, run.id,
       nullif(told.seq, 0), run.printer_id, now(), now(),
       told.body || jsonb_build_object(
           'id', told.id, 'job_id', run.job_id, 'run_id', run.id, 'journal_id', run.journal_id,
           'printer_id', run.printer_id)
FROM run
JOIN printer AS p ON p.id = run.printer_id
CROSS JOIN LATERAL (
    SELECT md5(run.id::text || place)::uuid AS id, place - 1 AS seq, body
    FROM unnest($1::jsonb[]) WITH ORDINALITY AS t (body, place)
) AS told
WHERE run.state = 'done'
"""


async def measure() -> Rows:
    """Yield the row of a rebuild, as events a second."""
    with open_folder() as folder:
        async with _past(folder) as url:
            copied_s = await copy_again(url, folder / "event_log.bin")
            began = time.perf_counter()
            said = await _rebuild(url)
            took = time.perf_counter() - began
        count = int(said.split(" events read")[0].split()[-1])
    name = f"rebuild from {count:,} events"
    yield at_least(name, count / took, count / copied_s, WANTED)


async def _rebuild(url: str) -> str:
    """Run `layerline rebuild`; return what it said."""
    command = (sys.executable, "-c", "from services.cli.main import main; main(['rebuild'])")
    process = await asyncio.create_subprocess_exec(
        *command, env={"LAYERLINE_DATABASE_URL": url}, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(WITHIN_S):
        said, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(said.decode())
    return said.decode()


@asynccontextmanager
async def _past(folder: Path) -> AsyncIterator[str]:
    """Yield a database with a log of whole prints, each in a journal of its own."""
    async with run_postgres(folder / "postgres") as postgres:
        await execute(postgres, f"CREATE DATABASE {_DATABASE}")
        url = postgres.url(_DATABASE)
        await asyncio.to_thread(upgrade, url)
        (one,) = await begin_prints(url, 1, 1)
        connection = await asyncpg.connect(url, command_timeout=None)
        try:
            bodies = _bodies(one.run)
            artifact = await connection.fetchval("SELECT id FROM artifact")
            count = EVENTS // len(bodies)
            await add_done_jobs(
                connection, start=1, stop=count, artifact=artifact, printer=one.run.printer_id
            )
            await connection.execute("UPDATE run SET journal_id = id WHERE state = 'done'")
            await connection.execute(_PAST, bodies)
        finally:
            await connection.close()
        yield url


def _bodies(run: RunIds) -> list[str]:
    """Return what a whole print says, beginning with its claim."""
    claimed = JobClaimed(
        id=EventId(uuid4()),
        occurred_at=now(),
        correlation_id=CorrelationId(uuid4()),
        job_id=JobId(run.job_id),
        owner_id=UserId(uuid4()),
        run_id=RunId(run.run_id),
        run_no=1,
        claim_id=ClaimId(uuid4()),
        sid=1,
        printer_id=PrinterId(run.printer_id),
        printer_epoch=1,
        node="node0",
        journal_id=UUID(int=0),
        releases_before=0,
        deadline_at=now(),
    )
    facts = NodeJournal("node0").whole_print(run, range(101))
    bodies = [json.loads(event_bytes(event)) for event in (claimed, *facts)]
    return [json.dumps(body) for body in bodies]
