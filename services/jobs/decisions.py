"""What people decide about jobs: conditional updates, each with its event and its trail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    String,
    Uuid,
    any_,
    exists,
    or_,
    select,
    update,
)
from sqlmodel import col

from contracts.events import (
    AnyServiceEvent,
    JobApprovalTakenBack,
    JobApproved,
    JobCancelled,
    JobRejected,
    JobReturned,
    JobSubmitted,
    JobWithdrawn,
)
from contracts.ids import (
    ArtifactId,
    CorrelationId,
    EventId,
    JobId,
    SubmissionId,
    UserId,
)
from contracts.lifecycle import JOB_TRANSITIONS, JobAction, JobState, RunState, sources_of
from services.db import outbox
from services.db.database import Transaction
from services.db.prepared import Prepared, slot
from services.db.tables.machines import Run
from services.db.tables.work import Job
from services.jobs import audit, ringing, waiting
from services.jobs.actors import Actor
from services.jobs.errors import Conflict, NotAllowed, Unknown, WorkError
from services.jobs.queueing import RANK, first_rank

OWNER_ACTIONS = frozenset({JobAction.WITHDRAW, JobAction.CANCEL, JobAction.RESUBMIT})
"""What people can do with their own jobs; admins can do everything with every job."""


@dataclass(frozen=True)
class Decision:
    """An action on the job as the person saw it; `words` is the reason or comment."""

    action: JobAction
    version: int
    words: str | None = None
    undo_s: int = 0
    is_first: bool = False
    """An approved job goes before all that wait."""


class SubmittedJob(Protocol):
    """A job as its submission is told."""

    @property
    def id(self) -> UUID: ...
    @property
    def owner_id(self) -> UUID: ...
    @property
    def submission_id(self) -> UUID: ...
    @property
    def artifact_id(self) -> UUID: ...
    @property
    def correlation_id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def plate(self) -> int: ...
    @property
    def queue(self) -> str: ...


class _Job(NamedTuple):
    """A job as far as a decision has to do with it."""

    id: UUID
    owner_id: UUID
    submission_id: UUID
    artifact_id: UUID
    correlation_id: UUID
    name: str
    plate: int
    queue: str
    state: str
    version: int


async def decide(
    transaction: Transaction, actor: Actor, job_id: UUID, decision: Decision, now: datetime
) -> None:
    """Change a job that no run has; raise Conflict when it is not as the person saw it."""
    job = await _locked(transaction, actor, job_id, decision)
    not_before = now + timedelta(seconds=decision.undo_s) if decision.undo_s else None
    await outbox.add_event(transaction, _event(job, actor, decision, not_before, now))
    await audit.write(
        transaction,
        actor,
        f"job.{decision.action.value}",
        "job",
        job_id,
        correlation_id=job.correlation_id,
        now=now,
        detail=decision.words,
    )
    changed = await transaction.execute(
        _change(_rank_after(decision)),
        job_id=job_id,
        seen_version=decision.version,
        seen_state=job.state,
        new_state=JOB_TRANSITIONS[JobState(job.state), decision.action].value,
        at=now,
        by=actor.id,
        words=decision.words,
        new_not_before=not_before,
        in_queue=job.queue,
    )
    if changed != 1:
        raise changed_meanwhile(job_id)
    if not_before is not None:
        await ringing.tell_ringer(transaction)


def must_be_allowed(actor: Actor, owner_id: UUID | None, action: JobAction) -> None:
    """Raise unless the actor may do this with a job of this person's; None: there is no job."""
    if owner_id is None or not (actor.may_approve or owner_id == actor.id):
        raise Unknown("job")
    if not actor.may_approve and action not in OWNER_ACTIONS:
        raise NotAllowed("admins-only", "Only an admin can decide this. Ask one.")


async def _locked(transaction: Transaction, actor: Actor, job_id: UUID, decision: Decision) -> _Job:
    """Return the job under the row lock that claims take too: one that came first is visible.

    A job that the decision is not for stays unlocked: a claim would pass it over.
    """
    if actor.may_approve or decision.action in OWNER_ACTIONS:
        row = await transaction.fetchrow(
            _job_to_decide(),
            job_id=job_id,
            seen_version=decision.version,
            states=[state.value for state in sources_of(decision.action)],
            may_approve=actor.may_approve,
            actor_id=actor.id,
        )
        if row is not None:
            return _Job(*row.values())
    raise await _refusal(transaction, actor, job_id, decision)


async def _refusal(
    transaction: Transaction, actor: Actor, job_id: UUID, decision: Decision
) -> WorkError:
    """Return why the decision is not for this job."""
    row = await transaction.fetchrow(_job_as_it_is(), job_id=job_id)
    job = None if row is None else _Job(*row.values())
    must_be_allowed(actor, job.owner_id if job else None, decision.action)
    if job is None:
        return Unknown("job")
    if job.version == decision.version and job.state not in sources_of(decision.action):
        return wrong_state(job.id, job.state, decision.action)
    return changed_meanwhile(job.id)


@cache
def _job_to_decide() -> Prepared:
    theirs = or_(slot("may_approve", Boolean()), col(Job.owner_id) == slot("actor_id", Uuid()))
    fits = (
        col(Job.version) == slot("seen_version", Integer()),
        col(Job.state) == any_(slot("states", ARRAY(String()))),
    )
    return Prepared(_job().where(theirs, *fits).with_for_update())


@cache
def _job_as_it_is() -> Prepared:
    return Prepared(_job())


def _job() -> Select[Any]:
    columns = (getattr(Job, name) for name in _Job._fields)
    return select(*columns).where(col(Job.id) == slot("job_id", Uuid()))


class _Rank(Enum):
    """What becomes of a job's place in its queue."""

    KEPT = "kept"
    LAST = "last"
    FIRST = "first"
    NONE = "none"


def _rank_after(decision: Decision) -> _Rank:
    if decision.action is JobAction.APPROVE:
        return _Rank.FIRST if decision.is_first else _Rank.LAST
    return _Rank.NONE if decision.action is JobAction.TAKE_BACK_APPROVAL else _Rank.KEPT


@cache
def _change(rank: _Rank) -> Prepared:
    """Return the update of a job that is as it was seen and that no run has."""
    at = slot("at", DateTime(timezone=True))
    changes: dict[str, object] = {
        "state": slot("new_state", String()),
        "version": col(Job.version) + 1,
        "decided_at": at,
        "decided_by": slot("by", Uuid()),
        "decision": slot("words", String()),
        "not_before": slot("new_not_before", DateTime(timezone=True)),
        **waiting.NO_REASON,
    }
    match rank:
        case _Rank.LAST:
            changes |= {"rank": RANK.next_value(), "rung_at": at}
        case _Rank.FIRST:
            changes |= {"rank": first_rank(slot("in_queue", String())), "rung_at": at}
        case _Rank.NONE:
            changes["rank"] = None
        case _Rank.KEPT:
            pass
    as_seen = (
        col(Job.id) == slot("job_id", Uuid()),
        col(Job.version) == slot("seen_version", Integer()),
        col(Job.state) == slot("seen_state", String()),
    )
    return Prepared(update(Job).where(*as_seen, _no_run()).values(**changes))


def _no_run() -> ColumnElement[bool]:
    taken = exists().where(
        col(Run.id) == col(Job.run_id), col(Run.state) != RunState.RELEASED.value
    )
    return ~taken


def _event(
    job: _Job, actor: Actor, decision: Decision, not_before: datetime | None, now: datetime
) -> AnyServiceEvent:
    """Return the event that tells the decision."""
    about = {**envelope(job, now), "job_id": job.id, "owner_id": job.owner_id}
    words = decision.words or ""
    event: AnyServiceEvent
    match decision.action:
        case JobAction.APPROVE:
            event = JobApproved(**about, by=actor.id, queue=job.queue, not_before=not_before)
        case JobAction.TAKE_BACK_APPROVAL:
            event = JobApprovalTakenBack(**about, by=actor.id)
        case JobAction.RETURN:
            event = JobReturned(**about, by=actor.id, comment=words)
        case JobAction.REJECT:
            event = JobRejected(**about, by=actor.id, reason=words)
        case JobAction.WITHDRAW:
            event = JobWithdrawn(**about, by=actor.id, reason=words)
        case JobAction.RESUBMIT:
            event = submitted_event(job, now)
        case JobAction.CANCEL:
            event = JobCancelled(**about, by=actor.id, reason=words)
    return event


def submitted_event(job: SubmittedJob, now: datetime) -> JobSubmitted:
    """Return the event that a job waits for approval."""
    return JobSubmitted(
        **envelope(job, now),
        job_id=JobId(job.id),
        owner_id=UserId(job.owner_id),
        submission_id=SubmissionId(job.submission_id),
        artifact_id=ArtifactId(job.artifact_id),
        name=job.name,
        plate=job.plate,
        queue=job.queue,
    )


def envelope(job: SubmittedJob, now: datetime) -> dict[str, Any]:
    """Return what every event about a job begins with."""
    return {
        "id": EventId(uuid4()),
        "occurred_at": now,
        "correlation_id": CorrelationId(job.correlation_id),
    }


def changed_meanwhile(job_id: UUID) -> Conflict:
    """Return the conflict with whoever was quicker."""
    return Conflict(
        "job-changed",
        "The job has changed since you looked. Look again, then decide.",
        job_id=job_id,
    )


def wrong_state(job_id: UUID, state: str, action: JobAction) -> Conflict:
    """Return the conflict with a state that leaves the action no room."""
    word = action.value.replace("_", " ")
    return Conflict("job-state", f"The job is {state}: {word} is not possible.", job_id=job_id)
