"""Three brokers, every stream on all of them: one may die at any moment."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import Header

from contracts.events import JobProgress, JobRequeued, event_bytes
from contracts.ids import CorrelationId, EventId, JobId, UserId
from contracts.subjects import EDGE, JOBS, STREAMS, event_subject, inbox_prefix
from contracts.waiting import RequeueReason
from deploy.local.engines.postgres import Postgres
from runtime.nats import connect_nats
from services.db.channels import OUTBOX
from services.provision.main import JETSTREAM_WITHIN_S
from services.provision.streams import ensure_node, ensure_streams, wait_for_jetstream
from tests.bench.bus import begin_prints
from tests.builders.facts import message_of
from tests.builders.rows import now
from tests.eventually import eventually
from tests.fixtures.cluster import Cluster, run_cluster
from tests.fixtures.postgres import fresh_database
from tests.fixtures.processes import run_service

NODE = "node0"
FACTS, BELLS = 300, 100
KILL_AT = 100
PUBLISH_TIMEOUT_S = 2.0
CAUGHT_UP_WITHIN_S = 30.0
_OUTBOX = """
INSERT INTO outbox (id, subject, headers, body, created_at) VALUES ($1, $2, '{}', $3, now())
"""

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@pytest_asyncio.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    """Three servers."""
    async with run_cluster(tmp_path / "cluster") as running:
        yield running


@pytest_asyncio.fixture
async def admin(cluster: Cluster) -> AsyncIterator[JetStreamContext]:
    """Our streams on each of them, and one node; everything is allowed."""
    client = await connect_nats(
        cluster.url, cluster.keys.service_creds("provision"), name="provision"
    )
    try:
        streams = client.jetstream()
        await wait_for_jetstream(streams, within_s=JETSTREAM_WITHIN_S)
        await ensure_streams(streams, replicas=3)
        await ensure_node(streams, NODE, ("main",))
        await cluster.wait_well()
        yield streams
    finally:
        await client.close()


@pytest.mark.parametrize("stream", [EDGE.name, JOBS.name])
async def test_one_server_dies_and_nothing_is_lost(
    cluster: Cluster, admin: JetStreamContext, postgres: Postgres, tmp_path: Path, stream: str
) -> None:
    """The one that leads a stream dies while facts and bells come in; relay and projector go on."""
    async with fresh_database(postgres) as database_url:
        (one,) = await begin_prints(database_url, 1, 1)
        facts = [one.progress(n % 100) for n in range(FACTS)]
        connection = await asyncpg.connect(database_url)
        node = await _connect_node(cluster)
        try:
            async with (
                run_service("relay", _env(cluster, "relay", database_url), tmp_path),
                run_service("projector", _env(cluster, "projector", database_url), tmp_path),
            ):
                await _ring(connection)
                await _publish(node, facts[:KILL_AT])
                dead = cluster.named(await _leader(admin, stream))
                await asyncio.gather(dead.kill(), _publish(node, facts[KILL_AT:]))
                await _ring(connection)
                await eventually(lambda: _all_taken_in(connection), within_s=60)
                await dead.start()
                await cluster.wait_well()
                await _all_is_on_three(admin)
        finally:
            await node.close()
            await connection.close()


async def _connect_node(cluster: Cluster) -> Client:
    creds = cluster.keys.node_creds(NODE)
    return await connect_nats(cluster.url, creds, name=NODE, inbox_prefix=inbox_prefix(NODE))


def _env(cluster: Cluster, service: str, database_url: str) -> dict[str, str]:
    return {
        "LAYERLINE_LOG_FORMAT": "json",
        "LAYERLINE_DATABASE_URL": database_url,
        "LAYERLINE_NATS_URL": cluster.url,
        "LAYERLINE_NATS_CREDS": str(cluster.keys.service_creds(service)),
    }


async def _ring(connection: asyncpg.Connection) -> None:
    for _ in range(BELLS):
        bell = JobRequeued(
            id=EventId(uuid4()),
            occurred_at=now(),
            correlation_id=CorrelationId(uuid4()),
            job_id=JobId(uuid4()),
            owner_id=UserId(uuid4()),
            queue="main",
            reason=RequeueReason.MOVED,
        )
        await connection.execute(_OUTBOX, bell.id, event_subject(bell), event_bytes(bell))
    await connection.execute(f"NOTIFY {OUTBOX}")


async def _publish(node: Client, facts: list[JobProgress]) -> None:
    """Publish as a node does: again with the same id until it is confirmed."""
    for fact in facts:
        message = message_of(fact)
        while True:
            try:
                await node.jetstream().publish(
                    message.subject,
                    message.body,
                    timeout=PUBLISH_TIMEOUT_S,
                    headers={Header.MSG_ID.value: str(fact.id)},
                )
            except (NatsError, TimeoutError):
                await asyncio.sleep(0.05)
            else:
                break


async def _all_taken_in(connection: asyncpg.Connection) -> bool:
    waiting = await connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
    mark = await connection.fetchval("SELECT max(contiguous_seq) FROM edge_watermark")
    facts = await connection.fetchval("SELECT count(*) FROM event_log WHERE journal_id IS NOT NULL")
    return (waiting, mark, facts) == (0, FACTS, FACTS)


async def _leader(admin: JetStreamContext, stream: str) -> str:
    cluster = (await admin.stream_info(stream)).cluster
    assert cluster is not None
    assert cluster.leader is not None
    return cluster.leader


async def _all_is_on_three(admin: JetStreamContext) -> None:
    """Each message is there once, and each stream is held by three servers that are up to date."""
    counts = {}
    for spec in STREAMS:

        async def is_on_three(name: str = spec.name) -> bool:
            cluster = (await admin.stream_info(name)).cluster
            return [peer.current for peer in (cluster and cluster.replicas) or []] == [True, True]

        # A server that came back is well before it has caught up with each stream.
        await eventually(is_on_three, within_s=CAUGHT_UP_WITHIN_S)
        counts[spec.name] = (await admin.stream_info(spec.name)).state.messages
    assert counts[EDGE.name] == FACTS
    assert counts[JOBS.name] == 2 * BELLS
