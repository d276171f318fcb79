"""The claim: one transaction that picks the next fitting job and makes its run.

Writes `run` (insert), `run_price`, `job.run_id` and why the job waits.
"""

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID, uuid4

import asyncpg

from contracts.events import JobClaimed
from contracts.ids import (
    SID_MAX,
    CorrelationId,
    EventId,
    JobId,
    PrinterId,
    RunId,
    UserId,
)
from contracts.lifecycle import RunState
from contracts.loaded import PlateSummary
from contracts.rpc import ClaimRequest, JobSpec
from contracts.waiting import WaitReason
from services.db import outbox
from services.db.database import Transaction
from services.db.tables.machines import Run
from services.db.tables.shop import RunPrice
from services.jobs import pricing, waiting
from services.jobs.claim_sql import (
    Candidate,
    LockedJob,
    Surroundings,
    job_to_give,
    job_to_lock,
    next_page_of_queue,
    page_of_queue,
    price_to_write,
    run_of_sid,
    run_to_write,
    surroundings_of_run,
)
from services.jobs.fit import Fit, fit
from services.jobs.places import ClaimingPrinter, Place
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
class NothingToDo:
    """No queued job fits now."""

    reasons: tuple[str, ...]


async def claim(
    transaction: Transaction,
    request: ClaimRequest,
    place: Place,
    *,
    now: datetime,
    waits: Waits,
) -> Claimed | NothingToDo:
    """Decide a claim that has no run, for a printer that has none; the caller commits."""
    printer, shop = place.printer, place.shop
    if place.is_held:
        return NothingToDo(("the queue is on hold",))
    rules = shop.rules(printer.queue)
    skipped = waiting.Skipped()
    async with aclosing(_candidates(transaction, printer.queue, now)) as candidates:
        async for candidate in candidates:
            plate = PlateSummary.model_validate(candidate.needs)
            outcome = fit(plate, request.loaded, rules)
            if isinstance(outcome, WaitReason):
                skipped.add(candidate.id, outcome)
                continue
            job = await _lock(transaction, candidate.id, now)
            if job is not None:
                await skipped.tell(transaction)
                run = _new_run(request, printer, job, plate, outcome, now)
                price = pricing.price_of_run(run.id, plate, shop)
                return await _claim_job(transaction, run, price, job, waits)
    await skipped.tell(transaction)
    return NothingToDo(skipped.texts)


async def _candidates(
    transaction: Transaction, queue: str, now: datetime
) -> AsyncGenerator[Candidate, None]:
    """Yield the queue's claimable jobs in its order, fetched page by page."""
    size = FIRST_PAGE
    page = await transaction.fetch(page_of_queue(size), queue=queue, now=now)
    while page:
        for row in page:
            last = Candidate(*row.values())
            yield last
        if len(page) < size:
            return
        size, place = PAGE, {"rank": last.rank, "id": last.id}
        page = await transaction.fetch(next_page_of_queue(size), queue=queue, now=now, **place)


async def _lock(transaction: Transaction, job_id: UUID, now: datetime) -> LockedJob | None:
    """Return the job, locked and still claimable; None when another was quicker."""
    row = await transaction.fetchrow(job_to_lock(), job_id=job_id, now=now)
    return None if row is None else LockedJob(*row.values())


async def _claim_job(
    transaction: Transaction, run: Run, price: RunPrice, job: LockedJob, waits: Waits
) -> Claimed:
    around = await _surroundings(transaction, run, job)
    run.run_no, run.releases_before = len(around.states) + 1, _releases(around.states)
    deadline_s = waits.transfer_within_s(around.size_bytes) + waits.overdue_after_s
    run.deadline_at = run.claimed_at + timedelta(seconds=deadline_s)
    if around.is_sid_taken:
        await _take_another_sid(transaction, run)
    await _write(transaction, run, price)
    await outbox.add_event(transaction, _claimed_event(run, job, run.claimed_at))
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


async def _write(transaction: Transaction, run: Run, price: RunPrice) -> None:
    """Insert the run and give it its job."""
    await transaction.write(run_to_write(), **run.model_dump())
    await transaction.write(price_to_write(), **price.model_dump())
    await transaction.write(job_to_give(), job_id=run.job_id, given_run_id=run.id)


async def _take_another_sid(transaction: Transaction, run: Run) -> None:
    """Give the run a sid that no other has."""
    for _ in range(SID_TRIES - 1):
        run.sid = _random_sid()
        if await transaction.fetchrow(run_of_sid(), sid=run.sid) is None:
            return
    raise asyncpg.UniqueViolationError("no free sid")


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


async def _surroundings(transaction: Transaction, run: Run, job: LockedJob) -> Surroundings:
    asked = {"job_id": job.id, "sid": run.sid, "artifact_id": job.artifact_id}
    row = await transaction.fetchrow(surroundings_of_run(), **asked)
    if row is None:
        raise LookupError(f"no artifact {job.artifact_id}")  # its job names it
    return Surroundings(*row.values())


def _releases(states: Sequence[str]) -> int:
    """Return how many runs were released in a row, of states with the latest first."""
    return len(list(takewhile(lambda state: state == RunState.RELEASED, states)))
