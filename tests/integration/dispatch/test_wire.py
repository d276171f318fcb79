"""Relay, dispatch and projector as processes: what a node on the real broker gets."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.errors import TimeoutError as NatsTimeoutError

from contracts import subjects
from contracts.events import JobApproved, event_bytes
from contracts.ids import JobId, UserId
from contracts.rpc import (
    ARTIFACT_ANSWER_ADAPTER,
    CLAIM_ANSWER_ADAPTER,
    WATERMARK_ANSWER_ADAPTER,
    ArtifactAnswer,
    ArtifactRequest,
    NoJob,
    RefusalCode,
    Refused,
    RunOffer,
    WatermarkAnswer,
    WatermarkRequest,
)
from deploy.local.engines.postgres import Postgres
from deploy.local.engines.seaweedfs import SeaweedFS
from services.db import outbox
from services.provision.streams import ensure_node
from tests.builders.facts import NodeJournal, RunIds, messages_of
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.fixtures.postgres import fresh_database
from tests.fixtures.processes import run_service, service_env, storage_env
from tests.fixtures.streams import connected_node, fresh_streams
from tests.integration.dispatch.conftest import Desk, open_desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANSWER_WITHIN_S = 8.0
SILENCE_S = 0.5


@dataclass
class Node:
    """A node on its own connection, and the processes that it meets."""

    client: Client
    desk: Desk

    async def ask(self, subject: str, body: bytes) -> bytes:
        """Return the answer to a question."""
        message = await self.client.request(subject, body, timeout=ANSWER_WITHIN_S)
        return bytes(message.data)

    async def claim(self, printer_id: UUID, **changes: Any) -> RunOffer | NoJob | Refused:
        """Ask for a job."""
        question = self.desk.question(printer_id, **changes)
        body = question.model_dump_json().encode()
        answer = CLAIM_ANSWER_ADAPTER.validate_json(
            await self.ask(subjects.claim_subject("bench"), body)
        )
        assert isinstance(answer, RunOffer | NoJob | Refused), answer
        return answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def services(
    broker: Broker,
    storage: SeaweedFS,
    postgres: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[str]:
    """Relay, dispatch and projector for all tests here; yields their database."""
    folder = tmp_path_factory.mktemp("services")
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(fresh_database(postgres))
        js = await stack.enter_async_context(fresh_streams(broker))
        await ensure_node(js, "bench", ("main",))
        for name in ("relay", "dispatch", "projector"):
            env = service_env(name, url, broker) | storage_env(storage)
            await stack.enter_async_context(run_service(name, env, folder))
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(services: str, broker: Broker) -> AsyncIterator[Node]:
    """A connected node."""
    async with open_desk(services) as desk, connected_node(broker, "bench") as client:
        yield Node(client, desk)


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_left(node: Node) -> None:
    """Withdraw what an earlier test left in the queue."""
    await node.desk.connection.execute("UPDATE job SET state = 'withdrawn'")


async def approve(desk: Desk, job_id: UUID) -> None:
    """Ring for a job as an approval does."""
    event = JobApproved(
        id=uuid4(),
        occurred_at=datetime.now(UTC),
        correlation_id=uuid4(),
        job_id=JobId(job_id),
        owner_id=UserId(desk.shop.owner_id),
        by=UserId(desk.shop.owner_id),
        queue="main",
        not_before=None,
    )
    async with desk.sessions() as session, session.begin():
        await outbox.add_event(session, event)


async def hear_bell(client: Client, subject: str) -> None:
    """Return when the bell with this subject was heard; ack all."""
    consumer = await client.jetstream().pull_subscribe_bind(
        consumer=subjects.bell_consumer("bench"), stream=subjects.JOBS.name
    )
    heard = ""
    while heard != subject:
        (bell,) = await consumer.fetch(1, timeout=ANSWER_WITHIN_S)
        await bell.ack()
        heard = bell.subject
    await consumer.unsubscribe()


async def test_bell_claim_facts_and_the_next_claim(node: Node) -> None:
    desk, journal = node.desk, NodeJournal()
    printer = await desk.shop.printer("01S00C000000001")
    first, second = await desk.shop.job(), await desk.shop.job()
    await approve(desk, first)
    await hear_bell(node.client, f"job.approved.main.{first}")
    own = {"journal_id": journal.journal_id}
    offer = await node.claim(printer, **own)
    assert isinstance(offer, RunOffer)
    run = RunIds(offer.run_id, offer.spec.job_id, printer)
    js = node.client.jetstream()
    for message in messages_of(journal.whole_print(run)):
        await js.publish(message.subject, message.body)
    # The claim names the last fact: it waits until the end of the run is projected.
    offer = await node.claim(printer, **own, node_seq=journal.node_seq)
    assert isinstance(offer, RunOffer)
    assert offer.spec.job_id == second
    assert (await desk.row("run", run.run_id))["state"] == "done"
    types = await desk.connection.fetch("SELECT type FROM event_log WHERE job_id = $1", first)
    assert {row["type"] for row in types} > {"job.approved", "job.claimed", "job.done"}


async def test_released_run_rings_again(node: Node) -> None:
    desk, journal = node.desk, NodeJournal()
    printer = await desk.shop.printer("01S00C000000002")
    job = await desk.shop.job()
    offer = await node.claim(printer, journal_id=journal.journal_id)
    assert isinstance(offer, RunOffer)
    run = RunIds(offer.run_id, job, printer)
    js = node.client.jetstream()
    for message in messages_of([journal.transferring(run), journal.released(run)]):
        await js.publish(message.subject, message.body)
    await hear_bell(node.client, f"job.requeued.main.{job}")
    again = await node.claim(printer, journal_id=journal.journal_id, node_seq=2)
    assert isinstance(again, RunOffer)
    assert (again.spec.job_id, again.run_no) == (job, 2)


async def test_watermark_and_fresh_url(node: Node) -> None:
    desk, journal = node.desk, NodeJournal()
    printer = await desk.shop.printer("01S00C000000003")
    await desk.shop.job()
    offer = await node.claim(printer, journal_id=journal.journal_id)
    assert isinstance(offer, RunOffer)
    question = ArtifactRequest(node="bench", run_id=offer.run_id)
    answer = ARTIFACT_ANSWER_ADAPTER.validate_json(
        await node.ask(subjects.artifact_subject("bench"), question.model_dump_json().encode())
    )
    assert isinstance(answer, ArtifactAnswer)
    assert answer.artifact.sha256 == offer.artifact.sha256
    fact = journal.transferring(RunIds(offer.run_id, offer.spec.job_id, printer))
    await node.client.jetstream().publish("edge.bench.run.transferring", event_bytes(fact))
    asked = WatermarkRequest(node="bench", journal_id=fact.journal_id)

    async def is_confirmed() -> bool:
        mark = WATERMARK_ANSWER_ADAPTER.validate_json(
            await node.ask(subjects.watermark_subject("bench"), asked.model_dump_json().encode())
        )
        return isinstance(mark, WatermarkAnswer) and mark.contiguous_seq == 1

    await eventually(is_confirmed)


async def test_lies_and_nonsense_get_nothing(node: Node) -> None:
    printer = await node.desk.shop.printer("01S00C000000004")
    await node.desk.shop.job()
    claimed = await node.desk.told("job.claimed")
    lie = await node.claim(printer, node="other")
    assert isinstance(lie, Refused)
    assert lie.code is RefusalCode.MALFORMED
    body = node.desk.question(printer).model_dump_json().encode()
    await node.client.publish("rpc.bench.claim", body)
    with pytest.raises(NatsTimeoutError):
        await node.client.request("rpc.other.claim", body, timeout=SILENCE_S)
    assert await node.desk.told("job.claimed") == claimed
    for nonsense in (b"", b"\xff", b"{}", b'{"claim_id": 1}'):
        answer = CLAIM_ANSWER_ADAPTER.validate_json(await node.ask("rpc.bench.claim", nonsense))
        assert isinstance(answer, Refused)
        assert answer.code is RefusalCode.MALFORMED


async def test_database_away_is_said(node: Node, services: str, postgres: Postgres) -> None:
    printer = await node.desk.shop.printer("01S00C000000005")
    name = urlsplit(services).path[1:]
    control = await asyncpg.connect(postgres.url("postgres"))
    try:
        await control.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await control.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        answer = await node.claim(printer)
        assert isinstance(answer, Refused)
        assert answer.code is RefusalCode.UNAVAILABLE
        await control.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

        async def answers_again() -> bool:
            return isinstance(await node.claim(printer), NoJob)

        await eventually(answers_again, within_s=15)
    finally:
        await control.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await control.close()
