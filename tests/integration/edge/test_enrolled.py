"""An enrolled node as a process: it comes back after two months, and takes up new credentials."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from aiohttp import web

from contracts.enrolment import SIGNATURE_HEADER, ChallengeAnswer, NodeCredentials, signed_text
from contracts.events import PrinterOnline
from deploy.local.process import free_port
from edge.enrol.files import Enrolment, NodeFiles, make_seed, public_key
from services.provision.keys import Keys
from services.trust.authority import NodeSigner
from services.trust.nats_jwt import is_signed_by
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.integration.edge.machines import EdgeProcess, edge_env, simulator
from tests.integration.edge.services import FileServer, Services

MONTH = timedelta(days=30)
CHALLENGE = "1800000000.c0ffee.made-by-the-test"


@dataclass
class Door:
    """The API's renewal, on loopback, with the broker's real signing key."""

    node: str
    broker: Broker
    is_away: bool = False
    renewals: int = 0
    url: str = ""

    def jwt(
        self, seed_key: str, issued_at: datetime, signer: NodeSigner | None = None
    ) -> tuple[str, datetime]:
        """Return a JWT and its end."""
        expires_at = issued_at + MONTH
        made = (signer or NodeSigner.read(self.broker.keys.node_signer())).sign(
            self.node,
            seed_key,
            issued_at=int(issued_at.timestamp()),
            expires_at=int(expires_at.timestamp()),
        )
        return made, expires_at

    async def challenge(self, _: web.Request) -> web.Response:
        if self.is_away:
            raise web.HTTPServiceUnavailable
        return web.json_response(text=ChallengeAnswer(challenge=CHALLENGE).model_dump_json())

    async def renew(self, request: web.Request) -> web.Response:
        body = await request.json()
        proof = base64.b64decode(request.headers[SIGNATURE_HEADER])
        assert is_signed_by(body["public_key"], signed_text(CHALLENGE), proof)
        now = datetime.now(UTC)
        made, expires_at = self.jwt(body["public_key"], now)
        self.renewals += 1
        answer = NodeCredentials(
            node=self.node,
            jwt=made,
            nats_url=self.broker.url,
            issued_at=now,
            expires_at=expires_at,
        )
        return web.json_response(text=answer.model_dump_json())

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Door"]:
        app = web.Application()
        app.router.add_post("/api/nodes/challenge", self.challenge)
        app.router.add_post("/api/nodes/renew", self.renew)
        runner = web.AppRunner(app)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{port}"
        try:
            yield self
        finally:
            await runner.cleanup()


@asynccontextmanager
async def an_enrolled_node(
    tmp_path: Path,
    broker: Broker,
    *,
    issued_at: datetime,
    signer: NodeSigner | None = None,
    is_away: bool = False,
) -> AsyncIterator[tuple[Door, Services, EdgeProcess, NodeFiles]]:
    """Yield a node whose only settings of the broker are what enrolment wrote down."""
    node, seed = f"n{uuid4().hex[:8]}", make_seed()
    printer_folder, edge_folder = tmp_path / "printer", tmp_path / "edge"
    printer_folder.mkdir()
    edge_folder.mkdir()
    async with (
        FileServer().running() as files,
        Services(node, files).running(broker) as services,
        simulator(printer_folder) as printer,
        Door(node, broker, is_away).open() as door,
    ):
        env = edge_env(
            edge_folder, node=node, url=broker.url, creds=Path("unused"), printer=printer
        )
        for name in ("NODE", "NATS_URL", "NATS_CREDS"):
            del env[f"LAYERLINE_{name}"]
        kept = NodeFiles(Path(env["LAYERLINE_EDGE_DATA"]))
        jwt, _ = door.jwt(public_key(seed), issued_at, signer)
        kept.keep(Enrolment(node=node, nats_url=broker.url, api_url=door.url), jwt, seed)
        edge = EdgeProcess(env, edge_folder)
        await edge.start()
        try:
            yield door, services, edge, kept
        finally:
            await edge.stop()


async def test_two_months_offline_end_with_a_renewal(tmp_path: Path, broker: Broker) -> None:
    issued_at = datetime.now(UTC) - timedelta(days=60)
    async with an_enrolled_node(tmp_path, broker, issued_at=issued_at) as (door, services, _, kept):
        await services.fact(PrinterOnline, within_s=40)
        assert door.renewals == 1
        expires_at = kept.credentials().expires_at
        assert expires_at is not None
        assert expires_at > datetime.now(UTC).timestamp()


async def test_refused_node_renews_whatever_its_clock_says(tmp_path: Path, broker: Broker) -> None:
    """The JWT looks young here, as it does to a clock that is behind: the broker knows better."""
    strangers = NodeSigner.read(Keys(tmp_path / "strangers").node_signer())
    now = datetime.now(UTC)
    async with an_enrolled_node(tmp_path, broker, issued_at=now, signer=strangers) as world:
        door, services, _, _ = world
        await services.fact(PrinterOnline, within_s=40)
        assert door.renewals == 1


async def test_young_credentials_are_left_alone(tmp_path: Path, broker: Broker) -> None:
    async with an_enrolled_node(tmp_path, broker, issued_at=datetime.now(UTC)) as world:
        door, services, _, _ = world
        await services.fact(PrinterOnline, within_s=40)
        assert door.renewals == 0


async def test_old_but_valid_credentials_are_renewed_and_taken_up(
    tmp_path: Path, broker: Broker
) -> None:
    issued_at = datetime.now(UTC) - timedelta(days=11)
    async with an_enrolled_node(tmp_path, broker, issued_at=issued_at, is_away=True) as world:
        door, services, _, kept = world
        await services.fact(PrinterOnline, within_s=40)
        door.is_away = False  # only now: the connection was made with the old ones

        async def is_renewed() -> bool:
            return door.renewals == 1 and kept.credentials().issued_at > issued_at.timestamp() + 1

        await eventually(is_renewed, within_s=40)
        log = tmp_path / "edge" / "edge.log"

        async def is_back() -> bool:
            return "broker_reconnected" in log.read_text()

        await eventually(is_back, within_s=40)
        assert "broker_connection_closed" not in log.read_text()
