"""What a run is after one more event: a pure fold, the same whenever and wherever it is made.

The facts of a journal come in the order of `node_seq`; between them, service events may come
at any place. Time comes in as an argument.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from contracts.events import (
    AnyEvent,
    AnyRunFact,
    AttentionCause,
    JobCancelled,
    JobClaimed,
    JobDone,
    JobFailed,
    JobProgress,
    RunAttention,
    RunOverdue,
    RunPaused,
    RunReleased,
    RunResolved,
    RunResumed,
    RunStarted,
    RunStarting,
    RunTransferring,
)
from contracts.lifecycle import (
    ENDS_OF_JOB,
    TERMINAL_RUN_STATES,
    IllegalTransition,
    Resolution,
    RunState,
    RunStep,
    advance_run,
)

RELEASES_UNTIL_ATTENTION = 3
CODE_LENGTH = 32
_BEFORE_INTENT = frozenset({RunState.CLAIMED, RunState.TRANSFERRING})
_ON_PRINTER = frozenset({RunState.PRINTING, RunState.PAUSED})
_FINAL_WORDS = ENDS_OF_JOB | {Resolution.RELEASED}

RUN_EVENTS = (
    RunTransferring
    | RunStarting
    | RunStarted
    | RunPaused
    | RunResumed
    | RunReleased
    | RunAttention
    | JobProgress
    | JobDone
    | JobFailed
    | JobCancelled
    | RunResolved
    | RunOverdue
)
"""What changes a run; everything else leaves it alone."""


class NotThisRun(Exception):
    """The fact names the run, but comes from another node or printer than the run's."""


@dataclass(frozen=True)
class Waits:
    """How long a run may stay in a state, in seconds."""

    starting_s: float = 330.0
    """T_observe and 30 s: a P1P needed 135 s to parse. [K] BDY"""
    estimates: float = 2.0
    printing_slack_s: float = 86_400.0
    late_transfer_s: float = 4_500.0
    """100 MiB at 25 KB/s and 5 min: for a transfer that moved on after it was overdue."""

    def scaled(self, time_scale: float) -> "Waits":
        """Return the waits divided by `time_scale`, for simulated printers."""
        return replace(
            self,
            starting_s=self.starting_s / time_scale,
            estimates=self.estimates / time_scale,
            printing_slack_s=self.printing_slack_s / time_scale,
            late_transfer_s=self.late_transfer_s / time_scale,
        )


@dataclass(frozen=True, slots=True)
class RunView:
    """A run: what the claim gave it, and what became of it."""

    id: UUID
    job_id: UUID
    printer_id: UUID
    node: str
    journal_id: UUID
    """The journal that speaks of the run: the claim's, or one that came after it."""
    releases_before: int
    estimate_s: int | None
    deadline_at: datetime | None
    fact_state: RunState = RunState.CLAIMED
    run_seq: int = 0
    overdue_in: RunState | None = None
    resolved_as: Resolution | None = None
    cause: AttentionCause | None = None
    reason: str | None = None
    code: str | None = None
    advice: str | None = None
    percent: int = 0
    layer: int | None = None
    total_layers: int | None = None
    minutes_left: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    last_fact_at: datetime | None = None

    @property
    def is_released_too_often(self) -> bool:
        """Whether a person must look before the job is tried again."""
        return (
            self.fact_state is RunState.RELEASED
            and self.releases_before + 1 >= RELEASES_UNTIL_ATTENTION
        )

    @property
    def is_ended_by_fact(self) -> bool:
        """Whether the node's last word ended the run.

        That nothing was started is no end of the job: who said how it ended is not overruled.
        """
        if self.fact_state is RunState.RELEASED:
            return not (self.is_released_too_often or self.resolved_as in ENDS_OF_JOB)
        return self.fact_state in TERMINAL_RUN_STATES

    @property
    def is_decided(self) -> bool:
        """Whether the last word was spoken: by the node's fact, or by a person."""
        return self.state in TERMINAL_RUN_STATES

    @property
    def state(self) -> RunState:
        """The state that people see: the node's last word wins, then a person's, then doubt."""
        if self.is_ended_by_fact:
            return self.fact_state
        if self.resolved_as in _FINAL_WORDS:
            return RunState(self.resolved_as)
        if self.is_released_too_often:
            return RunState.ATTENTION
        if self.resolved_as is Resolution.PRINTING:
            return self.fact_state if self.fact_state in _ON_PRINTER else RunState.PRINTING
        if self.overdue_in is self.fact_state:
            return RunState.ATTENTION
        return self.fact_state

    @property
    def printer_is_free(self) -> bool:
        """Whether the run needs a person, yet is provably not on the printer."""
        return self.state is RunState.ATTENTION and self.fact_state is RunState.RELEASED


def new_run(event: JobClaimed, *, estimate_s: int | None) -> RunView:
    """Return the run as the claim made it."""
    return RunView(
        id=event.run_id,
        job_id=event.job_id,
        printer_id=event.printer_id,
        node=event.node,
        journal_id=event.journal_id,
        releases_before=event.releases_before,
        estimate_s=estimate_s,
        deadline_at=event.deadline_at,
    )


def fold_run(view: RunView, event: AnyEvent, received_at: datetime, waits: Waits) -> RunView:
    """Return the run after `event`, which the projector got at `received_at`.

    Raises IllegalTransition or NotThisRun when the event does not fit the run.
    """
    if isinstance(event, RunResolved):
        after = _resolve(view, event, received_at)
    elif isinstance(event, RunOverdue):
        after = _doubt(view, event)
    elif isinstance(event, RUN_EVENTS):
        after = _advance(view, event, received_at)
    else:
        return view
    deadline_at = _deadline(view, after, received_at, waits)
    return after if deadline_at == after.deadline_at else replace(after, deadline_at=deadline_at)


def _advance(view: RunView, fact: AnyRunFact | JobCancelled, received_at: datetime) -> RunView:
    if fact.node != view.node or fact.printer_id != view.printer_id:
        raise NotThisRun(f"run {view.id} is on printer {view.printer_id} of node {view.node}")
    if _is_old(view, fact):
        return view
    state = _next_state(view, RunStep(fact.type))
    common: dict[str, Any] = {
        "fact_state": state,
        "run_seq": fact.run_seq,
        "journal_id": fact.journal_id,
        "last_fact_at": received_at,
    }
    if isinstance(fact, JobProgress):
        return replace(
            view,
            **common,
            percent=fact.percent,
            layer=fact.layer,
            total_layers=fact.total_layers,
            minutes_left=fact.minutes_left,
        )
    after = replace(view, **common)
    if after.overdue_in is not state:
        after = replace(after, overdue_in=None)
    if isinstance(fact, RunAttention) and view.resolved_as is Resolution.PRINTING:
        # A new doubt makes the old word void: the person is asked again.
        after = replace(after, resolved_as=None)
    when = min(fact.occurred_at, received_at)
    if isinstance(fact, RunStarted) and view.started_at is None:
        after = replace(after, started_at=when)
    if after.resolved_as in _FINAL_WORDS and not after.is_ended_by_fact:
        return after
    after = replace(after, **_details(after, fact))
    return replace(after, ended_at=when if after.is_decided else None)


def _is_old(view: RunView, fact: AnyRunFact | JobCancelled) -> bool:
    """Tell whether the fact adds nothing.

    A journal that was restored or made anew puts its open runs into attention and counts on
    from there; until it has, only the journal that spoke before is heard.
    """
    if fact.journal_id != view.journal_id:
        return not isinstance(fact, RunAttention)
    return fact.run_seq is None or fact.run_seq <= view.run_seq


def _next_state(view: RunView, step: RunStep) -> RunState:
    """Return the state after a step; raise IllegalTransition.

    A node that a person told "it prints" says nothing itself and goes on from printing; its
    next fact may be here before the person's word is.
    """
    try:
        return advance_run(view.fact_state, step)
    except IllegalTransition:
        was_told = view.resolved_as is Resolution.PRINTING
        may_print = view.fact_state is RunState.ATTENTION or was_told
        if not may_print or view.fact_state in TERMINAL_RUN_STATES:
            raise
        return advance_run(RunState.PRINTING, step)


_NOTHING_TO_SAY: Mapping[str, Any] = MappingProxyType(
    {"cause": None, "reason": None, "code": None, "advice": None}
)


def _details(after: RunView, fact: AnyRunFact | JobCancelled) -> Mapping[str, Any]:
    details: dict[str, Any] = dict(_NOTHING_TO_SAY)
    if isinstance(fact, RunPaused | RunReleased | RunAttention | JobFailed | JobCancelled):
        details["reason"] = fact.reason
    if isinstance(fact, RunPaused | RunReleased | JobFailed) and fact.code is not None:
        details["code"] = str(fact.code)[:CODE_LENGTH]
    if isinstance(fact, RunAttention):
        details["cause"] = fact.cause
    if isinstance(fact, RunReleased) and after.is_released_too_often:
        details["cause"] = AttentionCause.RELEASED_TOO_OFTEN
    if isinstance(fact, JobFailed):
        details["advice"] = fact.advice
    if isinstance(fact, JobDone):
        details |= {"percent": 100, "minutes_left": 0}
    return details


def _resolve(view: RunView, event: RunResolved, received_at: datetime) -> RunView:
    """Take a person's word; a fact that ended the run stands, and so does the first final word."""
    if view.resolved_as in _FINAL_WORDS and view.resolved_as is not event.outcome:
        return view
    told = replace(view, resolved_as=event.outcome)
    if told.is_ended_by_fact:
        return told
    if event.outcome is Resolution.PRINTING:
        if view.is_released_too_often:
            return view
        is_in_doubt = view.state is RunState.ATTENTION
        return replace(view, resolved_as=event.outcome, **(_NOTHING_TO_SAY if is_in_doubt else {}))
    return replace(
        view,
        resolved_as=event.outcome,
        ended_at=min(event.occurred_at, received_at),
        **{**_NOTHING_TO_SAY, "reason": event.reason},
    )


def _doubt(view: RunView, event: RunOverdue) -> RunView:
    """Ask for a person, unless the run has moved on since."""
    if view.is_decided or event.in_state is not view.fact_state:
        return view
    return replace(
        view,
        overdue_in=event.in_state,
        resolved_as=None,
        **{**_NOTHING_TO_SAY, "cause": event.cause, "reason": event.reason},
    )


def _deadline(
    before: RunView, after: RunView, received_at: datetime, waits: Waits
) -> datetime | None:
    """Return when the run, after an event, is overdue in its state."""
    state = after.state
    if state in TERMINAL_RUN_STATES or state is RunState.ATTENTION:
        return None
    if state is before.state or {state, before.state} in (_BEFORE_INTENT, _ON_PRINTER):
        return before.deadline_at
    if state in _BEFORE_INTENT:
        allowed_s = waits.late_transfer_s
    elif state is RunState.STARTING:
        allowed_s = waits.starting_s
    else:
        allowed_s = waits.estimates * (after.estimate_s or 0) + waits.printing_slack_s
    return received_at + timedelta(seconds=allowed_s)


def overdue_cause(state: RunState) -> AttentionCause:
    """Return why a run that stayed too long in `state`, as the facts say, needs a person."""
    if state in _BEFORE_INTENT:
        return AttentionCause.TRANSFER_OVERDUE
    if state is RunState.STARTING:
        return AttentionCause.START_NOT_SEEN
    return AttentionCause.PRINT_OVERDUE
