"""The order of queues: moving jobs, holding a queue back. Writes `queue` and `job.rank`.

Whoever changes the order holds the queue's row; whoever claims from it takes the job's row only,
so that no print waits for a person's hand.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Sequence, func, tuple_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.events import QueueChanged
from contracts.ids import CorrelationId, EventId
from contracts.lifecycle import JobState
from services.db import outbox
from services.db.tables.machines import Printer
from services.db.tables.work import Job, Queue
from services.jobs import audit, ringing, waiting
from services.jobs.actors import Actor
from services.jobs.errors import Conflict, Malformed, NotAllowed, Unknown

RANK: Final = Sequence("job_rank")
_STEP: Final = 2
"""Those before a moved job step down by so much: two of equal rank stay before it too."""


@dataclass(frozen=True)
class Move:
    """Where a job shall go: before another one, or to the end of a queue as the person saw it."""

    queue: str
    queue_version: int
    before: UUID | None


async def move(
    session: AsyncSession, actor: Actor, job_id: UUID, wish: Move, now: datetime
) -> None:
    """Give a waiting job another place; raise Conflict when the queue is not as it was seen."""
    must_order(actor)
    job = await session.get(Job, job_id)
    if job is None:
        raise Unknown("job")
    queues = await _locked(session, {job.queue, wish.queue})
    target = queues.get(wish.queue)
    if target is None:
        raise Malformed("no-such-queue", f"There is no queue {wish.queue!r}. Choose another.")
    if target.version != wish.queue_version:
        raise _changed(job_id)
    job = await session.get_one(Job, job_id, with_for_update=True, populate_existing=True)
    if job.state != JobState.QUEUED or job.run_id is not None:
        raise Conflict("job-state", "The job does not wait in a queue any more.", job_id=job_id)
    rank = await _rank_before(session, job, wish)
    if job.queue != wish.queue:
        queues[job.queue].version += 1
        job.version += 1
        waiting.forget(job)
    job.queue, job.rank = wish.queue, rank
    target.version += 1
    session.add_all([job, *queues.values()])
    await session.flush()
    where = "to the end" if wish.before is None else f"before {wish.before}"
    audit.record(
        session,
        actor,
        "job.move",
        "job",
        job_id,
        correlation_id=job.correlation_id,
        now=now,
        detail=f"{wish.queue}, {where}",
    )
    await ringing.ring_moved(session, job, now)
    await _tell(session, actor, wish.queue, now)


def first_rank(queue: str | ColumnElement[str]) -> ColumnElement[int]:
    """Return the rank before all that wait in the queue."""
    least = select(func.min(col(Job.rank))).where(*_waits(queue)).scalar_subquery()
    return func.coalesce(least, RANK.next_value()) - _STEP


async def hold(
    session: AsyncSession, actor: Actor, name: str, version: int, *, is_held: bool, now: datetime
) -> None:
    """Keep printers from taking jobs out of a queue, or let them again."""
    must_order(actor)
    queue = (await _locked(session, {name})).get(name)
    if queue is None:
        raise Unknown("queue")
    if queue.version != version:
        raise Conflict("queue-changed", "Somebody has changed the queue meanwhile. Look again.")
    queue.is_held, queue.held_by = is_held, actor.id if is_held else None
    queue.version += 1
    session.add(queue)
    await session.flush()
    _note(session, actor, "queue.hold" if is_held else "queue.release", name, now)
    await _tell(session, actor, name, now)
    if not is_held:
        await ringing.ring_queue(session, name, now)


async def name_queue(
    session: AsyncSession, actor: Actor, name: str, title: str, now: datetime
) -> None:
    """Make a queue, or give one another title."""
    must_run(actor)
    queue = (await _locked(session, {name})).get(name)
    if queue is None:
        queue = Queue(name=name, title=title, is_held=False, created_at=now)
    queue.title = title
    session.add(queue)
    await session.flush()
    _note(session, actor, "queue.name", name, now, title)
    await _tell(session, actor, name, now)


async def remove_queue(session: AsyncSession, actor: Actor, name: str, now: datetime) -> None:
    """Take a queue away that no job ever had and no printer serves."""
    must_run(actor)
    queue = (await _locked(session, {name})).get(name)
    if queue is None:
        raise Unknown("queue")
    printers = (await session.exec(select(Printer.id).where(Printer.queue == name))).first()
    jobs = (await session.exec(select(Job.id).where(Job.queue == name).limit(1))).first()
    if printers is not None or jobs is not None:
        raise Conflict("queue-in-use", "Printers or jobs belong to this queue: it stays.")
    await session.delete(queue)
    await session.flush()
    _note(session, actor, "queue.remove", name, now)
    await _tell(session, actor, name, now)


def must_order(actor: Actor) -> None:
    """Raise NotAllowed unless the actor may order queues."""
    if not actor.may_approve:
        raise NotAllowed("approvers-only", "Only an approver orders the queue. Ask one.")


def must_run(actor: Actor) -> None:
    """Raise NotAllowed unless the actor may make and name queues."""
    if not actor.is_admin:
        raise NotAllowed("admins-only", "Only an admin changes queues and printers. Ask one.")


def _waits(queue: str | ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Job.queue) == queue,
        col(Job.state) == JobState.QUEUED.value,
        col(Job.run_id).is_(None),
    )


async def _locked(session: AsyncSession, names: set[str]) -> dict[str, Queue]:
    """Return the rows, locked in one order; jobs can still be put into these queues."""
    rows = await session.exec(
        select(Queue)
        .where(col(Queue.name).in_(names))
        .order_by(col(Queue.name))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {queue.name: queue for queue in rows}


async def _rank_before(session: AsyncSession, job: Job, wish: Move) -> int:
    """Return the rank for the place; those before it step down."""
    if wish.before is None:
        return int((await session.exec(select(RANK.next_value()))).one())
    follower = await session.get(Job, wish.before, with_for_update=True, populate_existing=True)
    if follower is None or follower.rank is None or follower.id == job.id:
        raise _changed(job.id)
    if follower.queue != wish.queue or follower.run_id or follower.state != JobState.QUEUED:
        raise _changed(job.id)
    place = tuple_(col(Job.rank), col(Job.id))
    before = (*_waits(wish.queue), place < tuple_(follower.rank, follower.id))
    ids = list(
        await session.exec(select(Job.id).where(*before).order_by(col(Job.id)).with_for_update())
    )
    await session.exec(
        update(Job)
        .where(col(Job.id).in_(ids))
        .values(rank=Job.rank - _STEP)  # type: ignore[operator]
        .execution_options(synchronize_session=False)
    )
    return follower.rank - 1


async def _tell(session: AsyncSession, actor: Actor, name: str, now: datetime) -> None:
    event = QueueChanged(
        id=EventId(uuid4()),
        occurred_at=now,
        correlation_id=CorrelationId(uuid4()),
        queue=name,
        by=actor.id,
    )
    await outbox.add_event(session, event)


def _note(
    session: AsyncSession,
    actor: Actor,
    action: str,
    name: str,
    now: datetime,
    detail: str | None = None,
) -> None:
    audit.record(
        session, actor, action, "queue", name, correlation_id=uuid4(), now=now, detail=detail
    )


def _changed(job_id: UUID) -> Conflict:
    return Conflict(
        "queue-changed",
        "The queue changed meanwhile. The move was not made; look at the new order.",
        job_id=job_id,
    )
