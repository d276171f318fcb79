"""The services as a node sees them: answers to claims, watermark, commands, and the facts."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

from aiohttp import web
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from contracts import subjects
from contracts.commands import EXPIRY_S, NEVER_EXPIRES, Command, CommandKind
from contracts.envelope import NodeFact
from contracts.events import (
    AnyEvent,
    CommandDone,
    CommandRefused,
    JobCancelled,
    PrinterBedChanged,
    parse_event,
)
from contracts.ids import CommandId, CorrelationId, JobId, PrinterId, RunId, UserId
from contracts.rpc import (
    ArtifactRef,
    ClaimRequest,
    JobSpec,
    NoJob,
    RunOffer,
    WatermarkAnswer,
    WatermarkRequest,
)
from runtime.nats import connect_nats
from services.provision.streams import ensure_node, ensure_streams
from tests.eventually import eventually
from tests.fixtures.nats import Broker

SAMPLES = Path(__file__).parents[3] / "samples"
QUEUE = "main"
RETRY_S = 0.1
F = TypeVar("F")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Job:
    """A job in the queue of the test's dispatch."""

    sample: Path
    sha256: str
    id: JobId = field(default_factory=lambda: JobId(uuid4()))
    model: str | None = "C12"
    start_within_s: float = 3600.0
    transfer_within_s: float = 120.0


class FileServer:
    """Serves artifacts on loopback; what it does to them can be changed."""

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}
        self.requests: list[str] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.port = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request.headers.get("Range", ""))
        await self.hold.wait()
        return web.FileResponse(self.files[request.match_info["name"]])

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FileServer"]:
        app = web.Application()
        app.add_routes([web.get("/{name}", self.serve)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            self.hold.set()
            await runner.cleanup()


class Services:
    """One node's counterpart on the real broker; no database."""

    def __init__(self, node: str, files: FileServer) -> None:
        self.node, self.files = node, files
        self.jobs: list[Job] = []
        self.facts: list[AnyEvent] = []
        self.arrivals = 0
        self.claims: list[ClaimRequest] = []
        self.offers: dict[UUID, RunOffer] = {}
        self.watermarks: dict[UUID, int] = {}
        self.is_deaf = False
        self.user = UserId(uuid4())
        self._dispatch: Client
        self._relay: Client
        self._reader: Client

    @asynccontextmanager
    async def running(self, broker: Broker) -> AsyncIterator["Services"]:
        async def link(name: str) -> Client:
            creds = broker.keys.service_creds(name)
            return await connect_nats(broker.url, creds, name=name, exit_when_closed=False)

        self._dispatch, self._relay = await link("dispatch"), await link("relay")
        self._reader = await link("provision")
        js = self._reader.jetstream()
        await ensure_streams(js)
        await ensure_node(js, self.node, (QUEUE,))
        config = ConsumerConfig(
            filter_subject=f"edge.{self.node}.>",
            ack_policy=AckPolicy.NONE,
            deliver_policy=DeliverPolicy.ALL,
            durable_name=f"test_{self.node}",
        )
        made = await js.add_consumer(subjects.EDGE.name, config)
        pull = await js.pull_subscribe_bind(made.name or "", subjects.EDGE.name)
        await self._dispatch.subscribe(subjects.claim_subject(self.node), cb=self._claim)
        await self._dispatch.subscribe(subjects.watermark_subject(self.node), cb=self._watermark)
        reading = asyncio.create_task(self._read(pull))
        try:
            yield self
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            for client in (self._dispatch, self._relay, self._reader):
                await client.close()

    # --- what the services say ---

    def queue(self, sample: str = "cube-small.gcode.3mf", **changes: object) -> Job:
        """Put a job into the queue; a bell must be rung for a printer that waits."""
        path = SAMPLES / sample
        digest = sha256(path.read_bytes()).hexdigest()
        self.files.files[digest] = path
        job = Job(path, digest)
        for name, value in changes.items():
            setattr(job, name, value)
        self.jobs.append(job)
        return job

    async def ring(self) -> None:
        """Ring the bell."""
        subject = f"job.approved.{QUEUE}.{uuid4()}"
        await self._relay.jetstream().publish(subject, b"{}", stream="JOBS")

    async def command(
        self, kind: CommandKind, printer_id: PrinterId, *, copies: int = 1, **changes: object
    ) -> CommandId:
        """Send a command, once or several times."""
        journal_id = next(f for f in reversed(self.facts) if hasattr(f, "journal_id")).journal_id
        values = {
            "id": uuid4(),
            "kind": kind,
            "node": self.node,
            "journal_id": journal_id,
            "printer_id": printer_id,
            "run_id": None,
            "bed_seq": None,
            "value": None,
            "by": self.user,
            "issued_at": now(),
            "expires_at": None if kind in NEVER_EXPIRES else now() + timedelta(seconds=EXPIRY_S),
            "correlation_id": uuid4(),
        }
        command = Command.model_validate(values | changes)
        subject = subjects.command_subject(self.node, printer_id)
        body = command.model_dump_json().encode()
        for _ in range(copies):
            await self._relay.jetstream().publish(subject, body, stream="COMMANDS")
        return command.id

    # --- what the node says ---

    async def answer_to(self, command_id: CommandId) -> CommandDone | CommandRefused:
        """Wait for a command's answer."""

        async def look() -> CommandDone | CommandRefused | None:
            answers = self.of(CommandDone) + self.of(CommandRefused)
            return next((a for a in answers if a.command_id == command_id), None)

        found = await eventually(look, within_s=15)
        assert found is not None
        return found

    async def fact(self, kind: type[F], *, within_s: float = 20.0) -> F:
        """Wait for the first fact of a kind."""

        async def look() -> F | None:
            return next(iter(self.of(kind)), None)

        found = await eventually(look, within_s=within_s)
        assert found is not None
        return found

    def of(self, kind: type[F]) -> list[F]:
        """Return the facts of a kind, in their order."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def types(self, run_id: RunId | None = None) -> list[str]:
        """Return the types of facts (of a run), in the order of their node_seq."""
        return [
            fact.type for fact in self.facts if run_id is None or vars(fact).get("run_id") == run_id
        ]

    def bed(self) -> PrinterBedChanged:
        """Return the last word on the bed."""
        return self.of(PrinterBedChanged)[-1]

    async def _read(self, pull) -> None:  # type: ignore[no-untyped-def]
        while True:
            try:
                for message in await pull.fetch(100, timeout=5):
                    self._take(message)
            except (NatsError, TimeoutError):
                await asyncio.sleep(RETRY_S)  # also while the broker is away

    def _take(self, message: Msg) -> None:
        fact = parse_event(message.data)
        assert isinstance(fact, NodeFact | JobCancelled)
        assert fact.journal_id is not None
        journal_id, seq = fact.journal_id, fact.node_seq
        assert seq is not None
        self.arrivals += 1
        if any(known.id == fact.id for known in self.facts):
            return
        self.facts.append(fact)
        if seq == self.watermarks.get(journal_id, 0) + 1:
            self.watermarks[journal_id] = seq

    async def _claim(self, message: Msg) -> None:
        request = ClaimRequest.model_validate_json(message.data)
        self.claims.append(request)
        if self.is_deaf:
            return
        offer = self.offers.get(request.claim_id)
        if offer is None and self.jobs:
            offer = self._offer(request, self.jobs.pop(0))
            self.offers[request.claim_id] = offer
        answer = offer or NoJob(
            claim_id=request.claim_id, printer_epoch=1, reasons=("empty",), server_time=now()
        )
        await message.respond(answer.model_dump_json().encode())

    def _offer(self, request: ClaimRequest, job: Job) -> RunOffer:
        return RunOffer(
            claim_id=request.claim_id,
            run_id=RunId(uuid4()),
            run_no=1,
            sid=int(time.time_ns() // 1000 % 2**31),
            printer_epoch=1,
            start_within_s=job.start_within_s,
            transfer_within_s=job.transfer_within_s,
            spec=JobSpec(
                job_id=job.id,
                name="cube",
                plate=1,
                gcode_path="Metadata/plate_1.gcode",
                model=job.model,
                nozzle_mm=0.4,
                estimate_s=None,
                filaments=(),
                use_ams=False,
                ams_mapping=(),
            ),
            artifact=ArtifactRef(
                sha256=job.sha256,
                size_bytes=job.sample.stat().st_size,
                url=f"http://127.0.0.1:{self.files.port}/{job.sha256}",
                url_expires_at=now() + timedelta(minutes=15),
            ),
            correlation_id=CorrelationId(uuid4()),
            server_time=now(),
        )

    async def _watermark(self, message: Msg) -> None:
        request = WatermarkRequest.model_validate_json(message.data)
        answer = WatermarkAnswer(
            contiguous_seq=self.watermarks.get(request.journal_id, 0), server_time=now()
        )
        await message.respond(answer.model_dump_json().encode())
