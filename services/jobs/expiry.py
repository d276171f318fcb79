"""What nobody decided or finished does not lie for ever. Run by dispatch."""

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.events import JobWithdrawn
from contracts.ids import CorrelationId, EventId, JobId, UserId
from contracts.lifecycle import ArtifactState, JobAction, JobState, advance_job
from contracts.sentences import Sentence
from services.db import outbox
from services.db.tables.work import Artifact, Job

UNDECIDED_AFTER = timedelta(days=14)
UNFINISHED_UPLOAD_AFTER = timedelta(hours=24)
_BATCH = 200


async def expire_jobs(session: AsyncSession, now: datetime) -> int:
    """Withdraw what was submitted or returned 14 days ago and left; return how many."""
    rows = await session.exec(
        select(Job)
        .where(
            col(Job.state).in_((JobState.SUBMITTED, JobState.RETURNED)),
            Job.created_at < now - UNDECIDED_AFTER,
            (col(Job.decided_at).is_(None)) | (col(Job.decided_at) < now - UNDECIDED_AFTER),
        )
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    jobs = list(rows)
    reason = Sentence.NOBODY_DECIDED.say(days=UNDECIDED_AFTER.days)
    for job in jobs:
        job.state = advance_job(JobState(job.state), JobAction.WITHDRAW)
        job.version += 1
        job.decided_at, job.decided_by, job.decision = now, None, reason
        session.add(job)
        event = JobWithdrawn(
            id=EventId(uuid4()),
            occurred_at=now,
            correlation_id=CorrelationId(job.correlation_id),
            job_id=JobId(job.id),
            owner_id=UserId(job.owner_id),
            by=None,
            reason=reason,
        )
        await outbox.add_event(session, event)
    return len(jobs)


async def expire_uploads(session: AsyncSession, now: datetime) -> list[str]:
    """Refuse uploads that were begun a day ago and never finished.

    Returns the keys under which their bytes may lie: they can be deleted.
    """
    result = await session.exec(
        update(Artifact)
        .where(
            col(Artifact.state) == ArtifactState.UPLOADING,
            col(Artifact.created_at) < now - UNFINISHED_UPLOAD_AFTER,
        )
        .values(
            state=ArtifactState.REFUSED,
            refusal_code="upload_unfinished",
            refusal="The upload was not finished within a day. Upload the file again.",
            checked_at=now,
        )
        .returning(col(Artifact.incoming_key))
    )
    return list(result.scalars())
