"""Faults of the broker's messages: again, late, in another order, or with nobody to take them."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import NotFoundError

from contracts.commands import Command, CommandKind
from contracts.ids import CommandId, CorrelationId
from contracts.subjects import (
    COMMANDS,
    EDGE,
    INSPECTOR,
    JOBS,
    PROJECTOR_EDGE,
    PROJECTOR_JOBS,
    bell_consumer,
    command_consumer,
    command_subject,
    fact_subject,
    inbox_prefix,
)
from runtime.nats import connect_nats
from services.provision.keys import Keys
from services.relay.publishing import stream_of
from tests.chaos.world import NODE, World

MANY = 40
COPIES = 3
CONSUMERS = (
    (JOBS.name, PROJECTOR_JOBS),
    (EDGE.name, PROJECTOR_EDGE),
    (JOBS.name, INSPECTOR),
    (JOBS.name, bell_consumer(NODE)),
    (COMMANDS.name, command_consumer(NODE)),
)


async def delete_consumer(world: World, chance: random.Random) -> list[float]:
    """Somebody deletes a durable consumer."""
    stream, consumer = chance.choice(CONSUMERS)
    async with _jetstream(world, "provision") as js:
        try:
            await js.delete_consumer(stream, consumer)
        except NotFoundError:
            return []  # an earlier fault's work, not mended yet
    return []


async def tell_facts_again(world: World, chance: random.Random) -> list[float]:
    """The node's facts of before come again, several times, shuffled, as new messages."""
    with world.journal() as journal:
        facts = journal.execute(
            "SELECT type, body FROM fact ORDER BY node_seq DESC LIMIT ?", (MANY,)
        ).fetchall()
    again = [fact for fact in facts for _ in range(chance.randint(1, COPIES))]
    chance.shuffle(again)
    async with _jetstream(world, NODE) as js:
        for kind, body in again:
            await _publish(js, fact_subject(NODE, kind), body, EDGE.name)
    return []


async def send_old_messages(world: World, chance: random.Random) -> list[float]:
    """Bells, commands and events of before come again, shuffled, as new messages."""
    connection = await world.connect()
    try:
        rows = await connection.fetch(
            "SELECT subject, body FROM outbox WHERE published_at IS NOT NULL ORDER BY seq"
        )
    finally:
        await connection.close()
    old = [(row["subject"], row["body"]) for row in rows]
    again = chance.sample(old, min(MANY, len(old)))
    async with _jetstream(world, "relay") as js:
        for subject, body in again:
            await _publish(js, subject, body, stream_of(subject))
    return []


async def say_clear_too_late(world: World, _: random.Random) -> list[float]:
    """Somebody's word that the bed is clear comes when it is another bed already."""
    connection = await world.connect()
    try:
        bed = await connection.fetchrow("SELECT printer_id, journal_id, bed_seq FROM printer_state")
        by = await connection.fetchval('SELECT id FROM "user" LIMIT 1')
    finally:
        await connection.close()
    if bed is None or bed["bed_seq"] < 2:
        return []  # there was no other bed yet
    command = Command(
        id=CommandId(uuid4()),
        kind=CommandKind.CLEAR_BED,
        node=NODE,
        journal_id=bed["journal_id"],
        printer_id=bed["printer_id"],
        run_id=None,
        bed_seq=bed["bed_seq"] - 1,
        value=None,
        by=by,
        issued_at=datetime.now(UTC),
        expires_at=None,
        correlation_id=CorrelationId(uuid4()),
    )
    subject = command_subject(NODE, command.printer_id)
    async with _jetstream(world, "relay") as js:
        await _publish(js, subject, command.model_dump_json().encode(), COMMANDS.name)
    return []


async def _publish(js: JetStreamContext, subject: str, body: bytes, stream: str) -> None:
    await js.publish(subject, body, stream=stream, headers={Header.MSG_ID: str(uuid4())})


@asynccontextmanager
async def _jetstream(world: World, who: str) -> AsyncIterator[JetStreamContext]:
    """Yield JetStream as this service or node sees it, past all proxies."""
    keys = Keys(world.data / "keys")
    is_node = who == NODE
    creds = keys.node_creds(NODE, life_s=None) if is_node else keys.service_creds(who)
    client = await connect_nats(
        f"nats://127.0.0.1:{world.state.ports['nats']}",
        creds,
        name=f"chaos {who}",
        inbox_prefix=inbox_prefix(NODE) if is_node else "_INBOX",
        exit_when_closed=False,
    )
    try:
        yield client.jetstream()
    finally:
        await client.close()


AWAY = (NatsError, OSError, TimeoutError)
"""What these faults meet when the broker is away already."""
