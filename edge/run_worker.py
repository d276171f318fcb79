"""One run from the claim's answer to its end, resumable at every point.

What was done stands in the journal; each turn of the loop reads the run's state there and
does the next thing. So a restart needs no recovery code of its own.
"""

import structlog

from contracts.lifecycle import TERMINAL_RUN_STATES, RunState, RunStep
from edge.evidence import (
    Cancelled,
    Done,
    Doubt,
    Failed,
    Going,
    Paused,
    PrintVerdict,
    PrintView,
    Started,
    StartVerdict,
    StartView,
    Wait,
    judge_print,
    judge_start,
    preimage_of,
    said_in,
)
from edge.metrics import START_ATTEMPTS
from edge.preparation import BEFORE_INTENT, Preparation
from edge.printer import (
    AT_WORK_STATES,
    PrinterReport,
    PrinterState,
    PrinterUnreachable,
    Start,
    Stop,
)
from edge.records import RunRecord
from edge.tools import LOOK_AGAIN_S, Tools
from runtime.tracing.steps import step

log = structlog.get_logger()

UPDATE_AGAIN_S = 2.0
"""An update that holds a start back restarts this process, or ends within seconds."""
_ON_PLATE = frozenset({RunState.PRINTING, RunState.PAUSED})


class RunWorker:
    """Carries out the runs of one printer, one at a time."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._preparation = Preparation(tools)
        self._journal, self._view = tools.journal, tools.view
        self._clock, self._timing = tools.clock, tools.timing
        self._start_sequence: str | None = None
        self._resumed_at: float | None = None
        """When this process took up a run that another one had begun."""
        self._has_looked_twice = False
        self._stopped_at: float | None = None

    async def carry_out(self, run: RunRecord) -> RunRecord:
        """Bring the run to its end and return it; may be cancelled and called again any time."""
        self._start_sequence = None
        self._stopped_at = None
        self._has_looked_twice = False
        self._resumed_at = None if run.state is RunState.CLAIMED else self._clock.boottime()
        is_new = run.state is RunState.CLAIMED
        with (
            structlog.contextvars.bound_contextvars(run_id=str(run.run_id)),
            step(
                "run" if is_new else "run taken up",
                about=run.offer.correlation_id,
                known_as=run.run_id if is_new else None,
                continues=run.offer.claim_id if is_new else run.run_id,
                job_id=run.offer.spec.job_id,
            ),
        ):
            try:
                while run.state not in TERMINAL_RUN_STATES:
                    self._hold_updates(run)
                    await self._turn(run)
                    run = self._journal.runs.get(run.run_id)
            finally:
                self._tools.start_lock.let_go()
            log.info("run_ended", state=run.state.value)
        self._tools.downloads.drop(run.offer.artifact.sha256, run.run_id)
        return run

    def _hold_updates(self, run: RunRecord) -> None:
        """Have updates of the node wait from INTENT to what came of it."""
        if run.state is RunState.STARTING:
            self._tools.start_lock.take()
        else:
            self._tools.start_lock.let_go()

    async def _turn(self, run: RunRecord) -> None:
        if run.state in BEFORE_INTENT:
            await self._start(run)
        elif run.state is RunState.STARTING:
            await self._observe(run)
        elif run.state in _ON_PLATE:
            await self._watch(run)
        else:
            await self._wait_out_doubt(run)

    # --- INTENT and start ---

    async def _start(self, run: RunRecord) -> None:
        """Write INTENT and send the start once, if the run may be started."""
        report = await self._preparation.prepare(run)
        if report is None:
            return
        if not self._tools.start_lock.take():
            log.info("start_waits_for_update")
            await self._view.change(UPDATE_AGAIN_S)
            return
        # From the check to the order nothing is awaited: what was checked still holds.
        self._journal.runs.intend(run.run_id, preimage_of(report), self._tools.now())
        self._resumed_at = None
        spec = run.offer.spec
        order = Start(
            sid=run.offer.sid,
            name=run.identity.name,
            file_name=run.identity.file_name,
            gcode_path=spec.gcode_path,
            use_ams=spec.use_ams,
            ams_mapping=spec.ams_mapping,
        )
        try:
            with step("send start"):
                self._start_sequence = await self._tools.printer.send(order)
        except PrinterUnreachable as exc:
            log.warning("start_not_sent", reason=str(exc))

    # --- evidence ---

    async def _observe(self, run: RunRecord) -> None:
        verdict = self._start_verdict(run)
        if isinstance(verdict, Started):
            START_ATTEMPTS.labels(result="started").inc()
            self._journal.runs.step(run.run_id, RunStep.START)
        elif isinstance(verdict, Failed):
            START_ATTEMPTS.labels(result="refused").inc()
            self._fail(run, verdict)
        elif isinstance(verdict, Doubt):
            START_ATTEMPTS.labels(result="doubt").inc()
            self._doubt(run, verdict)
        else:
            await self._look_twice_when_late(run)
            await self._view.change(self._observe_wait_s(run))

    def _start_verdict(self, run: RunRecord) -> StartVerdict:
        report = self._view.report
        if run.preimage is None or run.intent is None:
            is_ours = report is not None and run.identity.is_in(report)
            at_work = report is not None and report.state in AT_WORK_STATES
            return Started() if is_ours and at_work else Wait()
        if report is None and self._resumed_at is not None:
            # Nothing is judged before the first report, or a while without one.
            waited_s = self._clock.boottime() - self._resumed_at
            if waited_s < self._timing.observe_s:
                return Wait()
        was_interrupted = self._resumed_at is not None or (
            report is None or report.session != run.preimage.session
        )
        view = StartView(
            identity=run.identity,
            preimage=run.preimage,
            report=report,
            echo=self._view.echo(self._start_sequence),
            elapsed_s=run.intent.elapsed_s(self._tools.now()),
            was_interrupted=was_interrupted,
        )
        return judge_start(view, self._timing)

    def _observe_wait_s(self, run: RunRecord) -> float:
        if run.intent is None:
            return LOOK_AGAIN_S
        elapsed_s = run.intent.elapsed_s(self._tools.now())
        marks = (self._timing.refusal_s, self._timing.observe_s / 2, self._timing.observe_s)
        ahead = [mark - elapsed_s for mark in marks if mark > elapsed_s]
        return min([LOOK_AGAIN_S, *ahead]) + 0.01

    async def _look_twice_when_late(self, run: RunRecord) -> None:
        """Ask for one full report half-way through the wait: a start not seen is a doubt."""
        if self._has_looked_twice or run.intent is None:
            return
        if run.intent.elapsed_s(self._tools.now()) > self._timing.observe_s / 2:
            self._has_looked_twice = True
            await self._refresh_quietly()

    async def _refresh_quietly(self) -> PrinterReport | None:
        try:
            return await self._tools.printer.refresh()
        except PrinterUnreachable as exc:
            log.info("printer_did_not_refresh", reason=str(exc))
            return None

    # --- on the plate ---

    async def _watch(self, run: RunRecord) -> None:
        report = self._view.report
        if report is None:
            await self._view.change(LOOK_AGAIN_S)
            return
        verdict = self._print_verdict(run, report)
        if isinstance(verdict, Doubt):
            # A full report may lack what a doubt rests on; it is asked for once.
            confirmed = await self._refresh_quietly()
            if confirmed is None:
                await self._view.change(LOOK_AGAIN_S)
                return
            run = self._journal.runs.get(run.run_id)
            if run.state not in _ON_PLATE:
                return  # a person has decided meanwhile
            verdict = self._print_verdict(run, confirmed)
        self._follow(run, verdict, report)
        if self._journal.runs.get(run.run_id).state in _ON_PLATE:
            await self._stop_if_wanted(run, report)
            await self._view.change(min(LOOK_AGAIN_S, self._timing.stop_again_s))

    def _print_verdict(self, run: RunRecord, report: PrinterReport) -> PrintVerdict:
        view = PrintView(
            identity=run.identity,
            report=report,
            latched=self._journal.runs.latched(run.run_id),
            is_cancel_wanted=self._journal.commands.cancel_wish(run.run_id) is not None,
        )
        return judge_print(view)

    def _follow(self, run: RunRecord, verdict: PrintVerdict, report: PrinterReport) -> None:
        runs = self._journal.runs
        match verdict:
            case Going():
                if run.state is RunState.PAUSED:
                    runs.step(run.run_id, RunStep.RESUME)
                self._progress(run, report)
            case Paused(reason, code):
                if run.state is RunState.PRINTING:
                    runs.step(run.run_id, RunStep.PAUSE, reason=reason, code=code)
            case Done():
                self._finish(run, report)
            case Failed():
                self._fail(run, verdict)
            case Cancelled(reason):
                wish = self._journal.commands.cancel_wish(run.run_id)
                by = wish.by if wish else None
                runs.step(run.run_id, RunStep.CANCEL, by=by, reason=reason)
            case Doubt():
                self._doubt(run, verdict)

    def _progress(self, run: RunRecord, report: PrinterReport) -> None:
        percent = report.percent
        if percent is None or percent <= run.percent or report.state is PrinterState.PREPARE:
            return
        if percent >= 100 and run.percent < 0:
            return  # left over from the print before
        self._write_progress(run, report, percent)

    def _write_progress(self, run: RunRecord, report: PrinterReport, percent: int) -> None:
        self._journal.runs.step(
            run.run_id,
            RunStep.PROGRESS,
            percent=percent,
            layer=report.layer,
            total_layers=report.total_layers,
            minutes_left=report.minutes_left,
        )

    def _finish(self, run: RunRecord, report: PrinterReport) -> None:
        duration_s = run.intent.elapsed_s(self._tools.now()) if run.intent else float("inf")
        with self._journal.transaction():
            if run.percent < 100 and run.state in _ON_PLATE:
                self._write_progress(run, report, 100)
            self._journal.runs.step(
                run.run_id,
                RunStep.FINISH,
                duration_s=round(duration_s, 1) if duration_s != float("inf") else None,
            )

    def _fail(self, run: RunRecord, verdict: Failed) -> None:
        log.warning("run_failed", code=verdict.code, reason=verdict.reason)
        self._journal.runs.step(
            run.run_id,
            RunStep.FAIL,
            reason=verdict.reason,
            code=verdict.code,
            advice=verdict.advice,
        )

    def _doubt(self, run: RunRecord, verdict: Doubt) -> None:
        log.warning("run_needs_attention", cause=verdict.cause.value)
        report = self._view.report
        self._journal.runs.step(
            run.run_id,
            RunStep.DOUBT,
            cause=verdict.cause,
            reason=verdict.reason,
            seen=said_in(report) if report else None,
        )

    async def _stop_if_wanted(self, run: RunRecord, report: PrinterReport) -> None:
        if self._journal.commands.cancel_wish(run.run_id) is None:
            return
        now_s = self._clock.boottime()
        is_asked = (
            self._stopped_at is not None and now_s - self._stopped_at < self._timing.stop_again_s
        )
        if is_asked or report.state not in AT_WORK_STATES:
            return
        self._stopped_at = now_s
        try:
            await self._tools.printer.send(Stop())
        except PrinterUnreachable as exc:
            log.info("stop_not_sent", reason=str(exc))

    # --- attention ---

    async def _wait_out_doubt(self, run: RunRecord) -> None:
        """Wait for a person's word, or for evidence that comes late."""
        if self._evidence_after_all(run):
            return
        await self._view.change(LOOK_AGAIN_S)

    def _evidence_after_all(self, run: RunRecord) -> bool:
        report = self._view.report
        if report is None or not run.identity.is_in(report):
            return False
        if not run.was_started:
            start = self._start_verdict(run)
            if isinstance(start, Started):
                self._journal.runs.step(run.run_id, RunStep.START)
            elif isinstance(start, Failed):
                self._fail(run, start)
            return isinstance(start, Started | Failed)
        verdict = self._print_verdict(run, report)
        match verdict:
            case Going() | Paused():
                self._journal.runs.step(run.run_id, RunStep.START)
            case Doubt():
                return False
            case _:
                self._follow(run, verdict, report)
        return True
