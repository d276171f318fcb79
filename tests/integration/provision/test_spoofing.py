"""A stolen node and the reply field, which no permission covers: no answer lands anywhere."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from contracts.ids import printer_id_of
from contracts.subjects import (
    COMMANDS,
    EDGE,
    JOBS,
    PROJECTOR_EDGE,
    PROJECTOR_JOBS,
    TELEMETRY_ALL,
    command_subject,
)
from tests.fixtures.nats import Broker
from tests.fixtures.streams import connected
from tests.integration.provision.conftest import NODE, OTHER
from tests.integration.provision.listening import Visitor, visiting

WITHIN_S = 5
MY_NEXT_COMMAND = f"$JS.API.CONSUMER.MSG.NEXT.COMMANDS.command_{NODE}"
NO_WAIT = json.dumps({"no_wait": True, "batch": 1}).encode()
PRINTER = printer_id_of("01P00A000000001")
WAYS = ["pull", "ack", "puback"]
"""What the broker answers: a pull that finds nothing, an ack that asks for it, a publication."""
SPOOFED_REPLIES = [
    f"command.{OTHER}.{PRINTER}",
    f"command.{NODE}.{PRINTER}",
    "job.approved.main.x",
    "job.requeued.main.x",
    "artifact.uploaded.x",
    f"node.revoked.{OTHER}",
    f"edge.{OTHER}.printer.online",
    f"edge.{NODE}.printer.offline",
    f"rpc.{OTHER}.claim",
    f"telemetry.{OTHER}.printer",
    f"live.{OTHER}.camera",
    f"_INBOX_{OTHER}.x",
    "$SYS.REQ.CLAIMS.UPDATE",
    "$JS.API.STREAM.DELETE.EDGE",
    "$JS.API.STREAM.PURGE.COMMANDS",
    f"$JS.API.CONSUMER.DELETE.COMMANDS.command_{OTHER}",
    f"$JS.API.CONSUMER.MSG.NEXT.COMMANDS.command_{OTHER}",
    "$JS.API.CONSUMER.MSG.NEXT.JOBS.projector_jobs",
    "$JS.API.CONSUMER.MSG.NEXT.EDGE.projector_edge",
]
MY_FACT = f"edge.{NODE}.printer.online"


async def bodies(js: JetStreamContext, stream: str) -> list[tuple[str, bytes]]:
    """Return subject and body of everything in a stream."""
    info = await js.stream_info(stream)
    found = []
    for number in range(max(info.state.first_seq, 1), info.state.last_seq + 1):
        message = await js.get_msg(stream, number)
        found.append((message.subject or "", message.data or b""))
    return found


async def numbers(js: JetStreamContext) -> dict[str, tuple[int, ...]]:
    """Return, by consumer of somebody else, what is delivered, acked and asked for."""
    found: dict[str, tuple[int, ...]] = {}
    for stream, name in (
        (COMMANDS.name, f"command_{OTHER}"),
        (JOBS.name, f"bell_{OTHER}"),
        (JOBS.name, PROJECTOR_JOBS),
        (EDGE.name, PROJECTOR_EDGE),
    ):
        info = await js.consumer_info(stream, name)
        assert info.delivered is not None
        assert info.ack_floor is not None
        found[name] = (
            info.delivered.consumer_seq,
            info.ack_floor.consumer_seq,
            info.num_waiting or 0,
            info.num_ack_pending or 0,
        )
    return found


@asynccontextmanager
async def a_thief(broker: Broker) -> AsyncIterator[tuple[Visitor, Msg]]:
    """Yield a node that took one command, and the command."""
    async with connected(broker, "relay") as relay:
        await relay.jetstream().publish(command_subject(OTHER, PRINTER), b"theirs")
        await relay.jetstream().publish(command_subject(NODE, PRINTER), b"mine")
        await relay.jetstream().publish("job.approved.main.x", b"ring")
    creds = broker.keys.node_creds(NODE)
    async with visiting(broker.url, creds, inbox_prefix=f"_INBOX_{NODE}") as thief:
        mine = await thief.client.jetstream().pull_subscribe_bind(f"command_{NODE}", COMMANDS.name)
        (message,) = await mine.fetch(1, timeout=WITHIN_S)
        yield thief, message


async def have_answered(thief: Visitor, taken: Msg, way: str, reply: str) -> None:
    """Have the broker send an answer to `reply`, and all answers before it arrive."""
    asked = {
        "pull": (MY_NEXT_COMMAND, NO_WAIT),
        "ack": (taken.reply, b""),
        "puback": (MY_FACT, b"{}"),
    }
    subject, body = asked[way]
    await thief.client.publish(subject, body, reply=reply)
    # The broker does one thing of a connection after the other: what comes back now, came after.
    await thief.client.jetstream().publish(MY_FACT, b"{}", timeout=WITHIN_S)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reply", SPOOFED_REPLIES)
async def test_answer_to_a_spoofed_reply_reaches_nobody(
    broker: Broker, js: JetStreamContext, reply: str, way: str
) -> None:
    heard: list[str] = []

    async def hear(message: Msg) -> None:
        heard.append(message.subject)

    async with connected(broker, "api") as api, connected(broker, "dispatch") as dispatch:
        await api.subscribe(TELEMETRY_ALL, cb=hear)
        await dispatch.subscribe("rpc.*.claim", cb=hear)
        await asyncio.gather(api.flush(), dispatch.flush())
        async with a_thief(broker) as (thief, taken):
            before = await numbers(js)
            await have_answered(thief, taken, way, reply)
        await asyncio.gather(api.flush(), dispatch.flush())
    assert heard == []
    assert await numbers(js) == before
    facts = 2 if way == "puback" else 1
    assert await bodies(js, EDGE.name) == [(MY_FACT, b"{}")] * facts
    assert len(await bodies(js, COMMANDS.name)) == 2
    assert len(await bodies(js, JOBS.name)) == 1


@pytest.mark.parametrize("way", WAYS)
async def test_reply_that_is_an_ack_is_refused(
    broker: Broker, js: JetStreamContext, way: str
) -> None:
    creds = broker.keys.node_creds(OTHER)
    async with a_thief(broker) as (thief, taken):
        async with visiting(broker.url, creds, inbox_prefix=f"_INBOX_{OTHER}") as victim:
            theirs = await victim.client.jetstream().pull_subscribe_bind(
                f"command_{OTHER}", COMMANDS.name
            )
            (message,) = await theirs.fetch(1, timeout=WITHIN_S)
        before = await numbers(js)
        await have_answered(thief, taken, way, message.reply)
        assert any("publish with reply" in error for error in thief.errors)
    assert await numbers(js) == before
