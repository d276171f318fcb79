"""One printer, one job, one person, and a node that dies at the nth thing that lasts.

What lasts: a transaction of the journal, and what is said to the printer or to the services. The
node dies just before one of them or just after; then nothing of that life has any effect any more.
"""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from contracts.commands import CommandKind
from contracts.events import AnyEvent, JobCancelled, JobDone, JobFailed, RunReleased, parse_event
from contracts.ids import ClaimId, PrinterId, RunId
from contracts.lifecycle import BEGUN_RUN_STATES, BedState, Resolution, RunState
from contracts.rpc import ArtifactRef, ClaimRequest, NoJob, RefusalCode, Refused, RunOffer
from contracts.telemetry import PrinterTelemetry
from edge.journal.journal import NodeJournal
from edge.printer import (
    AT_WORK_STATES,
    Echo,
    Order,
    PrinterListener,
    PrinterReport,
    PrinterState,
    Start,
)
from edge.printer_worker import PrinterWorker
from edge.starting import StartLock
from edge.tools import Tools
from edge.view import PrinterView
from tests.eventually import eventually
from tests.unit.edge.builders import NOON, PRINTER, SERIAL, SESSION, offer
from tests.unit.edge.fakes import (
    FAST,
    FakeDispatch,
    FakeDownloads,
    FakePrinter,
    MovableClock,
    new_command,
)

S = PrinterState
End = JobDone | JobFailed | JobCancelled
LOOK_S = 0.02
RETRIES_BY_HAND = 2


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class Fuse:
    """Counts what lasts, and blows at the nth: from then on this life does nothing more."""

    def __init__(self, nth: int | None = None) -> None:
        self.nth, self.passed = nth, 0
        self.blown = asyncio.Event()

    def pass_by(self) -> None:
        """Die here, or come by."""
        self.must_live()
        self.passed += 1
        if self.passed == self.nth:
            self.blown.set()
            raise Killed

    def must_live(self) -> None:
        """Raise Killed in a life that is over."""
        if self.blown.is_set():
            raise Killed


class MortalConnection(sqlite3.Connection):
    """The journal's database, committed only while the node lives."""

    fuse: Fuse | None = None
    """None while the journal is opened."""

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        if self.fuse is None:
            return super().execute(sql, *args)
        if sql != "COMMIT":
            self.fuse.must_live()
            return super().execute(sql, *args)
        self.fuse.pass_by()
        done = super().execute(sql, *args)
        self.fuse.pass_by()
        return done


def open_mortal(folder: Path, clock: MovableClock, fuse: Fuse) -> NodeJournal:
    """Open the journal of a life."""
    with patch.object(sqlite3, "connect", partial(sqlite3.connect, factory=MortalConnection)):
        journal = NodeJournal(folder, "node-a", clock)
    database = journal._ledger._db
    assert isinstance(database, MortalConnection)
    database.fuse = fuse
    return journal


class Plate(FakePrinter):
    """A printer that acts on a start as its behaviour says; it outlives every node."""

    def __init__(self, behave: "Behaviour") -> None:
        super().__init__()
        self._behave = behave
        self._at_work: list[asyncio.Future[None]] = []
        self.is_full = False
        self.begun: Counter[int] = Counter()
        self.collisions = 0
        self.session = SESSION

    def say(self, state: PrinterState = S.IDLE, **changes: object) -> None:
        with contextlib.suppress(Killed):  # nobody hears it
            super().say(state, **{"session": self.session, **changes})

    def go(self) -> None:
        with contextlib.suppress(Killed):
            super().go()

    def refuse(self) -> None:
        """Say no to the last order."""
        if self.listener is not None:
            number = str(len(self.orders))
            with contextlib.suppress(Killed):
                self.listener.on_echo(Echo(self.session, number, True, "no", None))

    async def send(self, order: Order) -> str:
        number = await super().send(order)
        if isinstance(order, Start):
            self._at_work.append(asyncio.ensure_future(self._behave(self, order)))
        return number

    def begin(self, sid: int) -> None:
        """Put a print on the plate."""
        self.begun[sid] += 1
        self.collisions += self.is_full
        self.is_full = True

    @property
    def is_at_rest(self) -> bool:
        """Tell whether it prints nothing, and no order is still on its way into it."""
        is_idle = self.latest is not None and self.latest.state not in AT_WORK_STATES
        return is_idle and all(task.done() for task in self._at_work)

    def switch_off(self) -> None:
        """End what it is doing."""
        for task in self._at_work:
            task.cancel()


Behaviour = Callable[[Plate, Start], Awaitable[None]]


class MortalPrinter:
    """The printer as one life of the node has it."""

    serial, name = SERIAL, "Left"

    def __init__(self, printer: Plate, fuse: Fuse) -> None:
        self._printer, self._fuse = printer, fuse

    async def stay_connected(self, listener: PrinterListener) -> None:
        await self._printer.stay_connected(listener)

    async def refresh(self) -> PrinterReport:
        self._fuse.must_live()
        return await self._printer.refresh()

    async def send(self, order: Order) -> str:
        self._fuse.pass_by()
        number = await self._printer.send(order)
        self._fuse.pass_by()
        return number

    async def upload(self, source: Path, name: str, on_progress: Callable[[int], None]) -> None:
        self._fuse.pass_by()
        await self._printer.upload(source, name, on_progress)
        self._fuse.pass_by()

    async def list_files(self) -> tuple[str, ...]:
        self._fuse.must_live()
        return await self._printer.list_files()

    async def delete_file(self, name: str) -> None:
        self._fuse.pass_by()
        await self._printer.delete_file(name)
        self._fuse.pass_by()

    def pictures(self) -> AsyncGenerator[bytes, None]:
        return self._printer.pictures()


class OneJob:
    """Dispatch with one job: the same claim gets the same run, and a job has one run at a time."""

    def __init__(self) -> None:
        self.offers: dict[ClaimId, RunOffer] = {}
        self.facts: Callable[[], list[AnyEvent]] = list
        self.said: dict[RunId, Resolution] = {}
        """A person's words on runs."""

    def claim(self, request: ClaimRequest) -> RunOffer | NoJob | Refused:
        """Answer a claim."""
        if request.claim_id in self.offers and not self._is_over(request.claim_id):
            return self.offers[request.claim_id]
        for claim_id, given in self.offers.items():
            if not self._is_over(claim_id):
                if given.run_id in request.open_runs or self._of(given.run_id):
                    return self._no(request)
                del self.offers[claim_id]  # its answer never arrived
                break
        if self.end() is not None or request.claim_id in self.offers:
            return NoJob(claim_id=request.claim_id, printer_epoch=1, reasons=(), server_time=NOON)
        made = offer(100 + len(self.offers), claim_id=request.claim_id)
        self.offers[request.claim_id] = made
        return made

    def end(self) -> AnyEvent | Resolution | None:
        """Return what ended the job for good: a fact, or a person's word."""
        said = next((word for word in self.said.values() if word is Resolution.FAILED), None)
        return next((fact for fact in self.facts() if isinstance(fact, End)), said)

    def _is_over(self, claim_id: ClaimId) -> bool:
        run_id = self.offers[claim_id].run_id
        return run_id in self.said or any(
            isinstance(fact, End | RunReleased) for fact in self._of(run_id)
        )

    def _of(self, run_id: RunId) -> list[AnyEvent]:
        return [fact for fact in self.facts() if getattr(fact, "run_id", None) == run_id]

    @staticmethod
    def _no(request: ClaimRequest) -> Refused:
        return Refused(
            claim_id=request.claim_id,
            code=RefusalCode.PRINTER_HAS_RUN,
            reason="one at a time",
            printer_epoch=1,
            server_time=NOON,
        )


class MortalDispatch(FakeDispatch):
    """The services as one life of the node has them."""

    def __init__(self, shop: OneJob, fuse: Fuse) -> None:
        super().__init__()
        self._shop, self._fuse = shop, fuse

    async def claim(self, request: ClaimRequest) -> RunOffer | NoJob | Refused:
        self._fuse.pass_by()
        answer = self._shop.claim(request)
        self._fuse.pass_by()
        return answer

    async def fresh_artifact(self, run_id: RunId) -> ArtifactRef | Refused:
        self._fuse.must_live()
        return await super().fresh_artifact(run_id)

    async def tell(self, telemetry: PrinterTelemetry) -> None:
        self._fuse.must_live()

    async def show(self, printer_id: PrinterId, picture: bytes) -> None:
        self._fuse.must_live()


class Story:
    """One job from its claim to its end, through as many lives of the node as it takes."""

    def __init__(self, folder: Path, behave: Behaviour) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self.printer, self._shop = Plate(behave), OneJob()
        self._clock = MovableClock()
        self.printer.say()

    async def run(self, *deaths: int) -> int:
        """Live until the job has ended, dying at these points, one in each life.

        Returns how many points the first life came by. Raises AssertionError when the job does
        not come to an end.
        """
        passed: list[int] = []
        try:
            for nth in (*deaths, None):
                fuse = Fuse(nth)
                is_over = await self._live(fuse)
                passed.append(fuse.passed)
                if is_over:
                    break
        finally:
            self.printer.switch_off()
        return passed[0]

    @property
    def end(self) -> AnyEvent | Resolution | None:
        """Return what ended the job."""
        return self._shop.end()

    async def _live(self, fuse: Fuse) -> bool:
        """Live one life; tell whether the job is over."""
        self.printer.listener = None
        journal = open_mortal(self._folder, self._clock, fuse)
        worker = self._worker(journal, fuse)
        self._shop.facts = lambda: _facts(journal)
        living = asyncio.create_task(worker.run())
        tending = asyncio.create_task(self._tend(journal, worker))
        dying = asyncio.create_task(fuse.blown.wait())
        try:
            await asyncio.wait((living, tending, dying), return_when=asyncio.FIRST_COMPLETED)
            if not fuse.blown.is_set():
                assert not living.done(), living.exception()
                tending.result()
                return True
            return False
        finally:
            for task in (living, tending, dying):
                task.cancel()
            await asyncio.gather(living, tending, dying, return_exceptions=True)
            told = [] if fuse.blown.is_set() else _facts(journal)
            self._shop.facts = lambda: told
            journal.close()

    def _worker(self, journal: NodeJournal, fuse: Fuse) -> PrinterWorker:
        return PrinterWorker(
            Tools(
                printer_id=PRINTER,
                printer=MortalPrinter(self.printer, fuse),
                view=PrinterView(),
                journal=journal,
                dispatch=MortalDispatch(self._shop, fuse),
                downloads=FakeDownloads(self._folder),
                clock=self._clock,
                timing=FAST,
                start_lock=StartLock(self._folder),
            )
        )

    async def _tend(self, journal: NodeJournal, worker: PrinterWorker) -> None:
        """Do what a person does until the job is over and its file gone."""

        async def is_over() -> bool:
            run = journal.runs.unresolved(PRINTER)
            if run is not None and run.state is RunState.ATTENTION:
                self._decide(journal, run.offer.sid, run.run_id)
            elif run is None or run.state not in BEGUN_RUN_STATES:
                self._clear(journal)
            worker.wake()
            has_left = not any(name.startswith("layerline-") for name in self.printer.files)
            return self.end is not None and has_left

        with contextlib.suppress(Killed):
            await eventually(is_over, within_s=20, every_s=LOOK_S)

    def _clear(self, journal: NodeJournal) -> None:
        bed = journal.printers.bed(PRINTER)
        if bed.state is BedState.CLEAR or not self.printer.is_at_rest or self.end is not None:
            return
        self.printer.is_full = False
        _order(journal, CommandKind.CLEAR_BED, bed_seq=bed.bed_seq)

    def _decide(self, journal: NodeJournal, sid: int, run_id: RunId) -> None:
        """Look at the printer, and say what is seen there once it is at rest."""
        if not self.printer.is_at_rest or journal.commands.unanswered(PRINTER):
            return
        if run_id not in self._shop.said:
            tries = list(self._shop.said.values()).count(Resolution.RELEASED)
            was_begun = self.printer.begun[sid] or tries == RETRIES_BY_HAND
            self._shop.said[run_id] = Resolution.FAILED if was_begun else Resolution.RELEASED
        word = self._shop.said[run_id]
        _order(journal, CommandKind.RESOLVE, run_id=run_id, value=word.value)


def _facts(journal: NodeJournal) -> list[AnyEvent]:
    return [parse_event(fact.body) for fact in journal.facts_after(0, 1000)]


def _order(journal: NodeJournal, kind: CommandKind, **about: object) -> None:
    journal.commands.receive(new_command(journal.journal_id, kind, **about))
