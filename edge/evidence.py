"""What the printer's reports prove about a run: pure judgements, no clock, no wire.

A start is judged on the merged report against the picture taken just before it, an end on
the report and the codes latched since. An echo alone never proves a start.
"""

from dataclasses import dataclass

from contracts.events import AttentionCause, PrinterActivity, PrinterSaid
from contracts.lifecycle import BedState
from contracts.loaded import Loaded
from contracts.rpc import JobSpec
from contracts.sentences import Sentence
from edge.printer import (
    AT_WORK_STATES,
    FREE_STATES,
    Echo,
    Fault,
    FaultKind,
    PrinterReport,
    PrinterState,
)
from edge.timing import Timing

EXTERNAL_SLOTS = 16
"""From this slot on it is no AMS tray."""
FILE_PREFIX = "layerline-"
FILE_SUFFIX = ".gcode.3mf"
_SHOWN, _MOST_CODES = 200, 20
"""A name is no longer, and there are no more codes, in a fact."""


@dataclass(frozen=True)
class Identity:
    """How a run is recognised in a report. The file's name never counts. [K1]"""

    sid: int

    @property
    def name(self) -> str:
        """Return the subtask_name that the run is started with."""
        return f"{FILE_PREFIX}{self.sid}"

    @property
    def file_name(self) -> str:
        """Return the run's file on the printer's storage."""
        return f"{self.name}{FILE_SUFFIX}"

    def is_in(self, report: PrinterReport) -> bool:
        """Tell whether the report is about this run: either key suffices, each echo is unsure."""
        return report.subtask_name == self.name or report.subtask_id == str(self.sid)


@dataclass(frozen=True)
class Preimage:
    """What the printer said just before the start."""

    session: str
    state: PrinterState
    subtask_name: str
    subtask_id: str
    codes: frozenset[str]


def preimage_of(report: PrinterReport) -> Preimage:
    """Return the part of a report that later ones are compared with."""
    return Preimage(
        report.session, report.state, report.subtask_name, report.subtask_id, report.codes
    )


@dataclass(frozen=True)
class Wait:
    """Nothing is proved yet."""


@dataclass(frozen=True)
class Started:
    """The printer has taken the run up."""


@dataclass(frozen=True)
class Going:
    """The print goes on."""


@dataclass(frozen=True)
class Paused:
    """The print waits for a person."""

    reason: str
    code: str | None


@dataclass(frozen=True)
class Done:
    """The print is finished."""


@dataclass(frozen=True)
class Failed:
    """The run came to nothing, and the reason is known."""

    reason: str
    code: str | None
    advice: str | None


@dataclass(frozen=True)
class Cancelled:
    """The print was stopped on somebody's wish."""

    reason: str


@dataclass(frozen=True)
class Doubt:
    """A person must look."""

    cause: AttentionCause
    reason: str


StartVerdict = Wait | Started | Failed | Doubt
PrintVerdict = Going | Paused | Done | Failed | Cancelled | Doubt


@dataclass(frozen=True)
class StartView:
    """What is known of a start so far."""

    identity: Identity
    preimage: Preimage
    report: PrinterReport | None
    echo: Echo | None
    """The acknowledgement of our own message, if it came."""
    elapsed_s: float
    """Since INTENT; infinite after a reboot."""
    was_interrupted: bool
    """The edge's process or the session ended since INTENT."""


def judge_start(view: StartView, timing: Timing) -> StartVerdict:
    """Return what is proved about a start that was sent at most once."""
    report = view.report
    if report is not None:
        if view.identity.is_in(report):
            verdict = _judge_ours(view, report)
            if not isinstance(verdict, Wait):
                return verdict
        else:
            foreign = _foreign_start(view, report)
            if foreign is not None:
                return foreign
        refused = _refusal(view, report, timing)
        if refused is not None:
            return refused
    if view.elapsed_s < timing.observe_s:
        return Wait()
    if view.was_interrupted:
        return Doubt(
            AttentionCause.RESTARTED_IN_START,
            Sentence.START_INTERRUPTED,
        )
    return Doubt(
        AttentionCause.START_NOT_SEEN,
        Sentence.START_NOT_SHOWN,
    )


def _judge_ours(view: StartView, report: PrinterReport) -> StartVerdict:
    if report.state in AT_WORK_STATES:
        return Started()
    if report.state is PrinterState.FINISH:
        # The name may change a message before the state does: an old FINISH is no start.
        is_stale = view.preimage.state is PrinterState.FINISH and not _has_gap(view, report)
        return Wait() if is_stale else Started()
    if report.state is PrinterState.FAILED:
        fault = _new_fault(report, view.preimage)
        if fault is None or fault.kind is FaultKind.COMMAND_REFUSED:
            return Wait()
        if fault.kind is FaultKind.CANCELLED:
            return Started()  # it ran, and judge_print says how it ended
        return Failed(fault.text, fault.code, fault.advice)
    return Wait()


def _has_gap(view: StartView, report: PrinterReport) -> bool:
    return view.was_interrupted or report.session != view.preimage.session


def _new_fault(report: PrinterReport, preimage: Preimage) -> Fault | None:
    return next((f for f in report.faults if f.code not in preimage.codes), None)


def _foreign_start(view: StartView, report: PrinterReport) -> Doubt | None:
    has_new_name = bool(report.subtask_name) and (
        report.subtask_name != view.preimage.subtask_name
        or report.subtask_id not in {view.preimage.subtask_id, "", "0"}
    )
    if report.state in AT_WORK_STATES and has_new_name:
        return Doubt(
            AttentionCause.FOREIGN_PRINT,
            Sentence.PRINTS_SOMETHING_ELSE.say(name=report.subtask_name),
        )
    return None


def _refusal(view: StartView, report: PrinterReport, timing: Timing) -> Failed | None:
    if view.elapsed_s < timing.refusal_s or report.state is not view.preimage.state:
        return None
    for fault in report.faults:
        if fault.kind is FaultKind.COMMAND_REFUSED and fault.code not in view.preimage.codes:
            return Failed(fault.text, fault.code, fault.advice)
    if view.echo is not None and view.echo.is_failure:
        fault_of_echo = view.echo.fault
        if fault_of_echo is not None:
            return Failed(fault_of_echo.text, fault_of_echo.code, fault_of_echo.advice)
        return Failed(Sentence.JOB_REFUSED.say(why=view.echo.reason), None, None)
    return None


@dataclass(frozen=True)
class PrintView:
    """What is known of a run that was seen to start."""

    identity: Identity
    report: PrinterReport
    latched: tuple[Fault, ...]
    """Faults seen since the start: a cancel's code is gone after two seconds. [K]"""
    is_cancel_wanted: bool


def judge_print(view: PrintView) -> PrintVerdict:
    """Return how a started run stands by its printer's report."""
    report = view.report
    if not view.identity.is_in(report):
        return _lost_identity(report)
    match report.state:
        case PrinterState.FINISH:
            return Done()
        case PrinterState.FAILED:
            return _ended_badly(view)
        case PrinterState.PAUSE:
            return _paused(report)
        case PrinterState.IDLE:
            return _idle(view)
        case _:
            return Going()


def _idle(view: PrintView) -> Cancelled | Doubt:
    if view.is_cancel_wanted:
        return Cancelled(Sentence.STOPPED)
    return Doubt(
        AttentionCause.PRINTER_FORGOT,
        Sentence.IDLE_WITHOUT_END,
    )


def _lost_identity(report: PrinterReport) -> Doubt:
    if report.subtask_name:
        return Doubt(
            AttentionCause.FOREIGN_PRINT,
            Sentence.SPEAKS_OF_SOMETHING_ELSE.say(name=report.subtask_name),
        )
    return Doubt(
        AttentionCause.PRINTER_FORGOT,
        Sentence.PRINT_FORGOTTEN,
    )


def _ended_badly(view: PrintView) -> Failed | Cancelled:
    errors = [f for f in view.latched if f.kind is FaultKind.ERROR]
    if any(f.kind is FaultKind.CANCELLED for f in view.latched):
        return Cancelled(Sentence.STOPPED if view.is_cancel_wanted else Sentence.STOPPED_AT_PRINTER)
    if errors:
        fault = errors[-1]
        return Failed(fault.text, fault.code, fault.advice)
    if view.is_cancel_wanted:
        return Cancelled(Sentence.STOPPED)
    return Failed(Sentence.FAILED_WITHOUT_WHY, None, None)


def _paused(report: PrinterReport) -> Paused:
    fault = next((f for f in report.faults if f.kind is not FaultKind.NOTICE), None)
    if fault is not None:
        return Paused(fault.text, fault.code)
    return Paused(report.stage or Sentence.PAUSED, None)


def why_not_free(report: PrinterReport) -> str | None:
    """Return why the printer can't take a job, by its own report; None if it can."""
    if report.state not in FREE_STATES:
        return Sentence.NOT_FREE.say(state=report.state.value)
    if report.is_updating:
        return Sentence.UPDATING
    if not report.has_storage:
        return Sentence.NO_CARD
    return None


def why_not_fit(spec: JobSpec, loaded: Loaded) -> str | None:
    """Return why the printer can't print the job; None if nothing speaks against it."""
    if spec.model and loaded.model and spec.model != loaded.model:
        return Sentence.OTHER_MODEL.say(needs=spec.model, has=loaded.model)
    if spec.nozzle_mm and loaded.nozzle_mm and abs(spec.nozzle_mm - loaded.nozzle_mm) > 0.01:
        return Sentence.OTHER_NOZZLE.say(
            needs_mm=f"{spec.nozzle_mm:g}", has_mm=f"{loaded.nozzle_mm:g}"
        )
    if spec.use_ams and not loaded.has_ams:
        return Sentence.NO_AMS
    return _why_not_fed(spec, loaded)


def _why_not_fed(spec: JobSpec, loaded: Loaded) -> str | None:
    """Return which tray does not have what the claim counted on; None if all have."""
    trays = {tray.slot: tray.type for tray in loaded.filaments}
    for needed in spec.filaments:
        if not spec.use_ams:
            found = next((kind for slot, kind in trays.items() if slot >= EXTERNAL_SLOTS), "")
            if found and found.casefold() != needed.type.casefold():
                return Sentence.OTHER_SPOOL.say(needs=needed.type, has=found)
        else:
            slot = _slot_for(needed.index, spec.ams_mapping)
            if slot is None:
                return Sentence.NO_TRAY_CHOSEN.say(needs=needed.type, index=needed.index)
            found = trays.get(slot, "")
            if found.casefold() != needed.type.casefold():
                said = Sentence.OTHER_IN_TRAY if found else Sentence.EMPTY_TRAY
                return said.say(needs=needed.type, tray=slot + 1, has=found)
    return None


def _slot_for(index: int, mapping: tuple[int, ...]) -> int | None:
    """Return the AMS tray of a filament, counted from 1; None if the mapping names none."""
    slot = mapping[index - 1] if index <= len(mapping) else -1
    return slot if 0 <= slot < EXTERNAL_SLOTS else None


@dataclass(frozen=True)
class BedVerdict:
    """A bed state that a report forces."""

    state: BedState
    reason: str


def judge_bed(bed: BedState, report: PrinterReport, *, is_known_print: bool) -> BedVerdict | None:
    """Return what the report makes of the bed; None leaves it as it is. Nothing makes it clear.

    A new print on an occupied bed is news too: what somebody said of the bed before it counts
    no more.
    """
    if report.state in AT_WORK_STATES:
        if bed is not BedState.OCCUPIED:
            return BedVerdict(BedState.OCCUPIED, Sentence.PRINTING)
        if is_known_print or not report.subtask_name:
            return None
        return BedVerdict(BedState.OCCUPIED, Sentence.PRINTING_NAMED.say(name=report.subtask_name))
    if is_known_print or not report.subtask_name or bed is BedState.UNKNOWN:
        return None
    return BedVerdict(BedState.UNKNOWN, Sentence.FOREIGN_ON_BED.say(name=report.subtask_name))


_ACTIVITY = {
    PrinterState.IDLE: PrinterActivity.IDLE,
    PrinterState.PREPARE: PrinterActivity.PRINTING,
    PrinterState.RUNNING: PrinterActivity.PRINTING,
    PrinterState.PAUSE: PrinterActivity.PAUSED,
    PrinterState.FINISH: PrinterActivity.FINISHED,
    PrinterState.FAILED: PrinterActivity.FAILED,
    PrinterState.SLICING: PrinterActivity.BUSY,
    PrinterState.UNKNOWN: PrinterActivity.UNKNOWN,
}


def activity_of(report: PrinterReport) -> PrinterActivity:
    """Return what people are told that the printer does."""
    if report.is_updating:
        return PrinterActivity.BUSY
    return _ACTIVITY[report.state]


def said_in(said: PrinterReport | Preimage) -> PrinterSaid:
    """Return what people are shown of a report when they have to judge by it."""
    activity = activity_of(said) if isinstance(said, PrinterReport) else _ACTIVITY[said.state]
    return PrinterSaid(
        activity=activity,
        print_name=said.subtask_name[:_SHOWN],
        print_id=said.subtask_id[:_SHOWN],
        codes=tuple(sorted(said.codes))[:_MOST_CODES],
    )
