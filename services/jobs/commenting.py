"""What submitter and approvers say to each other about a job, beside decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.events import JobCommented
from contracts.ids import CorrelationId, EventId, JobId, UserId
from services.db import outbox
from services.db.tables.people import User
from services.db.tables.work import Job, JobComment
from services.jobs import audit
from services.jobs.actors import Actor
from services.jobs.errors import Conflict, Unknown

MAX_COMMENTS: Final = 500
"""Of one job."""


@dataclass(frozen=True)
class Said:
    """A comment and who made it."""

    id: UUID
    author_id: UUID
    author_name: str
    author_avatar_url: str | None
    text: str
    created_at: datetime


async def comment(
    session: AsyncSession, actor: Actor, job_id: UUID, text: str, now: datetime
) -> JobComment:
    """Say something about a job of one's own, or as an approver about any."""
    job = await session.get(Job, job_id)
    if job is None or not (actor.may_approve or job.owner_id == actor.id):
        raise Unknown("job")
    said = select(func.count()).where(col(JobComment.job_id) == job_id)
    if (await (await session.connection()).execute(said)).scalar_one() >= MAX_COMMENTS:
        raise Conflict("too-many-comments", "There is no room for more comments on this job.")
    row = JobComment(id=uuid4(), job_id=job_id, author_id=actor.id, text=text, created_at=now)
    session.add(row)
    event = JobCommented(
        id=EventId(uuid4()),
        occurred_at=now,
        correlation_id=CorrelationId(job.correlation_id),
        job_id=JobId(job.id),
        owner_id=UserId(job.owner_id),
        by=actor.id,
        text=text,
    )
    await outbox.add_event(session, event)
    audit.record(
        session,
        actor,
        "job.comment",
        "job",
        job_id,
        correlation_id=job.correlation_id,
        now=now,
    )
    await session.flush()
    return row


async def comments_of(connection: AsyncConnection, job_id: UUID) -> Sequence[Said]:
    """Return what was said about a job, oldest first."""
    columns: Sequence[Any] = (
        *(col(getattr(JobComment, name)) for name in ("id", "author_id", "text", "created_at")),
        col(User.name).label("author_name"),
        col(User.avatar_url).label("author_avatar_url"),
    )
    statement = (
        select(*columns)
        .join(User, col(User.id) == col(JobComment.author_id))
        .where(col(JobComment.job_id) == job_id)
        .order_by(col(JobComment.created_at), col(JobComment.id))
    )
    return [Said(**row) for row in (await connection.execute(statement)).mappings()]
