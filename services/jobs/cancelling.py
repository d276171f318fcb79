"""Cancelling: at once where no run has the job, else as a wish that its node answers."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.commands import CommandKind
from contracts.events import JobCancelRequested
from contracts.ids import JobId, RunId, UserId
from contracts.lifecycle import TERMINAL_RUN_STATES, JobAction, JobState, RunState
from services.db import outbox
from services.db.database import in_session
from services.db.tables.machines import Run
from services.db.tables.work import Job
from services.jobs import audit, commands
from services.jobs.actors import Actor
from services.jobs.decisions import Decision, decide, envelope, must_be_allowed, wrong_state
from services.jobs.errors import Unknown


async def cancel(session: AsyncSession, actor: Actor, job_id: UUID, now: datetime) -> None:
    """Cancel a queued job at once, or ask for it when a run has the job.

    The row lock is the one that the claim takes: one of the two comes first.
    """
    job = await session.get(Job, job_id)
    must_be_allowed(actor, job.owner_id if job else None, JobAction.CANCEL)
    if job is None:
        raise Unknown("job")
    if job.state != JobState.QUEUED:
        raise wrong_state(job_id, job.state, JobAction.CANCEL)
    # What is read after the lock is seen as of now: a claim that came first is visible.
    job = await session.get_one(Job, job_id, with_for_update=True, populate_existing=True)
    run = await _run_of(session, job)
    if run is not None and run.state in TERMINAL_RUN_STATES - {RunState.RELEASED}:
        raise wrong_state(job_id, run.state, JobAction.CANCEL)
    if run is None or run.state == RunState.RELEASED:
        decision = Decision(JobAction.CANCEL, job.version)
        await decide(in_session(session), actor, job_id, decision, now)
    elif job.cancel_requested_at is None:
        await _request_cancel(session, actor, job, run, now)


async def _run_of(session: AsyncSession, job: Job) -> Run | None:
    return await session.get(Run, job.run_id, populate_existing=True) if job.run_id else None


async def _request_cancel(
    session: AsyncSession, actor: Actor, job: Job, run: Run, now: datetime
) -> None:
    """Ask the node to cancel the run; it is a fact only when the node says so."""
    job.cancel_requested_at, job.cancel_requested_by = now, actor.id
    job.version += 1
    session.add(job)
    event = JobCancelRequested(
        **envelope(job, now),
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
    audit.record(
        session,
        actor,
        f"job.{JobAction.CANCEL.value}",
        "job",
        job.id,
        correlation_id=job.correlation_id,
        now=now,
        detail="requested",
    )
