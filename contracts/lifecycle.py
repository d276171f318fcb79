"""The state machines of artifact, job and run, as data; everyone decides from these tables.

`job` holds what people decided, `run` what happened. What people see is derived
from both by `status_of` and stored nowhere.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache


class ArtifactState(StrEnum):
    UPLOADING = "uploading"
    CHECKING = "checking"
    READY = "ready"
    REFUSED = "refused"


class JobState(StrEnum):
    SUBMITTED = "submitted"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    QUEUED = "queued"
    CANCELLED = "cancelled"


class JobAction(StrEnum):
    """What a person can decide about a job."""

    APPROVE = "approve"
    TAKE_BACK_APPROVAL = "take_back_approval"
    RETURN = "return"
    RESUBMIT = "resubmit"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"


class RunState(StrEnum):
    CLAIMED = "claimed"
    TRANSFERRING = "transferring"
    STARTING = "starting"
    PRINTING = "printing"
    PAUSED = "paused"
    ATTENTION = "attention"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RELEASED = "released"


class RunStep(StrEnum):
    """What can happen to a run; each is one event."""

    TRANSFER = "run.transferring"
    INTEND = "run.starting"
    START = "run.started"
    PAUSE = "run.paused"
    RESUME = "run.resumed"
    PROGRESS = "job.progress"
    FINISH = "job.done"
    FAIL = "job.failed"
    CANCEL = "job.cancelled"
    RELEASE = "run.released"
    DOUBT = "run.attention"


class Status(StrEnum):
    """What people see."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    QUEUED = "queued"
    PRINTING = "printing"
    CANCELLING = "cancelling"
    ATTENTION = "attention"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BedState(StrEnum):
    CLEAR = "clear"
    OCCUPIED = "occupied"
    UNKNOWN = "unknown"


class Resolution(StrEnum):
    """What a person can say about a run that needs attention."""

    PRINTING = "printing"
    DONE = "done"
    FAILED = "failed"
    RELEASED = "released"


ENDS_OF_JOB = frozenset({Resolution.DONE, Resolution.FAILED})
"""After these words the job is not tried again."""


class IllegalTransition(Exception):
    """The step does not fit the state."""

    def __init__(self, thing: str, state: str, step: str) -> None:
        super().__init__(f"{thing} is {state}: {step} is not possible")
        self.thing, self.state, self.step = thing, state, step


_J, _R = JobState, RunState

JOB_TRANSITIONS: Mapping[tuple[JobState, JobAction], JobState] = {
    (_J.SUBMITTED, JobAction.APPROVE): _J.QUEUED,
    (_J.SUBMITTED, JobAction.RETURN): _J.RETURNED,
    (_J.SUBMITTED, JobAction.REJECT): _J.REJECTED,
    (_J.SUBMITTED, JobAction.WITHDRAW): _J.WITHDRAWN,
    (_J.RETURNED, JobAction.RESUBMIT): _J.SUBMITTED,
    (_J.RETURNED, JobAction.WITHDRAW): _J.WITHDRAWN,
    (_J.QUEUED, JobAction.TAKE_BACK_APPROVAL): _J.SUBMITTED,
    (_J.QUEUED, JobAction.WITHDRAW): _J.WITHDRAWN,
    (_J.QUEUED, JobAction.CANCEL): _J.CANCELLED,
}
"""Without an unresolved run. With one, only CANCEL is possible, and it is a request."""

_BEFORE_INTENT = (_R.CLAIMED, _R.TRANSFERRING)
_ON_PRINTER = (_R.STARTING, _R.PRINTING, _R.PAUSED)
TERMINAL_RUN_STATES = frozenset({_R.DONE, _R.FAILED, _R.CANCELLED, _R.RELEASED})
UNRESOLVED_RUN_STATES = frozenset(RunState) - TERMINAL_RUN_STATES
BEGUN_RUN_STATES = UNRESOLVED_RUN_STATES - {RunState.CLAIMED, RunState.TRANSFERRING}
"""Its start may be on the way or its part on the plate: nobody's word makes the bed clear."""

RUN_TRANSITIONS: Mapping[tuple[RunState, RunStep], RunState] = {
    (_R.CLAIMED, RunStep.TRANSFER): _R.TRANSFERRING,
    (_R.TRANSFERRING, RunStep.INTEND): _R.STARTING,
    (_R.STARTING, RunStep.START): _R.PRINTING,
    (_R.ATTENTION, RunStep.START): _R.PRINTING,
    (_R.PRINTING, RunStep.PAUSE): _R.PAUSED,
    (_R.PAUSED, RunStep.RESUME): _R.PRINTING,
    (_R.PRINTING, RunStep.PROGRESS): _R.PRINTING,
    (_R.PAUSED, RunStep.PROGRESS): _R.PAUSED,
    **{(s, RunStep.FINISH): _R.DONE for s in (_R.PRINTING, _R.PAUSED, _R.ATTENTION)},
    **{(s, RunStep.FAIL): _R.FAILED for s in (*_ON_PRINTER, _R.ATTENTION)},
    **{(s, RunStep.CANCEL): _R.CANCELLED for s in (*_BEFORE_INTENT, *_ON_PRINTER, _R.ATTENTION)},
    **{(s, RunStep.RELEASE): _R.RELEASED for s in _BEFORE_INTENT},
    **{(s, RunStep.DOUBT): _R.ATTENTION for s in (*_BEFORE_INTENT, *_ON_PRINTER)},
}


def advance_job(state: JobState, action: JobAction) -> JobState:
    """Return the next state of a job; raise IllegalTransition if the action does not fit."""
    try:
        return JOB_TRANSITIONS[state, action]
    except KeyError:
        raise IllegalTransition("job", state, action) from None


def advance_run(state: RunState, step: RunStep) -> RunState:
    """Return the next state of a run; raise IllegalTransition if the step does not fit."""
    try:
        return RUN_TRANSITIONS[state, step]
    except KeyError:
        raise IllegalTransition("run", state, step) from None


def sources_of(action: JobAction) -> frozenset[JobState]:
    """Return the job states in which `action` is possible: the condition of its UPDATE."""
    return frozenset(state for state, known in JOB_TRANSITIONS if known is action)


_STATUS_OF_RUN: Mapping[RunState, Status] = {
    _R.CLAIMED: Status.PRINTING,
    _R.TRANSFERRING: Status.PRINTING,
    _R.STARTING: Status.PRINTING,
    _R.PRINTING: Status.PRINTING,
    _R.PAUSED: Status.PRINTING,
    _R.ATTENTION: Status.ATTENTION,
    _R.DONE: Status.DONE,
    _R.FAILED: Status.FAILED,
    _R.CANCELLED: Status.CANCELLED,
    _R.RELEASED: Status.QUEUED,
}


def status_of(job: JobState, run: RunState | None, *, cancel_requested: bool = False) -> Status:
    """Return what people see of a job whose latest run is in state `run`.

    A cancel that was asked for is shown as `cancelling` until the edge has made it a fact:
    nobody reads "cancelled" while the printer may still be printing.
    """
    if job is not JobState.QUEUED or run is None:
        return Status(job.value)
    status = _STATUS_OF_RUN[run]
    if status is Status.PRINTING and cancel_requested:
        return Status.CANCELLING
    return status


@cache
def job_actions(
    job: JobState, run: RunState | None, *, cancel_requested: bool = False
) -> frozenset[JobAction]:
    """Return the actions that the state of the job and its latest run leave open to somebody."""
    if job is JobState.QUEUED and run is not None and run is not RunState.RELEASED:
        can_stop = run in UNRESOLVED_RUN_STATES and not cancel_requested
        return frozenset({JobAction.CANCEL} if can_stop else ())
    return frozenset(action for state, action in JOB_TRANSITIONS if state is job)
