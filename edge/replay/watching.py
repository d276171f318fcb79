"""One print in a capture, judged by the driver's own rules of evidence; pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from edge.evidence import (
    Cancelled,
    Done,
    Doubt,
    Failed,
    Going,
    Identity,
    Paused,
    Preimage,
    PrintView,
    Started,
    StartView,
    Wait,
    judge_print,
    judge_start,
    preimage_of,
)
from edge.printer import Echo, Fault, FaultKind, PrinterReport
from edge.replay.moments import ENDS, Decision, Kind, Moment
from edge.timing import Timing

MARGIN_S = 0.001


@dataclass(frozen=True)
class CapturedIdentity(Identity):
    """A print as its own request named it, be it ours or another program's."""

    given_name: str

    @property
    def name(self) -> str:
        """Return the subtask_name of the request."""
        return self.given_name

    def is_in(self, report: PrinterReport) -> bool:
        """Tell whether the report is about this print; id 0 is everybody's."""
        is_ours_by_id = self.sid > 0 and report.subtask_id == str(self.sid)
        return is_ours_by_id or (bool(self.name) and report.subtask_name == self.name)


@dataclass(frozen=True)
class Order:
    """A request to print."""

    at: datetime
    identity: CapturedIdentity
    sequence_id: str


class Watch:
    """Follows one print from its request to its end."""

    def __init__(self, order: Order, before: PrinterReport, timing: Timing) -> None:
        """`before` is the last report that came before the request."""
        self._order, self._timing = order, timing
        self._preimage: Preimage = preimage_of(before)
        self._report: PrinterReport | None = before
        self._echo: Echo | None = None
        self._latched: dict[str, Fault] = {}
        self._old_codes = before.codes
        self._stop_asked = False
        self._was_interrupted = False
        self._was_started = False
        self._marks = [timing.refusal_s, timing.observe_s]
        self.decision = Decision.SENT

    @property
    def name(self) -> str:
        """Return how the print is called."""
        return self._order.identity.name

    @property
    def is_over(self) -> bool:
        """Tell whether its end is known."""
        return self.decision in ENDS

    def is_in(self, report: PrinterReport) -> bool:
        """Tell whether a report is about this print."""
        return self._order.identity.is_in(report)

    def take_stop(self) -> None:
        """Note that somebody asked for a stop here."""
        self._stop_asked = True

    def take_break(self) -> None:
        """Note that the connection was made anew."""
        self._was_interrupted = True
        self._report = None

    def take_echo(self, echo: Echo, at: datetime) -> list[Moment]:
        """Take an acknowledgement; only the request's own counts."""
        if echo.sequence_id != self._order.sequence_id:
            return []
        self._echo = echo
        return self._judge(at, self._elapsed_s(at))

    def take_report(self, report: PrinterReport, at: datetime) -> list[Moment]:
        """Take a report and return what is decided by it."""
        self._latch(report)
        self._report = report
        return self._judge(at, self._elapsed_s(at))

    def pass_time(self, until: datetime) -> list[Moment]:
        """Return what was decided by waiting alone, before `until`."""
        moments: list[Moment] = []
        while self._marks and self._marks[0] < self._elapsed_s(until):
            mark = self._marks.pop(0)
            at = self._order.at + (until - self._order.at) * (mark / self._elapsed_s(until))
            moments += self._judge(at, mark + MARGIN_S)
        return moments

    def _elapsed_s(self, at: datetime) -> float:
        return (at - self._order.at).total_seconds()

    def _latch(self, report: PrinterReport) -> None:
        """Keep faults that are new since the start, as the node's journal does."""
        self._old_codes &= report.codes
        for fault in report.faults:
            if fault.kind is not FaultKind.NOTICE and fault.code not in self._old_codes:
                self._latched.setdefault(fault.code, fault)

    def _judge(self, at: datetime, elapsed_s: float) -> list[Moment]:
        if self.is_over or self._waits_for_a_person():
            return []
        moments: list[Moment] = []
        if not self._was_started:
            moments += self._judge_start(at, elapsed_s)
        if self._was_started and self._report is not None:
            moments += self._judge_print(at, self._report)
        return moments

    def _waits_for_a_person(self) -> bool:
        """Once in doubt, only a report about this very print is evidence after all."""
        is_ours = self._report is not None and self.is_in(self._report)
        return self.decision is Decision.ATTENTION and not is_ours

    def _judge_start(self, at: datetime, elapsed_s: float) -> list[Moment]:
        view = StartView(
            identity=self._order.identity,
            preimage=self._preimage,
            report=self._report,
            echo=self._echo,
            elapsed_s=elapsed_s,
            was_interrupted=self._was_interrupted,
        )
        match judge_start(view, self._timing):
            case Wait():
                return []
            case Started():
                self._was_started = True
                return self._decide(at, Decision.STARTED, "started")
            case Failed() as failed:
                return self._decide(at, Decision.FAILED, f"did not start: {failed.reason}", failed)
            case Doubt() as doubt:
                return self._doubt(at, doubt)

    def _judge_print(self, at: datetime, report: PrinterReport) -> list[Moment]:
        view = PrintView(
            identity=self._order.identity,
            report=report,
            latched=tuple(self._latched.values()),
            is_cancel_wanted=self._stop_asked,
        )
        match judge_print(view):
            case Going():
                return self._go_on(at)
            case Paused(reason, code):
                cause = Failed(reason, code, None)
                return self._decide(at, Decision.PAUSED, f"paused: {reason}", cause)
            case Done():
                return self._decide(at, Decision.DONE, "done")
            case Cancelled(reason):
                return self._decide(at, Decision.CANCELLED, f"cancelled: {reason}")
            case Failed() as failed:
                return self._decide(at, Decision.FAILED, f"failed: {failed.reason}", failed)
            case Doubt() as doubt:
                return self._doubt(at, doubt)

    def _go_on(self, at: datetime) -> list[Moment]:
        if self.decision in {Decision.PAUSED, Decision.ATTENTION}:
            return self._decide(at, Decision.RESUMED, "goes on")
        return []

    def _doubt(self, at: datetime, doubt: Doubt) -> list[Moment]:
        is_sure = self._report is None or self._report.is_full or not self._was_started
        tail = "" if is_sure else " (a full report would be asked for first)"
        return self._decide(at, Decision.ATTENTION, f"needs a person: {doubt.reason}{tail}")

    def _decide(
        self, at: datetime, decision: Decision, text: str, cause: Failed | None = None
    ) -> list[Moment]:
        if decision is self.decision:
            return []
        self.decision = decision
        moment = Moment(at, Kind.DECISION, f"{self.name}: {text}", decision, self.name)
        if cause is not None:
            moment = replace(moment, code=cause.code, advice=cause.advice)
        return [moment]
