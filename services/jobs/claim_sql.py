"""The statements of a claim: columns, no objects, each built once."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    String,
    Uuid,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlmodel import SQLModel, col

from contracts.lifecycle import JobState
from services.db.prepared import Prepared, insertion, slot
from services.db.tables.machines import Run
from services.db.tables.shop import RunPrice
from services.db.tables.work import Artifact, Job
from services.jobs.status_sql import literal
from services.jobs.waiting import NO_REASON


class Candidate(NamedTuple):
    """A claimable job in its place."""

    id: UUID
    rank: int
    needs: Mapping[str, Any]


class LockedJob(NamedTuple):
    """A claimable job that nobody else can claim meanwhile."""

    id: UUID
    name: str
    plate: int
    owner_id: UUID
    artifact_id: UUID
    correlation_id: UUID


class Surroundings(NamedTuple):
    """A file, the states of a job's runs with the latest first, and whether a sid is taken."""

    sha256: str
    size_bytes: int
    states: Sequence[str]
    is_sid_taken: bool


@cache
def page_of_queue(size: int) -> Prepared:
    """Return the select of the first candidates of a queue, in its order."""
    return Prepared(_page_of_queue(size))


@cache
def next_page_of_queue(size: int) -> Prepared:
    """Return the select of those after a place."""
    after = tuple_(slot("rank", BigInteger()), slot("id", Uuid()))
    return Prepared(_page_of_queue(size).where(tuple_(col(Job.rank), col(Job.id)) > after))


def _page_of_queue(size: int) -> Select[Any]:
    of_queue = col(Job.queue) == slot("queue", String())
    found = select(*_columns(Job, Candidate)).where(of_queue, *_claimable())
    return found.order_by(col(Job.rank), col(Job.id)).limit(size)


@cache
def job_to_lock() -> Prepared:
    """Return the select that locks a job, unless another was quicker."""
    this = col(Job.id) == slot("job_id", Uuid())
    found = select(*_columns(Job, LockedJob)).where(this, *_claimable())
    return Prepared(found.with_for_update(skip_locked=True))


@cache
def surroundings_of_run() -> Prepared:
    """Return the select of a run's surroundings."""
    of_job = select(col(Run.state)).where(col(Run.job_id) == slot("job_id", Uuid()))
    latest_first = of_job.order_by(col(Run.run_no).desc()).scalar_subquery()
    states = func.array(latest_first, type_=ARRAY(String()))
    taken = exists().where(col(Run.sid) == slot("sid", Integer()))
    found = select(col(Artifact.sha256), col(Artifact.size_bytes), states, taken)
    return Prepared(found.where(col(Artifact.id) == slot("artifact_id", Uuid())))


@cache
def run_of_sid() -> Prepared:
    """Return the select of the run that has a sid."""
    return Prepared(select(col(Run.id)).where(col(Run.sid) == slot("sid", Integer())))


@cache
def run_to_write() -> Prepared:
    """Return the insert of a run."""
    return insertion(Run)


@cache
def price_to_write() -> Prepared:
    """Return the insert of a run's price."""
    return insertion(RunPrice)


@cache
def job_to_give() -> Prepared:
    """Return the update that gives a job to its run: it waits no longer."""
    this = col(Job.id) == slot("job_id", Uuid())
    given = {"run_id": slot("given_run_id", Uuid()), **NO_REASON}
    return Prepared(update(Job).where(this).values(**given))


def _columns(table: type[SQLModel], row: type[NamedTuple]) -> Iterator[ColumnElement[Any]]:
    return (getattr(table, name) for name in row._fields)


def _claimable() -> tuple[ColumnElement[bool], ...]:
    return (
        col(Job.state) == literal(JobState.QUEUED.value),
        col(Job.run_id).is_(None),
        or_(
            col(Job.not_before).is_(None),
            col(Job.not_before) <= slot("now", DateTime(timezone=True)),
        ),
    )
