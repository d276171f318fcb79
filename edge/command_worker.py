"""Commands for one printer: each is answered once, judged by the report and not by the echo."""

import structlog

from contracts.commands import NEVER_EXPIRES, Command, CommandKind
from contracts.lifecycle import (
    BEGUN_RUN_STATES,
    TERMINAL_RUN_STATES,
    BedState,
    Resolution,
    RunState,
)
from contracts.sentences import Sentence
from edge.effects import has_effect
from edge.printer import (
    AT_WORK_STATES,
    ClearError,
    Order,
    Pause,
    PrinterUnreachable,
    Resume,
    SetLight,
    SetSpeed,
    SkipObjects,
)
from edge.records import RunRecord
from edge.tools import Tools
from runtime.tracing.steps import step

log = structlog.get_logger()

SPEED_LEVELS = frozenset({1, 2, 3, 4})
_STATE_OF = {
    Resolution.PRINTING: RunState.PRINTING,
    Resolution.DONE: RunState.DONE,
    Resolution.FAILED: RunState.FAILED,
    Resolution.RELEASED: RunState.RELEASED,
}


class CommandRefusedError(Exception):
    """The command has no effect: (code, reason) is its answer."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class CommandWorker:
    """Does what people ask of one printer."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._journal, self._view = tools.journal, tools.view

    async def handle(self, command: Command) -> None:
        """Carry the command out and write its answer; a cancel is answered when its run ends."""
        with (
            structlog.contextvars.bound_contextvars(
                command_id=str(command.id), kind=command.kind.value
            ),
            step(
                f"command {command.kind.value}", about=command.correlation_id, known_as=command.id
            ),
        ):
            try:
                self._check(command)
                await self._act(command)
            except CommandRefusedError as exc:
                log.info("command_refused", code=exc.code, reason=str(exc))
                self._journal.commands.refuse(command, exc.code, str(exc))
            self._view.poke()

    def _check(self, command: Command) -> None:
        if command.journal_id != self._journal.journal_id:
            raise CommandRefusedError("wrong_journal", Sentence.NEW_JOURNAL_ASK_AGAIN)
        if command.kind not in NEVER_EXPIRES and self._tools.dispatch.is_expired(command):
            raise CommandRefusedError("expired", Sentence.COMMAND_TOO_LATE)

    async def _act(self, command: Command) -> None:
        match command.kind:
            case CommandKind.CLEAR_BED:
                self._clear_bed(command)
            case CommandKind.UNCLEAR_BED:
                self._unclear_bed(command)
            case CommandKind.CANCEL:
                self._cancel(command)
            case CommandKind.RESOLVE:
                self._resolve(command)
            case CommandKind.PAUSE:
                self._current_run(command, RunState.PRINTING)
                await self._order(command, Pause())
            case CommandKind.RESUME:
                self._current_run(command, RunState.PAUSED)
                await self._order(command, Resume())
            case _:
                await self._adjust(command)

    async def _adjust(self, command: Command) -> None:
        match command.kind:
            case CommandKind.LIGHT:
                await self._order(command, SetLight(command.value == "on"))
            case CommandKind.SPEED:
                self._current_run(command, RunState.PRINTING)
                level = _number(command.value)
                if level not in SPEED_LEVELS:
                    raise CommandRefusedError("bad_value", Sentence.NO_SUCH_SPEED)
                await self._order(command, SetSpeed(level))
            case CommandKind.SKIP:
                self._current_run(command, RunState.PRINTING, RunState.PAUSED)
                ids = tuple(_number(part) for part in (command.value or "").split(","))
                await self._order(command, SkipObjects(ids))
            case CommandKind.CLEAR_ERROR:
                await self._order(command, ClearError())
            case _:
                raise CommandRefusedError("unknown_kind", Sentence.UNKNOWN_COMMAND)

    # --- bed ---

    def _clear_bed(self, command: Command) -> None:
        self._check_bed_seq(command)
        report = self._view.report
        if report is not None and report.state in AT_WORK_STATES:
            raise CommandRefusedError("printer_busy", Sentence.PRINTING)
        run = self._journal.runs.unresolved(command.printer_id)
        if run is not None and run.state in BEGUN_RUN_STATES:
            raise CommandRefusedError(
                "printer_busy",
                Sentence.PRINT_NOT_ENDED,
            )
        self._set_bed(command, BedState.CLEAR, Sentence.SAID_EMPTY)

    def _unclear_bed(self, command: Command) -> None:
        self._check_bed_seq(command)
        bed = self._journal.printers.bed(command.printer_id)
        if bed.state is not BedState.CLEAR:
            raise CommandRefusedError(
                "wrong_state", Sentence.BED_ALREADY.say(state=bed.state.value)
            )
        self._set_bed(command, bed.before_clear, Sentence.WORD_TAKEN_BACK)

    def _check_bed_seq(self, command: Command) -> None:
        bed = self._journal.printers.bed(command.printer_id)
        if command.bed_seq != bed.bed_seq:
            raise CommandRefusedError(
                "stale_bed",
                Sentence.BED_CHANGED.say(
                    state=bed.state.value, now=bed.bed_seq, asked=command.bed_seq
                ),
            )

    def _set_bed(self, command: Command, state: BedState, reason: str) -> None:
        with self._journal.transaction():
            self._journal.printers.set_bed(
                command.printer_id, state, reason=reason, by_user=command.by
            )
            self._journal.commands.done(command)

    # --- runs ---

    def _cancel(self, command: Command) -> None:
        """Keep the wish; the run's worker answers. Unknown runs may still be on their way."""
        run = self._find_run(command)
        if run is not None and run.state in TERMINAL_RUN_STATES:
            raise CommandRefusedError(
                "run_ended", Sentence.RUN_HAD_ENDED.say(state=run.state.value)
            )
        if run is not None and run.state is RunState.ATTENTION and not self._is_at_work(run):
            raise CommandRefusedError("in_attention", Sentence.RUN_IN_DOUBT)
        self._journal.commands.want_cancel(command)

    def _is_at_work(self, run: RunRecord) -> bool:
        report = self._view.report
        return report is not None and run.identity.is_in(report) and report.state in AT_WORK_STATES

    def _resolve(self, command: Command) -> None:
        run = self._find_run(command)
        try:
            state = _STATE_OF[Resolution(command.value or "")]
        except ValueError:
            raise CommandRefusedError("bad_value", "That is no way to resolve a run.") from None
        if run is None or run.state in TERMINAL_RUN_STATES:
            # The services' word stands; there is nothing to do here.
            self._journal.commands.done(command)
            return
        with self._journal.transaction():
            self._journal.runs.resolve(run.run_id, state)
            self._journal.commands.done(command)

    def _current_run(self, command: Command, *states: RunState) -> None:
        run = self._find_run(command)
        if run is None:
            raise CommandRefusedError("unknown_run", Sentence.UNKNOWN_RUN)
        if run.state not in states:
            raise CommandRefusedError("wrong_state", Sentence.RUN_IS.say(state=run.state.value))

    def _find_run(self, command: Command) -> RunRecord | None:
        if command.run_id is None:
            raise CommandRefusedError("bad_value", "The command names no run.")
        try:
            return self._journal.runs.get(command.run_id)
        except KeyError:
            return None

    # --- orders ---

    async def _order(self, command: Command, order: Order) -> None:
        try:
            await self._tools.printer.send(order)
        except PrinterUnreachable as exc:
            raise CommandRefusedError("printer_offline", str(exc)) from exc
        deadline_s = self._tools.clock.boottime() + self._tools.timing.effect_s
        while (left_s := deadline_s - self._tools.clock.boottime()) > 0:
            report = self._view.report
            if report is not None and has_effect(order, report):
                self._journal.commands.done(command)
                return
            await self._view.change(left_s)
        raise CommandRefusedError("no_effect", "The printer didn't do it.")


def _number(text: str | None) -> int:
    try:
        return int(text or "")
    except ValueError:
        raise CommandRefusedError("bad_value", f"{text!r} is not a number.") from None
