"""The claim: one transaction that picks the next fitting job and makes its run.

Writes `run` (insert; and the release of a run that never had a fact), `run_price`,
`job.run_id` and why the job waits.
"""

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.events import AttentionCause, JobClaimed, RunOverdue, RunResolved
from contracts.ids import (
    SID_MAX,
    CorrelationId,
    EventId,
    JobId,
    PrinterId,
    RunId,
    UserId,
)
from contracts.lifecycle import TERMINAL_RUN_STATES, Resolution, RunState
from contracts.loaded import PlateSummary
from contracts.rpc import ClaimRequest, JobSpec, RefusalCode
from contracts.sentences import Sentence
from contracts.waiting import WaitReason
from services.db import outbox
from services.db.tables.machines import Run
from services.db.tables.shop import RunPrice
from services.db.tables.work import Artifact, Job
from services.jobs import pricing, ringing, waiting, words
from services.jobs.claim_sql import (
    Candidate,
    LockedJob,
    Surroundings,
    job_to_give,
    job_to_lock,
    next_page_of_queue,
    open_run,
    page_of_queue,
    price_to_write,
    run_of_claim,
    run_to_write,
    surroundings_of_run,
)
from services.jobs.fit import Fit, fit
from services.jobs.places import ClaimingPrinter, ClaimRefused, Place
from services.jobs.status_sql import unresolved
from services.jobs.waits import Waits

FIRST_PAGE, PAGE = 8, 200
"""Mostly the first job fits; where none does, all of them are looked through."""
SID_TRIES = 5


@dataclass(frozen=True)
class Claimed:
    """The claim has a run, which prints a file."""

    run: Run
    correlation_id: UUID
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class ClaimOver:
    """The claim had a run, which is over: the node makes a new claim."""


@dataclass(frozen=True)
class NothingToDo:
    """No queued job fits now."""

    reasons: tuple[str, ...]


Outcome = Claimed | ClaimOver | NothingToDo | ClaimRefused


async def answered_before(
    session: AsyncSession, request: ClaimRequest
) -> Claimed | ClaimOver | None:
    """Return the run that this claim_id already has: the same question, the same answer."""
    asked = {"claim_id": request.claim_id}
    run = (await session.exec(run_of_claim(), params=asked)).first()
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


async def _has_run(session: AsyncSession, request: ClaimRequest) -> bool:
    """Tell whether the claim has a run already, or its printer an unresolved one."""
    asked = {"claim_id": request.claim_id, "printer_id": request.printer_id}
    connection = await session.connection()
    return (await connection.execute(open_run(), asked)).first() is not None


async def claim(
    session: AsyncSession,
    request: ClaimRequest,
    place: Place,
    *,
    now: datetime,
    waits: Waits,
) -> Claimed | ClaimOver | NothingToDo | ClaimRefused:
    """Decide the claim; the caller commits. The same claim gets the same answer."""
    if await _has_run(session, request):
        # A repeated question may have waited for the lock behind its first copy.
        before = await answered_before(session, request)
        settled = before or await _settle_open_run(session, request, now)
        if settled is not None:
            return settled
    return await _next_job(session, request, place, now=now, waits=waits)


async def _next_job(
    session: AsyncSession, request: ClaimRequest, place: Place, *, now: datetime, waits: Waits
) -> Claimed | NothingToDo:
    printer, shop = place.printer, place.shop
    if place.is_held:
        return NothingToDo(("the queue is on hold",))
    rules = shop.rules(printer.queue)
    skipped = waiting.Skipped()
    async with aclosing(_candidates(session, printer.queue, now)) as candidates:
        async for candidate in candidates:
            plate = PlateSummary.model_validate(candidate.needs)
            outcome = fit(plate, request.loaded, rules)
            if isinstance(outcome, WaitReason):
                skipped.add(candidate.id, outcome)
                continue
            job = await _lock(session, candidate.id, now)
            if job is not None:
                await skipped.tell(session)
                run = _new_run(request, printer, job, plate, outcome, now)
                price = pricing.price_of_run(run.id, plate, shop)
                return await _claim_job(session, run, price, job, waits)
    await skipped.tell(session)
    return NothingToDo(skipped.texts)


async def _settle_open_run(
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


async def _candidates(
    session: AsyncSession, queue: str, now: datetime
) -> AsyncGenerator[Candidate, None]:
    """Yield the queue's claimable jobs in its order, fetched page by page."""
    connection = await session.connection()
    size, asked = FIRST_PAGE, {"queue": queue, "now": now}
    page = (await connection.execute(page_of_queue(), {**asked, "size": size})).all()
    while page:
        for row in page:
            yield Candidate(*row)
        if len(page) < size:
            return
        size, asked = PAGE, {**asked, "rank": page[-1].rank, "id": page[-1].id}
        page = (await connection.execute(next_page_of_queue(), {**asked, "size": size})).all()


async def _lock(session: AsyncSession, job_id: UUID, now: datetime) -> LockedJob | None:
    """Return the job, locked and still claimable; None when another was quicker."""
    connection = await session.connection()
    row = (await connection.execute(job_to_lock(), {"job_id": job_id, "now": now})).first()
    return None if row is None else LockedJob(*row)


async def _claim_job(
    session: AsyncSession, run: Run, price: RunPrice, job: LockedJob, waits: Waits
) -> Claimed:
    around = await _surroundings(session, run, job)
    run.run_no, run.releases_before = len(around.states) + 1, _releases(around.states)
    deadline_s = waits.transfer_within_s(around.size_bytes) + waits.overdue_after_s
    run.deadline_at = run.claimed_at + timedelta(seconds=deadline_s)
    if around.is_sid_taken:
        await _take_another_sid(session, run)
    await _write(session, run, price)
    await outbox.add_event(session, _claimed_event(run, job, run.claimed_at))
    return Claimed(run, job.correlation_id, around.sha256, around.size_bytes)


def _new_run(
    request: ClaimRequest,
    printer: ClaimingPrinter,
    job: LockedJob,
    plate: PlateSummary,
    how: Fit,
    now: datetime,
) -> Run:
    spec = JobSpec(
        job_id=JobId(job.id),
        name=job.name,
        plate=job.plate,
        gcode_path=plate.gcode_path,
        # The node checks it again: a file for the family is as good as one for this printer.
        model=request.loaded.model if plate.model else None,
        nozzle_mm=plate.nozzle_mm,
        estimate_s=plate.estimate_s,
        filaments=plate.filaments,
        use_ams=how.use_ams,
        ams_mapping=how.ams_mapping,
    )
    return Run(
        id=uuid4(),
        job_id=job.id,
        run_no=0,
        claim_id=request.claim_id,
        sid=_random_sid(),
        printer_id=printer.id,
        printer_epoch=printer.epoch,
        printer_is_free=False,
        node=request.node,
        journal_id=request.journal_id,
        releases_before=0,
        spec=spec.model_dump(mode="json"),
        state=RunState.CLAIMED,
        fact_state=RunState.CLAIMED,
        run_seq=0,
        overdue_in=None,
        resolved_as=None,
        cause=None,
        reason=None,
        code=None,
        advice=None,
        percent=0,
        layer=None,
        total_layers=None,
        minutes_left=None,
        claimed_at=now,
        deadline_at=None,
    )


async def _write(session: AsyncSession, run: Run, price: RunPrice) -> None:
    """Insert the run and give it its job."""
    connection = await session.connection()
    await connection.execute(run_to_write(), run.model_dump())
    await connection.execute(price_to_write(), price.model_dump())
    await connection.execute(job_to_give(), {"job_id": run.job_id, "given_run_id": run.id})


async def _take_another_sid(session: AsyncSession, run: Run) -> None:
    """Give the run a sid that no other has."""
    for _ in range(SID_TRIES - 1):
        run.sid = _random_sid()
        taken = await session.exec(select(Run.id).where(Run.sid == run.sid))
        if taken.first() is None:
            return
    raise IntegrityError("no free sid", None, ValueError(run.sid))


def _claimed_event(run: Run, job: LockedJob, now: datetime) -> JobClaimed:
    if run.deadline_at is None:
        raise ValueError("a claimed run has a deadline")
    return JobClaimed(
        id=EventId(uuid4()),
        occurred_at=now,
        correlation_id=CorrelationId(job.correlation_id),
        job_id=JobId(job.id),
        owner_id=UserId(job.owner_id),
        run_id=RunId(run.id),
        run_no=run.run_no,
        claim_id=run.claim_id,
        sid=run.sid,
        printer_id=PrinterId(run.printer_id),
        printer_epoch=run.printer_epoch,
        node=run.node,
        journal_id=run.journal_id,
        releases_before=run.releases_before,
        deadline_at=run.deadline_at,
    )


def _random_sid() -> int:
    """Return an id for the printer: an old one must not come back when the database is new."""
    return secrets.randbelow(SID_MAX) + 1


async def _surroundings(session: AsyncSession, run: Run, job: LockedJob) -> Surroundings:
    asked = {"job_id": job.id, "sid": run.sid, "artifact_id": job.artifact_id}
    connection = await session.connection()
    return Surroundings(*(await connection.execute(surroundings_of_run(), asked)).one())


def _releases(states: Sequence[str]) -> int:
    """Return how many runs were released in a row, of states with the latest first."""
    return len(list(takewhile(lambda state: state == RunState.RELEASED, states)))


async def _with_job(session: AsyncSession, run: Run) -> Claimed:
    job = await session.get_one(Job, run.job_id)
    artifact = await session.get_one(Artifact, job.artifact_id)
    return Claimed(run, job.correlation_id, artifact.sha256, artifact.size_bytes)


async def _correlation_of(session: AsyncSession, job_id: UUID) -> CorrelationId:
    job = await session.get_one(Job, job_id)
    return CorrelationId(job.correlation_id)
