"""However many jobs there are: no statement of the product reads a large table from end to end."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import pytest
from nats.aio.client import Client
from pydantic import PostgresDsn
from sqlalchemy import text

from contracts.ids import ClaimId, JournalId, PrinterId
from contracts.lifecycle import Status
from contracts.loaded import Loaded
from contracts.rpc import CLAIM_ANSWER_ADAPTER, ClaimRequest, RunOffer
from contracts.subjects import claim_subject
from deploy.local.engines.postgres import Postgres
from deploy.local.engines.seaweedfs import SeaweedFS
from runtime.settings import DatabaseSettings
from services.db.database import open_database
from services.db.prepared import Prepared
from services.db.tables.machines import PrinterState
from services.jobs.views import JobFilter, jobs_in_queue, list_jobs
from tests.builders.facts import NodeJournal, RunIds, messages_of
from tests.builders.past import add_done_jobs, add_what_went_with_them
from tests.builders.rows import LOADED
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.fixtures.plans import PlanLog
from tests.fixtures.processes import run_service, service_env, storage_env
from tests.fixtures.streams import connected_node, fresh_streams
from tests.integration.api.conftest import run_own_api
from tests.integration.api.people import Json, Someone, World
from tests.integration.api.rows import announced_printer, ready_artifact

JOBS: Final = 10_000
LARGE: Final = (
    *("job", "run", "submission", "artifact", "event_log", "outbox", "audit", "idempotency"),
    *("command", "job_comment", "run_price", "dead_letter", "session", "edge_watermark"),
)
_OPEN = "submitted,returned,queued,printing,cancelling,attention"
_LISTS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"order": "oldest"},
    {"status": _OPEN},
    *({"status": status} for status in (*_OPEN.split(","), "done", "failed")),
    {"status": "done,failed,cancelled"},
    {"q": "part"},
)
_SOME: Final = (
    frozenset({Status.SUBMITTED, Status.QUEUED, Status.PRINTING, Status.ATTENTION}),
    frozenset({Status.DONE}),
    frozenset({Status.DONE, Status.FAILED, Status.CANCELLED}),
)
ASKED, TRIED = 12, 5
"""Postgres makes so many plans that know the values before it looks for one to keep."""
_KEPT = Prepared(
    text(
        "SELECT statement, custom_plans, generic_plans FROM pg_prepared_statements "
        "WHERE statement LIKE 'SELECT job.id,%'"
    )
)
SERVICES: Final = ("relay", "projector", "dispatch")

pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True)
class Shop:
    """A shop with a long past, with an admin, a member and one printer."""

    world: World
    ada: Someone
    mia: Someone
    printer: PrinterState
    old_job: UUID
    artifact: UUID


async def test_nothing_reads_a_large_table_from_end_to_end(
    api_env: dict[str, str], postgres: Postgres, broker: Broker, storage: SeaweedFS, tmp_path: Path
) -> None:
    """A print from its upload to its end, and every page that people look at."""
    async with (
        run_own_api(api_env, postgres, tmp_path / "api.log") as env,
        World.open(env) as world,
        fresh_streams(broker),
        AsyncExitStack() as stack,
    ):
        url = env["LAYERLINE_DATABASE_URL"]
        shop = await _long_past(world, url)
        plans = PlanLog(postgres.process.log_file, url)
        await plans.begin()
        for service in SERVICES:
            own = service_env(service, url, broker) | storage_env(storage)
            await stack.enter_async_context(run_service(service, own, tmp_path))
        await stack.enter_async_context(run_service("notify", env, tmp_path))
        await _print_once(shop, broker)
        await _look_around(shop)
        await _decide(shop)
        scans = await plans.scans(LARGE)
        assert await plans.statements() > 200
    assert not scans, "\n".join(f"{scan.table}: {scan.statement}" for scan in scans)


async def test_lists_keep_one_plan(
    api_env: dict[str, str], postgres: Postgres, tmp_path: Path
) -> None:
    """A plan for each call takes longer than the call."""
    async with (
        run_own_api(api_env, postgres, tmp_path / "api.log") as env,
        World.open(env) as world,
    ):
        url = env["LAYERLINE_DATABASE_URL"]
        shop = await _long_past(world, url)
        own = JobFilter(shop.mia.id, frozenset(), "", oldest_first=False)
        everybodys = replace(own, owner_id=None)
        lists = (own, everybodys, *(replace(everybodys, statuses=some) for some in _SOME))
        settings = DatabaseSettings(database_url=PostgresDsn(url))
        async with open_database(settings, connections=1) as database:
            for _ in range(ASKED):
                for wanted in lists:
                    await list_jobs(database, wanted, after=None, limit=51)
                await jobs_in_queue(database, "main", limit=51)
            kept = await database.fetch(_KEPT)
    assert len(kept) == len(lists) + 1
    for row in kept:
        assert row["custom_plans"] <= TRIED, row["statement"]
        assert row["custom_plans"] + row["generic_plans"] == ASKED


async def _long_past(world: World, url: str) -> Shop:
    ada = await world.someone(is_admin=True, name="Ada")
    mia = await world.someone()
    printer = await announced_printer(world, activity="idle", bed="clear")
    artifact = await ready_artifact(world, mia.id)
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        await add_done_jobs(
            connection,
            start=1,
            stop=JOBS,
            artifact=artifact.id,
            printer=printer.printer_id,
            # Over some years: what is asked of a month must not read what was before.
            every=timedelta(hours=12),
        )
        await add_what_went_with_them(connection)
        old_job = await connection.fetchval("SELECT id FROM made WHERE n = $1", JOBS // 2)
    finally:
        await connection.close()
    return Shop(world, ada, mia, printer, old_job, artifact.id)


async def _print_once(shop: Shop, broker: Broker) -> None:
    """Submit, approve, claim, print to the end; look at it on the way."""
    wish = {"artifact_id": str(shop.artifact), "plates": [{"plate": 1, "copies": 2}]}
    sent = await shop.mia.post("/api/submissions", {**wish, "note": "for the door"})
    job, other = sent["jobs"]
    await _approve(shop, job)
    await _approve(shop, other)
    async with connected_node(broker, shop.printer.node) as node:
        offer = await _claim(shop, node)
        run = RunIds(offer.run_id, UUID(job["id"]), shop.printer.printer_id)
        journal = NodeJournal(shop.printer.node, shop.printer.journal_id)
        print_through = messages_of(journal.whole_print(run))
        for message in print_through[:-1]:
            await node.jetstream().publish(message.subject, message.body)
        await eventually(lambda: _is(shop, job, "printing"))
        await _look_at_queues(shop)
        await node.jetstream().publish(print_through[-1].subject, print_through[-1].body)
        await eventually(lambda: _is(shop, job, "done"))
    other = await shop.ada.get(f"/api/jobs/{other['id']}")
    await shop.ada.post(f"/api/jobs/{other['id']}/cancel")


async def _approve(shop: Shop, job: Json) -> None:
    await shop.ada.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})


async def _claim(shop: Shop, node: Client) -> RunOffer:
    request = ClaimRequest(
        claim_id=ClaimId(uuid4()),
        node=shop.printer.node,
        printer_id=PrinterId(shop.printer.printer_id),
        printer_epoch=1,
        journal_id=JournalId(shop.printer.journal_id),
        node_seq=0,
        open_runs=(),
        loaded=Loaded.model_validate(LOADED),
    )
    body = request.model_dump_json().encode()
    reply = await node.request(claim_subject(shop.printer.node), body, timeout=20)
    answer = CLAIM_ANSWER_ADAPTER.validate_json(reply.data)
    assert isinstance(answer, RunOffer), answer
    return answer


async def _is(shop: Shop, job: Json, status: str) -> bool:
    return bool((await shop.mia.get(f"/api/jobs/{job['id']}"))["status"] == status)


async def _look_at_queues(shop: Shop) -> None:
    for path in ("/api/queues", "/api/queues/main", "/api/printers", "/api/attention"):
        await shop.ada.get(path)
    await shop.mia.get(f"/api/printers/{shop.printer.printer_id}")


async def _look_around(shop: Shop) -> None:
    """Open every page of a member and of an admin that lists or counts."""
    month = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    for query in _LISTS:
        page = await shop.ada.get("/api/jobs", scope="all", **query)
        await shop.mia.get("/api/jobs", **query)
        if page["next_cursor"]:
            await shop.ada.get("/api/jobs", scope="all", cursor=page["next_cursor"], **query)
    for path in ("", "/events", "/comments", "/review", "/attention", "/follow"):
        await shop.ada.http.get(f"/api/jobs/{shop.old_job}{path}")
    await shop.mia.get("/api/jobs/summary", ended_since=month)
    await shop.ada.get("/api/jobs/summary", scope="all", ended_since=month)
    for path in ("/api/quota", "/api/me", "/api/me/sessions", "/api/me/tokens", "/api/me/notices"):
        await shop.mia.get(path)
    for path in ("/api/quotas", "/api/people", "/api/audit", "/api/nodes", "/api/settings"):
        await shop.ada.get(path)
    await shop.ada.get("/api/audit", who=str(shop.mia.id))
    await shop.ada.get("/api/audit", what="job")
    await shop.ada.get("/api/dead-letters")


async def _decide(shop: Shop) -> None:
    """Submit and decide in every way that there is."""
    wish = {"artifact_id": str(shop.artifact), "plates": [{"plate": 2, "copies": 6}]}
    jobs = (await shop.mia.post("/api/submissions", wish))["jobs"]
    words = {"version": 1, "reason": "too tall", "comment": "turn it"}
    about = [f"/api/jobs/{job['id']}" for job in jobs]
    await shop.ada.post(f"{about[0]}/reject", {"version": 1, "reason": words["reason"]})
    await shop.ada.post(f"{about[1]}/return", {"version": 1, "comment": words["comment"]})
    await shop.mia.post(f"{about[1]}/resubmit", {"version": 2, "comment": "turned"})
    await shop.mia.post(f"{about[2]}/withdraw", {"version": 1})
    await shop.mia.post(f"{about[3]}/comments", {"text": "soon?"})
    two = [{"job_id": job["id"], "version": 1} for job in jobs[3:5]]
    await shop.ada.post("/api/decisions", {"jobs": two, "decision": "approve"})
    await shop.ada.post(f"{about[3]}/take-back-approval", {"version": 2})
    queue = await shop.ada.get("/api/queues/main")
    move = {"queue": "main", "queue_version": queue["queue"]["version"], "before": None}
    await shop.ada.post(f"{about[4]}/move", move)
