"""Tending one printer: reconcile, bed, claims at their moments, runs, commands, telemetry."""

import asyncio

import structlog

from contracts.commands import NEVER_EXPIRES, Command, CommandKind
from contracts.events import (
    PrinterAnnounced,
    PrinterOffline,
    PrinterOnline,
    PrinterStateChanged,
)
from contracts.ids import CommandId
from contracts.lifecycle import BedState, RunState
from contracts.loaded import Loaded
from contracts.telemetry import PrinterTelemetry
from edge.camera_worker import CameraWorker
from edge.claiming import Claimer
from edge.cleaning import Cleaner
from edge.command_worker import CommandWorker
from edge.evidence import activity_of, judge_bed, why_not_free
from edge.printer import Echo, FaultKind, PrinterError, PrinterReport
from edge.records import Draft, RunRecord
from edge.run_worker import RunWorker
from edge.telemetry import telemetry_of
from edge.tools import LOOK_AGAIN_S, Tools
from runtime.tasks import Tasks

log = structlog.get_logger()

REASON_CHARS = 500
RECONCILE_PATIENCE_S = 15.0
"""How long commands wait for the printer after a start of the process."""
_LATCHING = frozenset({RunState.STARTING, RunState.PRINTING, RunState.PAUSED, RunState.ATTENTION})


class PrinterWorker:
    """One printer; the listener of its session and the owner of its view."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._journal, self._view = tools.journal, tools.view
        self._run_worker = RunWorker(tools)
        self._claimer = Claimer(tools)
        self._commands = CommandWorker(tools)
        self._camera = CameraWorker(tools)
        self._cleaner = Cleaner(tools)
        self._reconciled = asyncio.Event()
        self._old_codes: frozenset[str] | None = None
        self._is_rung = False
        self._was_ready = False
        self._loaded_asked: Loaded | None = None
        self._ready_from_s = 0.0
        """Boot clock: a bed just cleared, or a release just made, holds claims off until then."""
        self._hold_offs = 0

    async def run(self) -> None:
        """Tend the printer for ever."""
        printer = self._tools.printer
        self._journal.printers.add(self._tools.printer_id, printer.serial)
        self._hold_claims(self._tools.timing.bed_slip_s)
        with structlog.contextvars.bound_contextvars(printer=printer.name):
            async with Tasks() as group:
                group.create_task(printer.stay_connected(self))
                group.create_task(self._work())
                group.create_task(self._obey(NEVER_EXPIRES))
                group.create_task(self._obey(frozenset(CommandKind) - NEVER_EXPIRES))
                group.create_task(self._tell())
                group.create_task(self._camera.run())

    def ring(self) -> None:
        """A bell rang, or the link came up: there may be work."""
        self._is_rung = True
        self._view.poke()

    def wake(self) -> None:
        """Something changed in the journal."""
        self._view.poke()

    def watch(self) -> None:
        """Somebody looks at the camera."""
        self._camera.watch()

    # --- what the printer says ---

    def on_report(self, report: PrinterReport) -> None:
        """Write down what is news, latch what passes, and wake the workers."""
        run = self._journal.runs.unresolved(self._tools.printer_id)
        self._note_news(report)
        self._judge_bed(report, run)
        self._latch(report, run)
        self._view.take_report(report)

    def on_echo(self, echo: Echo) -> None:
        """Keep an acknowledgement."""
        if echo.is_failure:
            log.warning("printer_refused_message", reason=echo.reason)
        self._view.take_echo(echo)

    def on_offline(self, error: PrinterError) -> None:
        """Write down that the printer is away."""
        reason = str(error)[:REASON_CHARS]
        draft = Draft(PrinterOffline, {"reason": reason})
        if self._journal.printers.note(self._tools.printer_id, draft):
            log.warning("printer_offline", reason=reason)
        else:
            log.debug("printer_still_offline", reason=reason)
        self._view.take_report(None)

    def _note_news(self, report: PrinterReport) -> None:
        printer, printers = self._tools.printer, self._journal.printers
        if report.firmware is not None or self._view.report is not None:
            announced = {
                "serial": printer.serial,
                "name": printer.name,
                "firmware": report.firmware,
                "loaded": report.loaded.model_dump(),
            }
            printers.note(self._tools.printer_id, Draft(PrinterAnnounced, announced))
        if printers.note(self._tools.printer_id, Draft(PrinterOnline, {})):
            log.info("printer_online")
        fault = next((f for f in report.faults if f.kind is not FaultKind.NOTICE), None)
        state = {
            "activity": activity_of(report),
            "detail": fault.text if fault else None,
            "code": fault.code if fault else None,
        }
        printers.note(self._tools.printer_id, Draft(PrinterStateChanged, state))

    def _judge_bed(self, report: PrinterReport, run: RunRecord | None) -> None:
        printers, printer_id = self._journal.printers, self._tools.printer_id
        name, task_id = report.subtask_name, report.subtask_id
        is_ours = run is not None and run.identity.is_in(report)
        is_known = is_ours or printers.knows_print(printer_id, name, task_id)
        verdict = judge_bed(printers.bed(printer_id).state, report, is_known_print=is_known)
        with self._journal.transaction():
            if verdict is not None:
                printers.set_bed(
                    printer_id,
                    verdict.state,
                    reason=verdict.reason,
                    by_run=run.run_id if run is not None and is_ours else None,
                )
            if not is_known and name:
                printers.meet_print(printer_id, name, task_id)

    def _latch(self, report: PrinterReport, run: RunRecord | None) -> None:
        """Remember faults of the run; one that stands since before the start is not its own."""
        if run is None or run.state not in _LATCHING:
            self._old_codes = None
            return
        if self._old_codes is None:
            self._old_codes = run.preimage.codes if run.preimage else frozenset()
        self._old_codes &= report.codes
        new = tuple(
            fault
            for fault in report.faults
            if fault.kind is not FaultKind.NOTICE and fault.code not in self._old_codes
        )
        if new:
            self._journal.runs.latch(run.run_id, new)

    # --- work ---

    async def _work(self) -> None:
        """Reconcile first; then claim and carry out, one run after the other."""
        while self._view.report is None:
            await self._view.change()
        self._reconciled.set()
        async with Tasks() as group:
            group.create_task(self._cleaner.keep_clean())
            run = self._journal.runs.unresolved(self._tools.printer_id)
            if run is not None:
                log.info("run_taken_up", run_id=str(run.run_id), state=run.state.value)
                await self._carry_out(run)
            while True:
                loaded = await self._until_moment()
                run = await self._claimer.claim(loaded)
                if run is not None:
                    await self._carry_out(run)

    async def _carry_out(self, run: RunRecord) -> None:
        ended = await self._run_worker.carry_out(run)
        self._was_ready = False
        if ended.state is RunState.RELEASED:
            # A fault here must not eat up the queue: three releases stop a job.
            timing = self._tools.timing
            hold_s = min(timing.hold_off_s * 3**self._hold_offs, timing.hold_off_max_s)
            self._hold_offs += 1
            self._hold_claims(hold_s)
        else:
            self._hold_offs = 0
        self._view.poke()  # its file may go now

    def _hold_claims(self, seconds: float) -> None:
        until_s = self._tools.clock.boottime() + seconds
        self._ready_from_s = max(self._ready_from_s, until_s)

    async def _until_moment(self) -> Loaded:
        """Return what is loaded, at one of the moments to claim.

        They are: ready again or the link up again, something else loaded, a bell. A claim
        that was never answered is asked again as soon as the link is up.
        """
        while True:
            report = self._view.report
            if report is not None and self._tools.dispatch.is_up:
                if self._journal.runs.open_claim(self._tools.printer_id) is not None:
                    return report.loaded
                if self._is_ready(report) and self._is_moment(report):
                    self._was_ready, self._is_rung = True, False
                    self._loaded_asked = report.loaded
                    return report.loaded
            if report is None or not self._is_ready(report):
                self._was_ready = False
            wait_s = self._ready_from_s - self._tools.clock.boottime()
            await self._view.change(wait_s + 0.01 if wait_s > 0 else LOOK_AGAIN_S)

    def _is_ready(self, report: PrinterReport) -> bool:
        bed = self._journal.printers.bed(self._tools.printer_id)
        return (
            self._tools.dispatch.is_up
            and bed.state is BedState.CLEAR
            and self._tools.clock.boottime() >= self._ready_from_s
            and why_not_free(report) is None
            and self._journal.runs.unresolved(self._tools.printer_id) is None
        )

    def _is_moment(self, report: PrinterReport) -> bool:
        return not self._was_ready or self._is_rung or report.loaded != self._loaded_asked

    # --- commands ---

    async def _obey(self, lane: frozenset[CommandKind]) -> None:
        """Carry out the journal's commands of some kinds, also those of before a restart."""
        try:
            async with asyncio.timeout(RECONCILE_PATIENCE_S):
                await self._reconciled.wait()
                await self._tools.dispatch.wait_up()  # then the services' clock is known
        except TimeoutError:
            log.info("commands_without_printer_or_services")
        seen: set[CommandId] = set()
        while True:
            unanswered = self._journal.commands.unanswered(self._tools.printer_id)
            seen &= {command.id for command in unanswered}
            for command in unanswered:
                if command.kind in lane and command.id not in seen:
                    seen.add(command.id)
                    await self._obey_one(command)
            await self._view.change()

    async def _obey_one(self, command: Command) -> None:
        before = self._journal.printers.bed(self._tools.printer_id)
        await self._commands.handle(command)
        after = self._journal.printers.bed(self._tools.printer_id)
        if after.state is BedState.CLEAR and after.bed_seq != before.bed_seq:
            self._hold_claims(self._tools.timing.bed_slip_s)
            self._view.poke()

    # --- telemetry ---

    async def _tell(self) -> None:
        """Publish telemetry, coalesced: the last value wins; a run's printer also when silent."""
        last: PrinterTelemetry | None = None
        quiet_s = 0.0
        timing = self._tools.timing
        while True:
            await asyncio.sleep(timing.telemetry_s)
            quiet_s += timing.telemetry_s
            run = self._journal.runs.unresolved(self._tools.printer_id)
            report = self._view.report
            if report is None:
                continue
            telemetry = telemetry_of(
                report,
                printer=(self._journal.node, self._tools.printer_id),
                run=run,
                at=self._tools.clock.now(),
                upload_percent=self._view.upload_percent,
            )
            same_time = {"at": telemetry.at}
            is_news = last is None or last.model_copy(update=same_time) != telemetry
            is_due = quiet_s >= timing.idle_telemetry_s
            if (is_news and run is not None) or (is_due and (is_news or run is not None)):
                await self._tools.dispatch.tell(telemetry)
                last, quiet_s = telemetry, 0.0
