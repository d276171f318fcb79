"""Streams and consumers: exactly as agreed, whatever was there before."""

from dataclasses import asdict, replace

import httpx
import pytest
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType

from contracts.subjects import COMMANDS, EDGE, JOBS, STREAMS
from services.provision.streams import ensure_node, ensure_streams
from tests.fixtures.nats import Broker
from tests.fixtures.streams import connected
from tests.integration.provision.conftest import NODE, OTHER

DAY_S = 86_400
MORE_THAN_THE_SERVERS_DEFAULT = 1_001

Snapshot = dict[str, object]


async def _snapshot(js: JetStreamContext) -> Snapshot:
    """Return the settings of everything, and when it was made."""
    found: Snapshot = {}
    for spec in STREAMS:
        stream = await js.stream_info(spec.name)
        found[spec.name] = (asdict(stream.config), stream.created)
        for consumer in await js.consumers_info(spec.name):
            found[f"{spec.name}/{consumer.name}"] = (asdict(consumer.config), consumer.created)
    return found


async def test_everything_is_there(js: JetStreamContext) -> None:
    assert set(await _snapshot(js)) == {
        "JOBS",
        "EDGE",
        "COMMANDS",
        "ADVISORIES",
        "JOBS/projector_jobs",
        "JOBS/inspector",
        "EDGE/projector_edge",
        *(f"JOBS/bell_{node}" for node in (NODE, OTHER)),
        *(f"COMMANDS/command_{node}" for node in (NODE, OTHER)),
    }


@pytest.mark.parametrize("name", ["JOBS", "EDGE", "COMMANDS"])
async def test_streams_keep_facts_on_disk_for_thirty_days(js: JetStreamContext, name: str) -> None:
    config = (await js.stream_info(name)).config
    assert config.storage == StorageType.FILE
    assert config.retention == RetentionPolicy.LIMITS
    assert config.max_age == 30 * DAY_S
    assert config.duplicate_window == DAY_S
    assert config.deny_delete
    assert config.discard == "old"


async def test_limits_fit_into_the_servers_store(js: JetStreamContext, broker: Broker) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{broker.server.monitor_url}/jsz", params={"config": "true"})
    config = answer.json()["config"]
    assert config["sync_always"] is True
    assert sum(spec.max_bytes for spec in STREAMS) < config["max_storage"]


async def test_consumers_are_as_agreed(js: JetStreamContext) -> None:
    bell = (await js.consumer_info(JOBS.name, f"bell_{NODE}")).config
    assert bell.deliver_policy == DeliverPolicy.NEW
    assert bell.filter_subjects == ["job.approved.main.>", "job.requeued.main.>"]
    command = (await js.consumer_info(COMMANDS.name, f"command_{NODE}")).config
    assert command.max_ack_pending == 1
    assert command.filter_subject == f"command.{NODE}.>"
    inspector = (await js.consumer_info(JOBS.name, "inspector")).config
    assert inspector.filter_subject == "artifact.uploaded.>"
    for consumer in (bell, command):
        assert consumer.ack_wait == 5
    for spec in (JOBS, EDGE, COMMANDS):
        for info in await js.consumers_info(spec.name):
            assert info.config.ack_policy == AckPolicy.EXPLICIT
            assert info.config.max_deliver == -1
            assert info.config.durable_name == info.name


async def test_second_run_changes_nothing(js: JetStreamContext, broker: Broker) -> None:
    async with connected(broker, "relay") as relay:
        await relay.jetstream().publish("job.approved.main.x", b"kept")
    before = await _snapshot(js)
    await ensure_streams(js)
    for node in (NODE, OTHER):
        await ensure_node(js, node, ("main",))
    assert await _snapshot(js) == before
    assert (await js.stream_info(JOBS.name)).state.messages == 1


async def test_settings_that_were_changed_are_put_right(js: JetStreamContext) -> None:
    before = await _snapshot(js)
    jobs = (await js.stream_info(JOBS.name)).config
    await js.update_stream(
        replace(jobs, max_age=2.0 * DAY_S, subjects=[*(jobs.subjects or []), "x.>"])
    )
    command = (await js.consumer_info(COMMANDS.name, f"command_{NODE}")).config
    await js.add_consumer(COMMANDS.name, replace(command, max_ack_pending=9, ack_wait=60.0))
    await ensure_streams(js)
    await ensure_node(js, NODE, ("main",))
    assert await _snapshot(js) == before


@pytest.mark.parametrize("queues", [("main", "fast"), ("fast",), ()])
async def test_a_bell_follows_its_nodes_queues(
    js: JetStreamContext, queues: tuple[str, ...]
) -> None:
    await ensure_node(js, NODE, queues)
    config = (await js.consumer_info(JOBS.name, f"bell_{NODE}")).config
    filters = config.filter_subjects or [config.filter_subject]
    heard = {f"job.{kind}.{queue}.>" for queue in queues for kind in ("approved", "requeued")}
    assert set(filters) == (heard or {f"job.approved.{NODE}.none"})
    await ensure_node(js, NODE, ("main",))
    config = (await js.consumer_info(JOBS.name, f"bell_{NODE}")).config
    assert config.filter_subjects == ["job.approved.main.>", "job.requeued.main.>"]


async def test_a_new_node_hears_no_old_bells(js: JetStreamContext, broker: Broker) -> None:
    async with connected(broker, "relay") as relay:
        await relay.jetstream().publish("job.approved.main.old", b"")
        await ensure_node(js, "pi-3", ("main",))
        await relay.jetstream().publish("job.approved.main.new", b"")
    assert (await js.consumer_info(JOBS.name, "bell_pi-3")).num_pending == 1


@pytest.mark.long
async def test_nodes_may_be_many(js: JetStreamContext) -> None:
    for number in range(MORE_THAN_THE_SERVERS_DEFAULT):
        await js.add_consumer(EDGE.name, ConsumerConfig(durable_name=f"c{number}"))
    info = await js.stream_info(EDGE.name)
    assert info.state.consumer_count == MORE_THAN_THE_SERVERS_DEFAULT + 1
