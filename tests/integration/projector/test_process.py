"""The projector as a process, between a real broker and a real Postgres."""

import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from nats.js import JetStreamContext
from nats.js.api import Header

from contracts.events import AnyEvent
from contracts.subjects import EDGE, PROJECTOR_EDGE
from deploy.local.engines.nats import run_nats
from deploy.local.process import free_port
from services.projector.main import ConsumerMissing, find_consumers
from services.provision.keys import Keys
from tests.builders.facts import BENCH_JOURNAL, NodeJournal, RunIds, messages_of
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.fixtures.processes import run_service, service_env
from tests.fixtures.streams import connected_node, fresh_streams
from tests.integration.projector.conftest import Projection

PROMPT_S = 1.0


@pytest_asyncio.fixture
async def streams(broker: Broker) -> AsyncIterator[JetStreamContext]:
    """Empty streams."""
    async with fresh_streams(broker) as js:
        yield js


async def publish(broker: Broker, events: Sequence[AnyEvent]) -> None:
    """Publish facts as their node does."""
    async with connected_node(broker, "bench") as client:
        js = client.jetstream()
        for event, message in zip(events, messages_of(events), strict=True):
            await js.publish(message.subject, message.body, headers={Header.MSG_ID: str(event.id)})


async def is_done(projection: Projection, run: RunIds) -> bool:
    return bool((await projection.run(run))["state"] == "done")


async def test_facts_arrive_promptly(
    broker: Broker,
    streams: JetStreamContext,
    database_url: str,
    projection: Projection,
    claimed: RunIds,
    tmp_path: Path,
) -> None:
    facts = NodeJournal(journal_id=BENCH_JOURNAL).whole_print(claimed)
    env = service_env("projector", database_url, broker)
    async with run_service("projector", env, tmp_path):
        for place, fact in enumerate(facts, 1):
            began = time.monotonic()
            await publish(broker, [fact])
            await eventually(partial(_has_logged, projection, place))
            assert time.monotonic() - began < PROMPT_S
    assert await is_done(projection, claimed)


async def test_is_ready_only_with_its_consumers(
    broker: Broker, streams: JetStreamContext, database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    health = {"LAYERLINE_HEALTH_PORT": str(port)}
    env = {**service_env("projector", database_url, broker), **health}
    async with run_service("projector", env, tmp_path), httpx.AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{port}/readyz")
        assert answer.json()["checks"]["consumers"] == "ok"
    await find_consumers(streams)
    await streams.delete_consumer(EDGE.name, PROJECTOR_EDGE)
    with pytest.raises(ConsumerMissing, match=PROJECTOR_EDGE):
        await find_consumers(streams)


@pytest.mark.long
async def test_I15_kill_before_the_acks_repeats_nothing(
    broker: Broker,
    streams: JetStreamContext,
    database_url: str,
    projection: Projection,
    claimed: RunIds,
    tmp_path: Path,
) -> None:
    facts = NodeJournal(journal_id=BENCH_JOURNAL).whole_print(claimed, range(101))
    env = service_env("projector", database_url, broker)
    async with run_service("projector", env, tmp_path) as process:
        await publish(broker, facts[:60])
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    await publish(broker, facts[60:])
    async with run_service("projector", env, tmp_path):
        await eventually(lambda: is_done(projection, claimed), within_s=15)

        async def nothing_is_pending() -> bool:
            info = await streams.consumer_info(EDGE.name, PROJECTOR_EDGE)
            return not info.num_pending and not info.num_ack_pending

        await eventually(nothing_is_pending, within_s=15)
    assert await projection.count("event_log") == len(facts)
    assert await projection.count("dead_letter") == 0


@pytest.mark.long
async def test_second_projector_waits_for_the_first(
    broker: Broker,
    streams: JetStreamContext,
    database_url: str,
    projection: Projection,
    claimed: RunIds,
    tmp_path: Path,
) -> None:
    facts = NodeJournal(journal_id=BENCH_JOURNAL).whole_print(claimed)
    env = service_env("projector", database_url, broker)
    (tmp_path / "second").mkdir()
    async with (
        run_service("projector", env, tmp_path) as first,
        run_service("projector", env, tmp_path / "second", probe="/livez"),
    ):
        await publish(broker, facts[:3])
        await eventually(lambda: _has_logged(projection, 3))
        os.kill(first.pid, signal.SIGKILL)
        await first.wait()
        await publish(broker, facts[3:])
        await eventually(lambda: is_done(projection, claimed), within_s=15)
    assert await projection.count("event_log") == len(facts)


@pytest.mark.long
async def test_database_away_loses_nothing(
    broker: Broker,
    streams: JetStreamContext,
    database_url: str,
    projection: Projection,
    claimed: RunIds,
    tmp_path: Path,
) -> None:
    facts = NodeJournal(journal_id=BENCH_JOURNAL).whole_print(claimed)
    env = service_env("projector", database_url, broker)
    async with run_service("projector", env, tmp_path):
        await publish(broker, facts[:2])
        await eventually(lambda: _has_logged(projection, 2))
        await projection.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND application_name = '' AND query LIKE '%'"
        )
        await publish(broker, facts[2:])
        await eventually(lambda: is_done(projection, claimed), within_s=20)
    assert await projection.count("event_log") == len(facts)


async def _has_logged(projection: Projection, count: int) -> bool:
    return await projection.count("event_log") == count


@pytest.mark.long
async def test_broker_killed_and_back(
    database_url: str, projection: Projection, claimed: RunIds, tmp_path: Path
) -> None:
    keys = Keys(tmp_path / "keys")
    folder, port = tmp_path / "nats", free_port()
    facts = NodeJournal(journal_id=BENCH_JOURNAL).whole_print(claimed)
    async with run_nats(folder, keys.trust(), port=port) as server:
        broker = Broker(server, keys)
        async with fresh_streams(broker):
            pass  # they stay; a connection of our own would outlive this broker
        async with AsyncExitStack() as stack:
            env = service_env("projector", database_url, broker)
            await stack.enter_async_context(run_service("projector", env, tmp_path))
            await publish(broker, facts[:3])
            await eventually(lambda: _has_logged(projection, 3))
            os.kill(server.process.pid, signal.SIGKILL)
            await server.process.wait()
            async with run_nats(folder, keys.trust(), port=port) as again:
                await publish(Broker(again, keys), facts[3:])
                await eventually(lambda: is_done(projection, claimed), within_s=15)
                await stack.aclose()
    assert await projection.count("event_log") == len(facts)
