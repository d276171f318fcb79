"""The relay as a process: every committed outbox row reaches the stream once, in order."""

import asyncio
import json
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, Header
from nats.js.errors import NotFoundError

from contracts.subjects import COMMANDS, JOBS
from services.db.channels import OUTBOX
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.fixtures.processes import run_service, service_env
from tests.fixtures.streams import connected, drop_streams, fresh_streams

KILLS = 5


class Outbox:
    """The table as its writers and tests use it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def add(
        self, count: int, *, subject: str = "job.submitted.x", body: bytes = b"{}"
    ) -> list[UUID]:
        """Commit rows; return their ids in order."""
        ids = [uuid4() for _ in range(count)]
        async with self.connection.transaction():
            await self.connection.executemany(
                "INSERT INTO outbox (id, subject, headers, body, created_at) "
                "VALUES ($1, $2, '{}', $3, now())",
                [(message_id, subject, body) for message_id in ids],
            )
            await self.connection.execute(f"NOTIFY {OUTBOX}")
        return ids

    async def unpublished(self) -> int:
        """Return how many rows wait."""
        return int(
            await self.connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        )

    async def is_empty(self) -> bool:
        return await self.unpublished() == 0


@pytest_asyncio.fixture
async def streams(broker: Broker) -> AsyncIterator[JetStreamContext]:
    """Empty streams."""
    async with fresh_streams(broker) as js:
        yield js


@pytest_asyncio.fixture
async def outbox(database_url: str) -> AsyncIterator[Outbox]:
    """An empty outbox."""
    connection = await asyncpg.connect(database_url)
    try:
        yield Outbox(connection)
    finally:
        await connection.close()


async def stored(js: JetStreamContext, stream: str) -> list[UUID]:
    """Return the message ids in a stream, in its order."""
    info = await js.stream_info(stream)
    if not info.state.messages:
        return []
    config = ConsumerConfig(ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.ALL)
    reader = await js.pull_subscribe(">", stream=stream, config=config)
    found: list[UUID] = []
    while len(found) < info.state.messages:
        messages = await reader.fetch(500, timeout=5)
        found += [UUID((message.headers or {})[Header.MSG_ID]) for message in messages]
    await reader.unsubscribe()
    return found


async def test_rows_reach_their_streams_in_order(
    broker: Broker, streams: JetStreamContext, database_url: str, outbox: Outbox, tmp_path: Path
) -> None:
    env = service_env("relay", database_url, broker)
    before = await outbox.add(700)
    async with run_service("relay", env, tmp_path):
        after = await outbox.add(3)
        commands = await outbox.add(2, subject=f"command.bench.{uuid4()}")
        await eventually(outbox.is_empty)
    assert await stored(streams, JOBS.name) == before + after
    assert await stored(streams, COMMANDS.name) == commands


async def test_I2_row_published_but_not_marked_is_stored_once(
    broker: Broker, streams: JetStreamContext, database_url: str, outbox: Outbox, tmp_path: Path
) -> None:
    ids = await outbox.add(3)
    # What a relay leaves behind that was killed between the PubAck and its UPDATE.
    async with connected(broker, "relay") as client:
        js, headers = client.jetstream(), {Header.MSG_ID.value: str(ids[0])}
        await js.publish("job.submitted.x", b"{}", headers=headers)
    async with run_service("relay", service_env("relay", database_url, broker), tmp_path):
        await eventually(outbox.is_empty)
    assert await stored(streams, JOBS.name) == ids


@pytest.mark.long
async def test_I2_killed_again_and_again_it_loses_and_repeats_nothing(
    broker: Broker, streams: JetStreamContext, database_url: str, outbox: Outbox, tmp_path: Path
) -> None:
    env = service_env("relay", database_url, broker)
    ids: list[UUID] = []
    chance = random.Random(7)
    for _ in range(KILLS):
        async with run_service("relay", env, tmp_path) as process:
            ids += await outbox.add(400)
            await asyncio.sleep(chance.uniform(0.0, 0.15))  # somewhere among its publishes
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
    async with run_service("relay", env, tmp_path):
        await eventually(outbox.is_empty, within_s=10)
    found = await stored(streams, JOBS.name)
    assert len(found) == len(set(found)), "a message is stored twice"
    assert set(found) == set(ids)


@pytest.mark.long
async def test_lost_streams_hold_everything_until_they_are_back(
    broker: Broker, streams: JetStreamContext, database_url: str, outbox: Outbox, tmp_path: Path
) -> None:
    await drop_streams(streams)
    env = service_env("relay", database_url, broker)
    # Not ready: what it publishes to is not there.
    async with run_service("relay", env, tmp_path, probe="/livez"):
        ids = await outbox.add(5)
        await eventually(lambda: _is_in(tmp_path / "relay.log", "outbox_publish_failed"))
        assert await outbox.unpublished() == len(ids)
        async with fresh_streams(broker) as again:
            await eventually(outbox.is_empty, within_s=15)
            assert await stored(again, JOBS.name) == ids


async def test_message_that_no_stream_takes_holds_nothing_up(
    broker: Broker, streams: JetStreamContext, database_url: str, outbox: Outbox, tmp_path: Path
) -> None:
    await outbox.add(1, body=b"x" * 1_100_000)
    async with run_service("relay", service_env("relay", database_url, broker), tmp_path):
        ids = await outbox.add(3)
        await eventually(lambda: _has_stored(streams, 3))
        assert await stored(streams, JOBS.name) == ids

        async def only_that_is_left() -> bool:
            return await outbox.unpublished() == 1

        await eventually(only_that_is_left)
    stuck = [
        line
        for line in (tmp_path / "relay.log").read_text().splitlines()
        if json.loads(line)["event"] == "outbox_message_stuck"
    ]
    assert len(stuck) == 1


async def test_what_was_published_long_ago_is_deleted(
    broker: Broker, streams: JetStreamContext, database_url: str, outbox: Outbox, tmp_path: Path
) -> None:
    old, recent = await outbox.add(2)
    for message_id, days in ((old, 8), (recent, 6)):
        await outbox.connection.execute(
            "UPDATE outbox SET published_at = now() - make_interval(days => $2) WHERE id = $1",
            message_id,
            days,
        )
    async with run_service("relay", service_env("relay", database_url, broker), tmp_path):

        async def only_recent() -> bool:
            rows = await outbox.connection.fetch("SELECT id FROM outbox")
            return [row["id"] for row in rows] == [recent]

        await eventually(only_recent)


@pytest.mark.long
async def test_second_relay_takes_over(
    broker: Broker, streams: JetStreamContext, database_url: str, outbox: Outbox, tmp_path: Path
) -> None:
    env = service_env("relay", database_url, broker)
    (tmp_path / "second").mkdir()
    async with (
        run_service("relay", env, tmp_path) as first,
        run_service("relay", env, tmp_path / "second"),
    ):
        ids = await outbox.add(5)
        await eventually(outbox.is_empty)
        os.kill(first.pid, signal.SIGKILL)
        await first.wait()
        ids += await outbox.add(5)
        await eventually(outbox.is_empty, within_s=10)
    assert await stored(streams, JOBS.name) == ids


async def _is_in(log_file: Path, event: str) -> bool:
    return event in await asyncio.to_thread(log_file.read_text)


async def _has_stored(js: JetStreamContext, count: int) -> bool:
    try:
        return (await js.stream_info(JOBS.name)).state.messages == count
    except NotFoundError:
        return False
