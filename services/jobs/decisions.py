"""What people decide about jobs: conditional updates, each with its event and its trail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, exists, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.commands import CommandKind
from contracts.events import (
    AnyServiceEvent,
    JobApprovalTakenBack,
    JobApproved,
    JobCancelled,
    JobCancelRequested,
    JobRejected,
    JobReturned,
    JobSubmitted,
    JobWithdrawn,
    PrinterActivity,
    RunResolved,
)
from contracts.ids import (
    ArtifactId,
    CorrelationId,
    EventId,
    JobId,
    RunId,
    SubmissionId,
    UserId,
)
from contracts.lifecycle import (
    JOB_TRANSITIONS,
    TERMINAL_RUN_STATES,
    JobAction,
    JobState,
    Resolution,
    RunState,
    sources_of,
)
from services.db import outbox
from services.db.tables.machines import PrinterState, Run
from services.db.tables.work import Job
from services.jobs import audit, commands, ringing, waiting, words
from services.jobs.actors import Actor
from services.jobs.errors import Conflict, NotAllowed, Unknown
from services.jobs.queueing import RANK, first_rank

OWNER_ACTIONS = frozenset({JobAction.WITHDRAW, JobAction.CANCEL, JobAction.RESUBMIT})
"""What people can do with their own jobs; admins can do everything with every job."""

AT_WORK_ACTIVITIES = frozenset(
    {PrinterActivity.PRINTING, PrinterActivity.PAUSED, PrinterActivity.BUSY}
)
"""What a printer says that may be printing what nobody saw it start."""


@dataclass(frozen=True)
class Decision:
    """An action on the job as the person saw it; `words` is the reason or comment."""

    action: JobAction
    version: int
    words: str | None = None
    undo_s: int = 0
    is_first: bool = False
    """An approved job goes before all that wait."""


async def decide(
    session: AsyncSession, actor: Actor, job_id: UUID, decision: Decision, now: datetime
) -> None:
    """Change a job that no run has; raise Conflict when it is not as the person saw it."""
    job = await _job_for(session, actor, job_id, decision.action)
    _must_fit(job, decision)
    job = await _locked(session, job_id)
    _must_fit(job, decision)
    changes = _changes(job, actor, decision, now)
    changed = await session.exec(
        update(Job)
        .where(
            col(Job.id) == job_id,
            col(Job.version) == decision.version,
            col(Job.state) == job.state,
            _no_run(),
        )
        .values(**changes, version=Job.version + 1)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:
        raise _changed(job_id)
    await outbox.add_event(session, _event(job, actor, decision, changes, now))
    if changes["not_before"] is not None:
        await ringing.tell_ringer(session)
    _record(session, actor, job, decision.action, now, decision.words)


async def cancel(session: AsyncSession, actor: Actor, job_id: UUID, now: datetime) -> None:
    """Cancel a queued job at once, or ask for it when a run has the job.

    The row lock is the one that the claim takes: one of the two comes first.
    """
    job = await _job_for(session, actor, job_id, JobAction.CANCEL)
    if job.state != JobState.QUEUED:
        raise _wrong_state(job, JobAction.CANCEL)
    job = await _locked(session, job_id)
    run = await _run_of(session, job)
    if run is not None and run.state in TERMINAL_RUN_STATES - {RunState.RELEASED}:
        raise _wrong_state(job, JobAction.CANCEL, seen=run.state)
    if run is None or run.state == RunState.RELEASED:
        await decide(session, actor, job_id, Decision(JobAction.CANCEL, job.version), now)
    elif job.cancel_requested_at is None:
        await _request_cancel(session, actor, job, run, now)


async def resolve(
    session: AsyncSession,
    actor: Actor,
    run_id: UUID,
    outcome: Resolution,
    reason: str,
    now: datetime,
) -> JobId:
    """Put a person's word on a run that needs attention; return its job.

    The projection takes the word as an event; the node gets it as a command.
    """
    run = await session.get(Run, run_id)
    job = await session.get(Job, run.job_id) if run else None
    if run is None or job is None or not (actor.may_approve or job.owner_id == actor.id):
        raise Unknown("run")
    if not actor.may_approve:
        raise NotAllowed("admins-only", "Only an admin can do this. Ask one.")
    await _locked(session, job.id)
    await session.refresh(run)
    await _must_need_word(session, job, run, outcome, now)
    event = RunResolved(
        **_envelope(job, now),
        job_id=JobId(job.id),
        run_id=RunId(run_id),
        outcome=outcome,
        by=actor.id,
        reason=reason,
    )
    await outbox.add_event(session, event)
    await commands.issue(
        session,
        actor,
        CommandKind.RESOLVE,
        commands.Target.run(run),
        now=now,
        correlation_id=job.correlation_id,
        value=outcome.value,
    )
    return JobId(job.id)


async def _job_for(session: AsyncSession, actor: Actor, job_id: UUID, action: JobAction) -> Job:
    """Return the job that the actor may act on, as it is without waiting for anyone."""
    job = await session.get(Job, job_id)
    if job is None or not (actor.may_approve or job.owner_id == actor.id):
        raise Unknown("job")
    if not actor.may_approve and action not in OWNER_ACTIONS:
        raise NotAllowed("admins-only", "Only an admin can decide this. Ask one.")
    return job


def _must_fit(job: Job, decision: Decision) -> None:
    """Raise Conflict unless the decision is about the job as it is.

    Asked before the lock too: a decision that is out of date must not make a claim skip the job.
    """
    if job.version != decision.version:
        raise _changed(job.id)
    if job.state not in sources_of(decision.action):
        raise _wrong_state(job, decision.action)


async def _locked(session: AsyncSession, job_id: UUID) -> Job:
    """Return the job under the row lock that claims take too.

    What is read after it is seen as of now: a claim that came first is visible.
    """
    return await session.get_one(Job, job_id, with_for_update=True, populate_existing=True)


async def _run_of(session: AsyncSession, job: Job) -> Run | None:
    return await session.get(Run, job.run_id, populate_existing=True) if job.run_id else None


def _no_run() -> ColumnElement[bool]:
    taken = exists().where(
        col(Run.id) == col(Job.run_id), col(Run.state) != RunState.RELEASED.value
    )
    return ~taken


def _changes(job: Job, actor: Actor, decision: Decision, now: datetime) -> Mapping[str, object]:
    state = JOB_TRANSITIONS[JobState(job.state), decision.action]
    changes: dict[str, object] = {
        "state": state.value,
        "decided_at": now,
        "decided_by": actor.id,
        "decision": decision.words,
        "not_before": None,
        **waiting.NO_REASON,
    }
    if decision.action is JobAction.APPROVE:
        is_first = decision.is_first
        changes["rank"] = first_rank(job.queue) if is_first else RANK.next_value()
        changes["rung_at"] = now
        if decision.undo_s:
            changes["not_before"] = now + timedelta(seconds=decision.undo_s)
    if decision.action is JobAction.TAKE_BACK_APPROVAL:
        changes["rank"] = None
    return changes


def _event(
    job: Job, actor: Actor, decision: Decision, changes: Mapping[str, object], now: datetime
) -> AnyServiceEvent:
    """Return the event that tells the decision."""
    about = {**_envelope(job, now), "job_id": job.id, "owner_id": job.owner_id}
    words = decision.words or ""
    event: AnyServiceEvent
    match decision.action:
        case JobAction.APPROVE:
            not_before = changes["not_before"]
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


def submitted_event(job: Job, now: datetime) -> JobSubmitted:
    """Return the event that a job waits for approval."""
    return JobSubmitted(
        **_envelope(job, now),
        job_id=JobId(job.id),
        owner_id=UserId(job.owner_id),
        submission_id=SubmissionId(job.submission_id),
        artifact_id=ArtifactId(job.artifact_id),
        name=job.name,
        plate=job.plate,
        queue=job.queue,
    )


def _envelope(job: Job, now: datetime) -> dict[str, object]:
    return {
        "id": EventId(uuid4()),
        "occurred_at": now,
        "correlation_id": CorrelationId(job.correlation_id),
    }


async def _request_cancel(
    session: AsyncSession, actor: Actor, job: Job, run: Run, now: datetime
) -> None:
    """Ask the node to cancel the run; it is a fact only when the node says so."""
    job.cancel_requested_at, job.cancel_requested_by = now, actor.id
    job.version += 1
    session.add(job)
    event = JobCancelRequested(
        **_envelope(job, now),
        job_id=JobId(job.id),
        owner_id=UserId(job.owner_id),
        run_id=RunId(run.id),
        by=actor.id,
    )
    await outbox.add_event(session, event)
    await commands.issue(
        session,
        actor,
        CommandKind.CANCEL,
        commands.Target.run(run),
        now=now,
        correlation_id=job.correlation_id,
    )
    _record(session, actor, job, JobAction.CANCEL, now, "requested")


async def _must_need_word(
    session: AsyncSession, job: Job, run: Run, outcome: Resolution, now: datetime
) -> None:
    """Raise Conflict unless the run waits for a word, and this one is not ruled out."""
    if run.state != RunState.ATTENTION:
        raise Conflict("run-state", "This run does not need attention any more.", job_id=job.id)
    if await words.is_being_resolved(session, run.id, now):
        raise Conflict(
            "run-being-resolved", "Somebody has just decided about this run.", job_id=job.id
        )
    printer = await session.get(PrinterState, run.printer_id)
    if outcome is Resolution.PRINTING and printer and printer.journal_id != run.journal_id:
        raise Conflict(
            "print-unknown-to-node",
            "The node has lost its memory of this print and would not tell how it ends. "
            "Wait for the end, then say how it ended.",
            job_id=job.id,
        )
    if outcome is Resolution.RELEASED and _is_at_work(printer, run):
        raise Conflict(
            "printer-at-work",
            "The printer says that it prints. Say that it never started once it has ended.",
            job_id=job.id,
        )


def _is_at_work(printer: PrinterState | None, run: Run) -> bool:
    """Tell whether the printer says that it works, so that the run may be what it works on."""
    if printer is None or not printer.is_online or run.printer_is_free:
        return False
    return printer.activity in AT_WORK_ACTIVITIES


def _record(
    session: AsyncSession,
    actor: Actor,
    job: Job,
    action: JobAction,
    now: datetime,
    detail: str | None,
) -> None:
    audit.record(
        session,
        actor,
        f"job.{action.value}",
        "job",
        job.id,
        correlation_id=job.correlation_id,
        now=now,
        detail=detail,
    )


def _changed(job_id: UUID) -> Conflict:
    return Conflict(
        "job-changed",
        "The job has changed since you looked. Look again, then decide.",
        job_id=job_id,
    )


def _wrong_state(job: Job, action: JobAction, seen: str | None = None) -> Conflict:
    word = action.value.replace("_", " ")
    return Conflict(
        "job-state", f"The job is {seen or job.state}: {word} is not possible.", job_id=job.id
    )
