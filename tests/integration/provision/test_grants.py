"""What a node and each service can and cannot do on the real broker."""

import asyncio
import base64
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import nkeys
import pytest
import pytest_asyncio
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from contracts.envelope import MAX_EVENT_BYTES
from contracts.subjects import STREAMS
from services.provision.keys import Keys
from services.trust.grants import SERVICE_GRANTS
from services.trust.nats_jwt import Grants, creds_text, make_seed, public_key, user_jwt
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.fixtures.streams import connected
from tests.integration.provision.conftest import NODE, OTHER
from tests.integration.provision.listening import (
    Visitor,
    is_admitted,
    refusals,
    visiting,
)

WITHIN_S = 5
FORBIDDEN_TO_A_NODE = [
    # other nodes: their facts, questions, telemetry, consumers, acks
    f"edge.{OTHER}.job.progress",
    f"rpc.{OTHER}.claim",
    f"telemetry.{OTHER}.printer",
    f"live.{OTHER}.camera",
    f"command.{OTHER}.printer",
    f"_INBOX_{OTHER}.answer",
    f"$JS.API.CONSUMER.MSG.NEXT.JOBS.bell_{OTHER}",
    f"$JS.API.CONSUMER.MSG.NEXT.COMMANDS.command_{OTHER}",
    f"$JS.ACK.JOBS.bell_{OTHER}.1.1.1.1.0",
    f"$JS.ACK.COMMANDS.command_{OTHER}.1.1.1.1.0",
    f"$JS.ACK._.hash.COMMANDS.command_{OTHER}.1.1.1.1.0",
    # what only services say
    "job.approved.main.x",
    "job.requeued.main.x",
    "artifact.uploaded.x",
    f"node.enrolled.{NODE}",
    "run.overdue.x",
    f"command.{NODE}.printer",
    f"live.{NODE}.camera",
    "_INBOX.services",
    # the services' consumers
    "$JS.API.CONSUMER.MSG.NEXT.JOBS.projector_jobs",
    "$JS.API.CONSUMER.MSG.NEXT.EDGE.projector_edge",
    "$JS.API.CONSUMER.MSG.NEXT.JOBS.inspector",
    "$JS.ACK.EDGE.projector_edge.1.1.1.1.0",
    # streams and consumers themselves
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.INFO.JOBS",
    "$JS.API.STREAM.DELETE.EDGE",
    "$JS.API.STREAM.PURGE.JOBS",
    "$JS.API.STREAM.UPDATE.COMMANDS",
    "$JS.API.STREAM.MSG.GET.COMMANDS",
    "$JS.API.STREAM.MSG.DELETE.EDGE",
    "$JS.API.STREAM.CREATE.MINE",
    "$JS.API.DIRECT.GET.JOBS",
    "$JS.API.CONSUMER.CREATE.JOBS",
    f"$JS.API.CONSUMER.CREATE.JOBS.bell_{NODE}",
    "$JS.API.CONSUMER.DURABLE.CREATE.COMMANDS.spy",
    f"$JS.API.CONSUMER.DELETE.COMMANDS.command_{OTHER}",
    f"$JS.API.CONSUMER.INFO.JOBS.bell_{NODE}",
    "$SYS.REQ.CLAIMS.UPDATE",
    "$SYS.REQ.SERVER.PING",
    "anything",
]
UNHEARD_BY_A_NODE = [
    ">",
    "*",
    "_INBOX.>",
    f"_INBOX_{OTHER}.>",
    "edge.>",
    f"edge.{NODE}.>",
    "job.>",
    "command.>",
    f"command.{NODE}.>",
    f"live.{OTHER}.>",
    "live.*.camera",
    "rpc.*.claim",
    f"rpc.{NODE}.claim",
    "telemetry.>",
    "$JS.EVENT.>",
    "$SYS.>",
]


JwtAndSeed = tuple[str, str]


def _jwt_and_seed(creds: Path) -> JwtAndSeed:
    jwt, seed = re.findall(r"^(eyJ\S+|SU[A-Z2-7]+)$", creds.read_text(), re.MULTILINE)
    return jwt, seed


def _rewritten(mine: JwtAndSeed, other: JwtAndSeed) -> str:
    """Return my claims with the other node's name in every subject."""
    head, claims, signature = mine[0].split(".")
    padded = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    wider = padded.replace(NODE.encode(), OTHER.encode())
    assert wider != padded
    return f"{head}.{base64.urlsafe_b64encode(wider).decode().rstrip('=')}.{signature}"


def _signed_by_myself(mine: JwtAndSeed, _: JwtAndSeed) -> JwtAndSeed:
    """Return claims to everything, signed with the only key that a node has."""
    jwt = user_jwt(
        mine[1],
        account=public_key(make_seed(nkeys.PREFIX_BYTE_ACCOUNT)),
        user=public_key(mine[1]),
        name=f"node-{OTHER}",
        grants=Grants((">",), (">",)),
        issued_at=int(time.time()),
        expires_at=None,
    )
    return jwt, mine[1]


FORGERIES: Mapping[str, Callable[[JwtAndSeed, JwtAndSeed], JwtAndSeed]] = {
    "another node's jwt, my key": lambda mine, theirs: (theirs[0], mine[1]),
    "my jwt, a new key": lambda mine, _: (mine[0], make_seed(nkeys.PREFIX_BYTE_USER)),
    "another node's subjects": lambda mine, theirs: (_rewritten(mine, theirs), mine[1]),
    "no signature": lambda mine, _: (mine[0].rpartition(".")[0] + ".", mine[1]),
    "signed by myself": _signed_by_myself,
}


@pytest_asyncio.fixture
async def node(broker: Broker, js: JetStreamContext) -> AsyncIterator[Visitor]:
    """The node pi-1 on the broker."""
    creds = broker.keys.node_creds(NODE)
    async with visiting(broker.url, creds, inbox_prefix=f"_INBOX_{NODE}") as visitor:
        yield visitor


async def _stored(js: JetStreamContext) -> dict[str, int]:
    return {spec.name: (await js.stream_info(spec.name)).state.last_seq for spec in STREAMS}


def _closing(visitor: Visitor) -> Callable[[], Awaitable[bool]]:
    async def is_closed() -> bool:
        return bool(visitor.client.is_closed)

    return is_closed


class TestNodeMay:
    async def test_hear_its_bell_and_ack_it(
        self, broker: Broker, js: JetStreamContext, node: Visitor
    ) -> None:
        async with connected(broker, "relay") as relay:
            await relay.jetstream().publish("job.approved.main.x", b"ring")
        bell = await node.client.jetstream().pull_subscribe_bind(f"bell_{NODE}", "JOBS")
        (message,) = await bell.fetch(1, timeout=WITHIN_S)
        await message.ack()

        async def is_acked() -> bool:
            info = await js.consumer_info("JOBS", f"bell_{NODE}")
            return not info.num_ack_pending and not info.num_pending

        await eventually(is_acked)
        assert await node.refused() == set()

    async def test_take_its_commands_only(self, broker: Broker, node: Visitor) -> None:
        async with connected(broker, "relay") as relay:
            await relay.jetstream().publish(f"command.{OTHER}.printer", b"theirs")
            await relay.jetstream().publish(f"command.{NODE}.printer", b"mine")
        commands = await node.client.jetstream().pull_subscribe_bind(f"command_{NODE}", "COMMANDS")
        (message,) = await commands.fetch(1, timeout=WITHIN_S)
        await message.ack_sync(timeout=WITHIN_S)
        assert message.data == b"mine"

    async def test_publish_facts_and_get_its_puback(
        self, js: JetStreamContext, node: Visitor
    ) -> None:
        ack = await node.client.jetstream().publish(f"edge.{NODE}.job.progress", b"1")
        assert (ack.stream, ack.seq) == ("EDGE", 1)

    async def test_ask_dispatch_and_hear_the_answer(self, broker: Broker, node: Visitor) -> None:
        async with connected(broker, "dispatch") as dispatch:

            async def answer(message: Msg) -> None:
                await message.respond(b"none")

            await dispatch.subscribe("rpc.*.claim", cb=answer)
            await dispatch.flush()
            answered = await node.client.request(f"rpc.{NODE}.claim", b"?", timeout=WITHIN_S)
        assert answered.data == b"none"

    async def test_tell_telemetry_and_hear_the_api(self, broker: Broker, node: Visitor) -> None:
        async with connected(broker, "api") as api:
            told = await api.subscribe("telemetry.*.>")
            heard = await node.client.subscribe(f"live.{NODE}.>")
            await asyncio.gather(api.flush(), node.client.flush())
            await node.client.publish(f"telemetry.{NODE}.printer", b"25.0")
            await api.publish(f"live.{NODE}.camera", b"lease")
            assert (await told.next_msg(timeout=WITHIN_S)).data == b"25.0"
            assert (await heard.next_msg(timeout=WITHIN_S)).data == b"lease"


class TestNodeMayNot:
    async def test_publish_anything_else(self, js: JetStreamContext, node: Visitor) -> None:
        before = await _stored(js)
        for subject in FORBIDDEN_TO_A_NODE:
            await node.client.publish(subject, b"{}", reply=f"_INBOX_{NODE}.x")
        assert await node.refused() == refusals("publish", FORBIDDEN_TO_A_NODE)
        assert await _stored(js) == before
        for other in (f"bell_{OTHER}", f"bell_{NODE}", "projector_jobs", "inspector"):
            assert (await js.consumer_info("JOBS", other)).num_waiting == 0

    async def test_listen_to_anything_else(self, node: Visitor) -> None:
        for subject in UNHEARD_BY_A_NODE:
            await node.client.subscribe(subject)
        assert await node.refused() == refusals("subscription", UNHEARD_BY_A_NODE)

    async def test_hold_more_subscriptions_than_it_needs(self, node: Visitor) -> None:
        for number in range(12):
            await node.client.subscribe(f"live.{NODE}.{number}")
        await eventually(_closing(node))

    async def test_send_more_than_an_event(self, js: JetStreamContext, node: Visitor) -> None:
        await node.client.publish(f"edge.{NODE}.job.progress", b"x" * (MAX_EVENT_BYTES + 1))
        await eventually(_closing(node))
        assert (await _stored(js))["EDGE"] == 0


@pytest.mark.parametrize(
    ("service", "subjects"),
    [
        (
            "api",
            ["job.approved.main.x", "command.pi-1.p", "edge.pi-1.x", "$JS.API.STREAM.PURGE.JOBS"],
        ),
        ("dispatch", ["job.approved.main.x", "edge.pi-1.x", "_INBOX_pi-1.unasked", "live.pi-1.x"]),
        ("projector", ["job.approved.main.x", "edge.pi-1.x", "$JS.API.STREAM.DELETE.EDGE"]),
        ("inspector", ["artifact.ready.x", "$JS.API.CONSUMER.MSG.NEXT.JOBS.projector_jobs"]),
        ("relay", ["edge.pi-1.x", "rpc.pi-1.claim", "$JS.API.STREAM.DELETE.JOBS", "live.pi-1.x"]),
        ("provision", ["job.approved.main.x", "edge.pi-1.x", "$SYS.REQ.CLAIMS.UPDATE"]),
    ],
)
@pytest.mark.asvs("V13.2.1", "V13.2.2")
async def test_service_does_its_own_work_only(
    broker: Broker, js: JetStreamContext, service: str, subjects: list[str]
) -> None:
    before = await _stored(js)
    async with visiting(broker.url, broker.keys.service_creds(service)) as visitor:
        for subject in subjects:
            await visitor.client.publish(subject, b"{}")
        await visitor.client.subscribe("_INBOX_pi-1.>")
        refused = await visitor.refused()
    assert refused == refusals("publish", subjects) | refusals("subscription", ["_INBOX_pi-1.>"])
    assert await _stored(js) == before


def test_every_process_on_the_broker_has_grants() -> None:
    assert set(SERVICE_GRANTS) == {
        "api",
        "dispatch",
        "inspector",
        "projector",
        "provision",
        "relay",
    }


class TestAdmission:
    async def test_nobody_without_credentials(self, broker: Broker) -> None:
        assert not await is_admitted(broker.url)

    async def test_nobody_of_another_operator(self, broker: Broker, tmp_path: Path) -> None:
        strangers = Keys(tmp_path / "keys")
        creds = strangers.service_creds("provision")
        assert not await is_admitted(broker.url, user_credentials=str(creds))

    async def test_nobody_whose_time_is_up(self, broker: Broker) -> None:
        creds = broker.keys.node_creds("pi-9", life_s=-1)
        assert not await is_admitted(broker.url, user_credentials=str(creds))

    @pytest.mark.asvs("V9.1.1", "V9.1.2", "V9.1.3", "V8.2.1")
    @pytest.mark.parametrize("forgery", FORGERIES)
    async def test_nobody_with_a_jwt_that_was_made_up(
        self, broker: Broker, tmp_path: Path, forgery: str
    ) -> None:
        mine, theirs = (_jwt_and_seed(broker.keys.node_creds(name)) for name in (NODE, OTHER))
        creds = tmp_path / "forged.creds"
        creds.write_text(creds_text(*FORGERIES[forgery](mine, theirs)))
        assert not await is_admitted(broker.url, user_credentials=str(creds))

    async def test_the_same_two_parts_unforged_let_in(self, broker: Broker, tmp_path: Path) -> None:
        """So that no forgery is refused for how its file is written."""
        creds = tmp_path / "true.creds"
        creds.write_text(creds_text(*_jwt_and_seed(broker.keys.node_creds(NODE))))
        assert await is_admitted(broker.url, user_credentials=str(creds))

    async def test_expiry_ends_a_live_connection(self, broker: Broker) -> None:
        creds = broker.keys.node_creds("pi-8", life_s=2)
        async with visiting(broker.url, creds, inbox_prefix="_INBOX_pi-8") as visitor:
            await eventually(_closing(visitor), within_s=6)

    async def test_nothing_granted_means_nothing_allowed(self, broker: Broker) -> None:
        creds = broker.keys._creds("nobody", Grants((), ()), signed_by="app-signing")
        async with visiting(broker.url, creds) as visitor:
            await visitor.client.publish("anything", b"")
            await visitor.client.subscribe("anything")
            assert await visitor.refused() == {
                ("publish", "anything"),
                ("subscription", "anything"),
            }
