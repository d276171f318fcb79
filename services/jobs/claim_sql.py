"""The statements of a claim, each built once: that costs more than to run it."""

from collections.abc import Sequence
from functools import cache
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    String,
    Uuid,
    and_,
    exists,
    func,
    tuple_,
)
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from contracts.lifecycle import JobState
from services.db.prepared import slot
from services.db.tables.machines import Run
from services.db.tables.work import Artifact, Job
from services.jobs.status_sql import literal, unresolved


@cache
def run_of_claim() -> SelectOfScalar[Run]:
    """Return the select of the run that a claim has."""
    return select(Run).where(col(Run.claim_id) == slot("claim_id", Uuid()))


@cache
def open_run() -> SelectOfScalar[UUID]:
    """Return the select of a run of this claim, or an unresolved one of its printer."""
    theirs = and_(col(Run.printer_id) == slot("printer_id", Uuid()), unresolved())
    asked = or_(col(Run.claim_id) == slot("claim_id", Uuid()), theirs)
    return select(Run.id).where(asked).limit(1)


@cache
def page_of_queue() -> SelectOfScalar[Job]:
    """Return the select of the first claimable jobs of a queue, in its order."""
    place = tuple_(col(Job.rank), col(Job.id))
    of_queue = col(Job.queue) == slot("queue", String())
    return select(Job).where(of_queue, *_claimable()).order_by(place).limit(slot("size", Integer()))


@cache
def next_page_of_queue() -> SelectOfScalar[Job]:
    """Return the select of those after a place."""
    after = tuple_(slot("rank", BigInteger()), slot("id", Uuid()))
    return page_of_queue().where(tuple_(col(Job.rank), col(Job.id)) > after)


@cache
def job_to_lock() -> SelectOfScalar[Job]:
    """Return the select that locks a job, unless another was quicker."""
    this = col(Job.id) == slot("job_id", Uuid())
    locked = select(Job).where(this, *_claimable()).with_for_update(skip_locked=True)
    return locked.execution_options(populate_existing=True)


@cache
def surroundings_of_run() -> Select[Artifact, Sequence[str], bool]:
    """Return the select of a file, the states of a job's runs, and whether a sid is taken."""
    of_job = select(Run.state).where(col(Run.job_id) == slot("job_id", Uuid()))
    latest_first = of_job.order_by(col(Run.run_no).desc()).scalar_subquery()
    states = func.array(latest_first, type_=ARRAY(String()))
    taken = exists().where(col(Run.sid) == slot("sid", Integer()))
    found = select(Artifact, states, taken)
    return found.where(col(Artifact.id) == slot("artifact_id", Uuid()))


def _claimable() -> tuple[ColumnElement[bool], ...]:
    return (
        col(Job.state) == literal(JobState.QUEUED.value),
        col(Job.run_id).is_(None),
        or_(
            col(Job.not_before).is_(None),
            col(Job.not_before) <= slot("now", DateTime(timezone=True)),
        ),
    )
