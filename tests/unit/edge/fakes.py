"""In-memory ends of the edge's ports: a printer, the services, a download folder."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from contracts.commands import Command, CommandKind
from contracts.events import AnyEvent, parse_event
from contracts.ids import CommandId, CorrelationId, JournalId, PrinterId, RunId, UserId
from contracts.rpc import ArtifactRef, Behind, ClaimRequest, NoJob, Refused, RunOffer
from contracts.telemetry import PrinterTelemetry
from edge.evidence import Identity
from edge.journal.journal import NodeJournal
from edge.ports import ArtifactUnavailable, LinkDown
from edge.printer import (
    Order,
    PrinterListener,
    PrinterReport,
    PrinterState,
    PrinterUnreachable,
    Start,
)
from edge.printer_worker import PrinterWorker
from edge.starting import StartLock
from edge.timing import Timing
from edge.tools import Tools
from edge.view import PrinterView
from tests.eventually import eventually
from tests.unit.edge.builders import NOON, PRINTER, SERIAL, report

FAST = Timing(
    observe_s=0.6,
    refusal_s=0.15,
    bed_slip_s=0.05,
    flush_s=0.01,
    effect_s=0.3,
    stop_again_s=0.3,
    hold_off_s=0.1,
    hold_off_max_s=0.3,
    telemetry_s=0.05,
    idle_telemetry_s=0.2,
    cleanup_retry_s=0.1,
    cleanup_retry_max_s=0.2,
)


class MovableClock:
    """The running clock, which can be moved ahead or rebooted."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self.boot = "boot-1"
        self.wall = NOON

    def now(self) -> datetime:
        return self.wall

    def boottime(self) -> float:
        return time.monotonic() + self.ahead_s

    def boot_id(self) -> str:
        return self.boot


class FakePrinter:
    """A printer that says what the test says."""

    serial, name = SERIAL, "Left"

    def __init__(self) -> None:
        self.listener: PrinterListener | None = None
        self.latest: PrinterReport | None = None
        self.orders: list[Order] = []
        self.files: set[str] = set()
        self.may_upload = asyncio.Event()
        self.may_upload.set()
        self.upload_error: Exception | None = None
        self.camera: asyncio.Queue[bytes] = asyncio.Queue()
        self.viewers = self.pictures_asked = 0
        self.on_order: Callable[[Order], None] = lambda _: None

    async def stay_connected(self, listener: PrinterListener) -> None:
        self.listener = listener
        if self.latest is not None:
            listener.on_report(self.latest)
        await asyncio.Event().wait()

    def say(self, state: PrinterState = PrinterState.IDLE, **changes: object) -> None:
        """Report."""
        self.latest = report(state, **changes)
        if self.listener is not None:
            self.listener.on_report(self.latest)

    def say_of(self, sid: int, state: PrinterState, **changes: object) -> None:
        """Report about a run."""
        self.say(state, subtask_name=Identity(sid).name, subtask_id=str(sid), **changes)

    def go(self) -> None:
        """Lose the session."""
        self.latest = None
        if self.listener is not None:
            self.listener.on_offline(PrinterUnreachable("gone"))

    async def pictures(self) -> AsyncGenerator[bytes, None]:
        self.viewers += 1
        try:
            while True:
                self.pictures_asked += 1
                yield await self.camera.get()
        finally:
            self.viewers -= 1

    async def refresh(self) -> PrinterReport:
        if self.latest is None:
            raise PrinterUnreachable("gone")
        return self.latest

    async def send(self, order: Order) -> str:
        if self.latest is None:
            raise PrinterUnreachable("gone")
        self.orders.append(order)
        self.on_order(order)
        return str(len(self.orders))

    async def upload(self, source: Path, name: str, on_progress: Callable[[int], None]) -> None:
        await self.may_upload.wait()
        if self.upload_error is not None:
            raise self.upload_error
        on_progress(source.stat().st_size)  # noqa: ASYNC240 - a test's file
        self.files.add(name)

    async def list_files(self) -> tuple[str, ...]:
        return tuple(self.files)

    async def delete_file(self, name: str) -> None:
        self.files.discard(name)

    @property
    def starts(self) -> list[Start]:
        """Return the starts that were sent."""
        return [order for order in self.orders if isinstance(order, Start)]


Answer = RunOffer | NoJob | Behind | Refused | LinkDown


class FakeDispatch:
    """Services that give prepared answers, and "no job" when they have run out."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.claims: list[ClaimRequest] = []
        self.told: list[PrinterTelemetry] = []
        self.shown: list[bytes] = []
        self.up = asyncio.Event()
        self.up.set()
        self.late = False

    @property
    def is_up(self) -> bool:
        return self.up.is_set()

    async def wait_up(self) -> None:
        await self.up.wait()

    async def claim(self, request: ClaimRequest) -> RunOffer | NoJob | Behind | Refused:
        self.claims.append(request)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, LinkDown):
            raise answer
        if answer is None:
            return NoJob(claim_id=request.claim_id, printer_epoch=1, reasons=(), server_time=NOON)
        return answer

    async def fresh_artifact(self, run_id: RunId) -> ArtifactRef | Refused:
        raise LinkDown("none", may_be_heard=False)

    async def tell(self, telemetry: PrinterTelemetry) -> None:
        self.told.append(telemetry)

    async def show(self, printer_id: PrinterId, picture: bytes) -> None:
        self.shown.append(picture)

    def is_expired(self, command: Command) -> bool:
        return self.late


@dataclass
class FakeDownloads:
    """Any artifact, as ten bytes."""

    folder: Path
    error: Exception | None = None
    dropped: list[str] = field(default_factory=list)

    async def fetch(self, artifact: ArtifactRef, run_id: RunId) -> Path:
        if self.error is not None:
            raise self.error
        path = self.folder / artifact.sha256
        path.write_bytes(b"0123456789")
        return path

    def drop(self, sha256: str, run_id: RunId) -> None:
        self.dropped.append(sha256)


@dataclass
class Bench:
    """One worker between fakes, with a real journal."""

    folder: Path
    printer: FakePrinter
    dispatch: FakeDispatch
    downloads: FakeDownloads
    clock: MovableClock
    journal: NodeJournal
    worker: PrinterWorker
    view: PrinterView

    def facts(self) -> list[AnyEvent]:
        """Return all facts."""
        return [parse_event(fact.body) for fact in self.journal.facts_after(0, 1000)]

    def types(self) -> list[str]:
        """Return the types of the facts about runs and jobs."""
        return [f.type for f in self.facts() if f.type.startswith(("run.", "job."))]

    async def until(self, type_: str, count: int = 1) -> AnyEvent:
        """Wait for the nth fact of a type."""

        async def look() -> AnyEvent | None:
            found = [fact for fact in self.facts() if fact.type == type_]
            return found[count - 1] if len(found) >= count else None

        fact = await eventually(look)
        assert fact is not None
        return fact

    async def claimed(self, count: int = 1) -> None:
        """Wait for the nth claim."""

        async def look() -> bool:
            return len(self.dispatch.claims) >= count

        await eventually(look)

    def order(self, kind: CommandKind, **changes: object) -> Command:
        """Send a command."""
        command = new_command(self.journal.journal_id, kind, **changes)
        self.journal.commands.receive(command)
        self.worker.wake()
        return command

    def clear_bed(self) -> Command:
        """Say that the plate is empty."""
        seq = self.journal.printers.bed(PRINTER).bed_seq
        return self.order(CommandKind.CLEAR_BED, bed_seq=seq)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Bench"]:
        """Run the worker."""
        task = asyncio.create_task(self.worker.run())

        async def is_connected() -> bool:
            return self.printer.listener is not None

        try:
            await eventually(is_connected)
            yield self
            assert not task.done(), task.exception()
        finally:
            task.cancel()
            await asyncio.wait([task])

    def restarted(self) -> "Bench":
        """Return the same with a new process: only the journal and the printer stay."""
        self.journal.close()
        self.printer.listener = None
        return make_bench(self.folder, printer=self.printer, clock=self.clock)


def make_bench(
    folder: Path, *, printer: FakePrinter | None = None, clock: MovableClock | None = None
) -> Bench:
    """Return a worker for an idle printer with an empty queue."""
    printer, clock = printer or FakePrinter(), clock or MovableClock()
    if printer.latest is None:
        printer.say()
    journal = NodeJournal(folder, "node-a", clock)
    dispatch, downloads, view = FakeDispatch(), FakeDownloads(folder), PrinterView()
    tools = Tools(
        printer_id=PRINTER,
        printer=printer,
        view=view,
        journal=journal,
        dispatch=dispatch,
        downloads=downloads,
        clock=clock,
        timing=FAST,
        start_lock=StartLock(folder),
    )
    worker = PrinterWorker(tools)
    return Bench(folder, printer, dispatch, downloads, clock, journal, worker, view)


def new_command(journal_id: JournalId, kind: CommandKind, **changes: object) -> Command:
    """Return a command to the bench's printer."""
    values: dict[str, object] = {
        "id": CommandId(uuid4()),
        "kind": kind,
        "node": "node-a",
        "journal_id": journal_id,
        "printer_id": PRINTER,
        "run_id": None,
        "bed_seq": None,
        "value": None,
        "by": UserId(uuid4()),
        "issued_at": NOON,
        "expires_at": None,
        "correlation_id": CorrelationId(uuid4()),
    }
    return Command.model_validate(values | changes)


UNAVAILABLE = ArtifactUnavailable("not there")
