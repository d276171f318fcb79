"""Claims that meet a run: their own from before, or one of their printer that is not over.

Writes the release of a run that never had a fact, and what follows for its job.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.events import AttentionCause, RunOverdue, RunResolved
from contracts.ids import CorrelationId, EventId, JobId, RunId
from contracts.lifecycle import TERMINAL_RUN_STATES, Resolution, RunState
from contracts.rpc import ClaimRequest, RefusalCode
from contracts.sentences import Sentence
from services.db import outbox
from services.db.tables.machines import Run
from services.db.tables.work import Artifact, Job
from services.jobs import ringing, words
from services.jobs.claims import Claimed
from services.jobs.places import ClaimRefused
from services.jobs.status_sql import unresolved


@dataclass(frozen=True)
class ClaimOver:
    """The claim had a run, which is over: the node makes a new claim."""


async def answered_before(
    session: AsyncSession, request: ClaimRequest
) -> Claimed | ClaimOver | None:
    """Return the run that this claim_id already has: the same question, the same answer."""
    run = (await session.exec(select(Run).where(Run.claim_id == request.claim_id))).first()
    if run is None:
        return None
    if run.node != request.node or RunState(run.state) in TERMINAL_RUN_STATES:
        return ClaimOver()
    return await _with_job(session, run)


async def claimed_run(session: AsyncSession, node: str, run_id: UUID) -> Claimed | None:
    """Return an unresolved run of this node, or None."""
    run = await session.get(Run, run_id)
    if run is None or run.node != node or RunState(run.state) in TERMINAL_RUN_STATES:
        return None
    return await _with_job(session, run)


async def settle_open_run(
    session: AsyncSession, request: ClaimRequest, now: datetime
) -> ClaimRefused | None:
    """Release the run whose answer was lost; refuse while another is unresolved."""
    run = (
        await session.exec(
            select(Run)
            .where(
                Run.printer_id == request.printer_id,
                unresolved(),
                col(Run.printer_is_free).is_(False),
            )
            .with_for_update()
        )
    ).first()
    if run is None:
        return None
    is_known = run.id in request.open_runs
    if not is_known and run.journal_id == request.journal_id and run.run_seq == 0:
        # The job's lock before the question: whoever speaks of a run takes it too.
        job = await session.get_one(Job, run.job_id, with_for_update=True, populate_existing=True)
        if not await words.is_job_ended(session, run.id):
            await _release_unanswered(session, run, job, now)
            return None
    if run.journal_id != request.journal_id and run.state != RunState.ATTENTION:
        await _ask_a_person(session, run, now)
    return ClaimRefused(
        RefusalCode.PRINTER_HAS_RUN, f"Run {run.id} on this printer is not resolved yet."
    )


async def _release_unanswered(session: AsyncSession, run: Run, job: Job, now: datetime) -> None:
    reason = Sentence.ANSWER_LOST
    event = RunResolved(
        id=EventId(uuid4()),
        occurred_at=now,
        correlation_id=CorrelationId(job.correlation_id),
        job_id=JobId(run.job_id),
        run_id=RunId(run.id),
        outcome=Resolution.RELEASED,
        by=None,
        reason=reason,
    )
    await outbox.add_event(session, event)
    run.state, run.resolved_as = RunState.RELEASED, Resolution.RELEASED
    run.reason, run.ended_at, run.deadline_at = reason, now, None
    session.add(run)
    if job.run_id == run.id:
        await ringing.put_back(session, [job], now)
    await session.flush()


async def _ask_a_person(session: AsyncSession, run: Run, now: datetime) -> None:
    event = RunOverdue(
        id=EventId(uuid4()),
        occurred_at=now,
        correlation_id=await _correlation_of(session, run.job_id),
        job_id=JobId(run.job_id),
        run_id=RunId(run.id),
        in_state=RunState(run.fact_state),
        cause=AttentionCause.RUN_UNKNOWN_TO_NODE,
        reason=Sentence.NEW_JOURNAL,
    )
    await outbox.add_event(session, event)


async def _with_job(session: AsyncSession, run: Run) -> Claimed:
    job = await session.get_one(Job, run.job_id)
    artifact = await session.get_one(Artifact, job.artifact_id)
    return Claimed(run, job.correlation_id, artifact.sha256, artifact.size_bytes)


async def _correlation_of(session: AsyncSession, job_id: UUID) -> CorrelationId:
    job = await session.get_one(Job, job_id)
    return CorrelationId(job.correlation_id)
