"""One decision on several jobs: each stands or falls alone, none silently."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.findings import Severity
from contracts.lifecycle import JobAction
from contracts.loaded import PlateSummary
from services.db.database import in_session
from services.db.tables.work import Job
from services.jobs import decisions, quotas
from services.jobs.actors import Actor
from services.jobs.errors import Conflict, WorkError


@dataclass(frozen=True)
class Seen:
    """A job as the person saw it."""

    job_id: UUID
    version: int


@dataclass(frozen=True)
class Outcome:
    """What became of one: `code` and `detail` say why it was left as it is."""

    job_id: UUID
    code: str | None = None
    detail: str | None = None


async def decide_many(
    session: AsyncSession,
    actor: Actor,
    jobs: Sequence[Seen],
    action: JobAction,
    *,
    words: str | None,
    undo_s: int,
    now: datetime,
) -> list[Outcome]:
    """Decide on each job in turn; approving leaves out what somebody should look at first."""
    await _lock_in_one_order(session, [seen.job_id for seen in jobs])
    outcomes: list[Outcome] = []
    for seen in jobs:
        decision = decisions.Decision(action, seen.version, words, undo_s)
        try:
            async with session.begin_nested():
                if action is JobAction.APPROVE:
                    await _must_be_plain(session, seen.job_id, now)
                await decisions.decide(in_session(session), actor, seen.job_id, decision, now)
        except WorkError as exc:
            outcomes.append(Outcome(seen.job_id, exc.code, exc.detail))
        else:
            outcomes.append(Outcome(seen.job_id))
    return outcomes


async def _lock_in_one_order(session: AsyncSession, job_ids: Sequence[UUID]) -> None:
    """Take the rows' locks so that two such decisions can't wait for each other."""
    rows = select(Job.id).where(col(Job.id).in_(job_ids)).order_by(col(Job.id)).with_for_update()
    await session.exec(rows)


async def _must_be_plain(session: AsyncSession, job_id: UUID, now: datetime) -> None:
    """Raise Conflict for a job with a warning, or one beyond its owner's quota."""
    job = await session.get(Job, job_id)
    if job is None:
        return
    plate = PlateSummary.model_validate(job.needs)
    if any(finding.severity is Severity.WARN for finding in plate.findings):
        raise Conflict("has-warnings", "It has a warning. Open it and decide on it alone.")
    allowance = await quotas.allowance_of(in_session(session), job.owner_id, now)
    if allowance.is_over_with(*quotas.amounts(plate)):
        raise Conflict("over-quota", "It is over the person's quota. Decide on it alone.")
