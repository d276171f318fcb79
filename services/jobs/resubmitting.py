"""A job that was sent back comes again, with another file or plate if its owner likes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.lifecycle import JobAction, JobState
from contracts.loaded import PlateSummary
from services.db.database import in_session
from services.db.tables.work import Job
from services.jobs import commenting, decisions
from services.jobs.actors import Actor
from services.jobs.errors import Malformed, Unknown
from services.jobs.submitting import name_of_file, ready_file


class Earlier(BaseModel):
    """What the job was when it was sent back."""

    plate: int
    estimate_s: int | None
    weight_g: float | None


@dataclass(frozen=True)
class Change:
    """What shall be printed instead."""

    artifact_id: UUID
    plate: int


async def resubmit(
    session: AsyncSession,
    actor: Actor,
    job_id: UUID,
    version: int,
    *,
    change: Change | None,
    words: str | None,
    now: datetime,
) -> None:
    """Ask again for a job; it keeps its place, its thread and what it was before."""
    if change is not None:
        await _change(session, actor, job_id, version, change)
    if words:
        await commenting.comment(session, actor, job_id, words, now)
    decision = decisions.Decision(JobAction.RESUBMIT, version)
    await decisions.decide(in_session(session), actor, job_id, decision, now)


async def _change(
    session: AsyncSession, actor: Actor, job_id: UUID, version: int, change: Change
) -> None:
    job = await session.get(Job, job_id, with_for_update=True)
    if job is None or job.owner_id != actor.id:
        raise Unknown("job")
    if job.version != version or job.state != JobState.RETURNED:
        raise decisions.changed_meanwhile(job_id)
    file = await ready_file(in_session(session), actor, change.artifact_id)
    plate = file.plates.get(change.plate)
    if plate is None:
        raise Malformed("no-such-plate", f"The file has no sliced plate {change.plate}.")
    before = PlateSummary.model_validate(job.needs)
    job.earlier = Earlier(
        plate=job.plate, estimate_s=before.estimate_s, weight_g=before.weight_g
    ).model_dump(mode="json")
    if plate.index != job.plate:
        job.copy_no = await _next_copy(session, job.submission_id, plate.index)
    job.artifact_id, job.plate = file.id, plate.index
    job.name, job.needs = name_of_file(file.filename), plate.model_dump(mode="json")
    session.add(job)
    await session.flush()


async def _next_copy(session: AsyncSession, submission_id: UUID, plate: int) -> int:
    taken = select(func.coalesce(func.max(Job.copy_no), 0)).where(
        col(Job.submission_id) == submission_id, col(Job.plate) == plate
    )
    return (await session.exec(taken)).one() + 1
