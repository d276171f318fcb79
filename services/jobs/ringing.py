"""Bells: told each time a queued job may have become claimable, each with a new id.

Writes `job.rung_at`, and takes a released run out of its job.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.events import JobCancelled, JobRequeued
from contracts.ids import CorrelationId, EventId, JobId, UserId
from contracts.lifecycle import JobAction, JobState, RunState, advance_job
from contracts.sentences import Sentence
from contracts.waiting import RequeueReason
from services.db import outbox
from services.db.channels import QUEUE
from services.db.database import Transaction
from services.db.news import tell
from services.db.tables.machines import Run
from services.db.tables.work import Job
from services.jobs import words

_CLAIMABLE = (col(Job.state) == JobState.QUEUED, col(Job.run_id).is_(None))


async def ring_released(session: AsyncSession, now: datetime) -> int:
    """Make the jobs of released runs claimable at their old rank, and ring; return how many.

    Not those that a person has just ended: that word may not be in the projection yet.
    """
    rows = await session.exec(
        select(Job)
        .join(Run, col(Run.id) == Job.run_id)
        .where(col(Run.state) == RunState.RELEASED, Job.state == JobState.QUEUED)
        .with_for_update(of=Job, skip_locked=True)
    )
    jobs = [job for job in list(rows) if not await words.is_job_ended(session, job.run_id)]
    await put_back(session, jobs, now)
    return len(jobs)


async def put_back(session: AsyncSession, jobs: Sequence[Job], now: datetime) -> None:
    """Make locked jobs, whose runs were released, claimable again, and ring.

    A job that a person wanted cancelled meanwhile is cancelled: nothing prints it now.
    """
    waiting: list[Job] = []
    for job in jobs:
        job.run_id = None
        job.version += 1
        if job.cancel_requested_at is None:
            waiting.append(job)
        else:
            await _cancel(session, job, now)
        session.add(job)
    await session.flush()
    await _ring(session, waiting, RequeueReason.RELEASED, now)


async def ring_due(session: AsyncSession, now: datetime) -> int:
    """Ring for jobs whose `not_before` has passed since their last bell; return how many."""
    rows = await session.exec(
        select(Job)
        .where(
            *_CLAIMABLE,
            col(Job.not_before) <= now,
            or_(col(Job.rung_at).is_(None), col(Job.rung_at) < col(Job.not_before)),
        )
        .with_for_update(skip_locked=True)
    )
    jobs = list(rows)
    await _ring(session, jobs, RequeueReason.NOT_BEFORE, now)
    return len(jobs)


async def ring_all(session: AsyncSession, reason: RequeueReason, now: datetime) -> int:
    """Ring for every claimable job: bells may have been lost; return how many."""
    rows = await session.exec(
        select(Job)
        .where(*_CLAIMABLE, or_(col(Job.not_before).is_(None), col(Job.not_before) <= now))
        .with_for_update(skip_locked=True)
    )
    jobs = list(rows)
    await _ring(session, jobs, reason, now)
    return len(jobs)


async def tell_ringer(into: AsyncSession | Transaction) -> None:
    """Wake the ringer once this transaction has committed: a `not_before` is to be watched."""
    await tell(into, QUEUE)


async def ring_queue(session: AsyncSession, queue: str, now: datetime) -> None:
    """Ring once for a queue, if a job in it is claimable: whoever hears it asks for the next."""
    rows = await session.exec(
        select(Job)
        .where(
            *_CLAIMABLE,
            Job.queue == queue,
            or_(col(Job.not_before).is_(None), col(Job.not_before) <= now),
        )
        .order_by(col(Job.rank))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    await _ring(session, list(rows), RequeueReason.QUEUE_CHANGED, now)


async def ring_moved(session: AsyncSession, job: Job, now: datetime) -> None:
    """Ring for a job that got another place: whoever hears it asks for the next."""
    await _ring(session, [job], RequeueReason.MOVED, now)


async def next_due(session: AsyncSession, now: datetime) -> datetime | None:
    """Return when the next `not_before` passes, or None."""
    earliest: datetime | None = (
        await session.exec(
            select(func.min(Job.not_before)).where(*_CLAIMABLE, col(Job.not_before) > now)
        )
    ).one()
    return earliest


async def _cancel(session: AsyncSession, job: Job, now: datetime) -> None:
    reason = Sentence.CANCELLED_AS_ASKED
    job.state = advance_job(JobState(job.state), JobAction.CANCEL)
    job.decided_at, job.decided_by, job.decision = now, job.cancel_requested_by, reason
    event = JobCancelled(
        id=EventId(uuid4()),
        occurred_at=now,
        correlation_id=CorrelationId(job.correlation_id),
        job_id=JobId(job.id),
        by=None if job.cancel_requested_by is None else UserId(job.cancel_requested_by),
        reason=reason,
    )
    await outbox.add_event(session, event)


async def _ring(
    session: AsyncSession, jobs: Iterable[Job], reason: RequeueReason, now: datetime
) -> None:
    rung: list[UUID] = []
    for job in jobs:
        event = JobRequeued(
            id=EventId(uuid4()),
            occurred_at=now,
            correlation_id=CorrelationId(job.correlation_id),
            job_id=JobId(job.id),
            owner_id=UserId(job.owner_id),
            queue=job.queue,
            reason=reason,
        )
        await outbox.add_event(session, event)
        rung.append(job.id)
    await session.exec(update(Job).where(col(Job.id).in_(rung)).values(rung_at=now))
