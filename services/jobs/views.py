"""Reading jobs as people see them: one statement per question."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    String,
    Text,
    Uuid,
    cast,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased
from sqlmodel import col

from contracts.lifecycle import (
    UNRESOLVED_RUN_STATES,
    JobAction,
    JobState,
    RunState,
    Status,
    job_actions,
    status_of,
)
from services.db.database import Asker
from services.db.prepared import Prepared, slot
from services.db.tables.machines import Printer, PrinterState, Run
from services.db.tables.people import User
from services.db.tables.work import Job, Submission
from services.jobs.status_sql import has_status, literal, may_be_open, unresolved

_ESCAPE = "/"

_JOB_COLUMNS = (
    "id",
    "submission_id",
    "artifact_id",
    "name",
    "plate",
    "copy_no",
    "queue",
    "state",
    "version",
    "earlier",
    "not_before",
    "wait_reason",
    "wait_code",
    "wait_params",
    "cancel_requested_at",
    "decision",
    "decided_at",
    "created_at",
    "owner_id",
)
_RUN_COLUMNS = (
    "percent",
    "layer",
    "total_layers",
    "minutes_left",
    "code",
    "advice",
    "claimed_at",
    "started_at",
    "ended_at",
    "last_fact_at",
)
_Owner, _Decider = aliased(User), aliased(User)
_EXPLAINED_RUNS = frozenset(
    {RunState.PAUSED, RunState.ATTENTION, RunState.FAILED, RunState.CANCELLED, RunState.DONE}
)
_MOVING_RUNS = frozenset({RunState.PRINTING})
_PHASES = {run.value: None if run is RunState.RELEASED else run for run in RunState}


class JobRow(NamedTuple):
    """A job, its latest run and the names that go with them: the columns of `_jobs`."""

    id: UUID
    submission_id: UUID
    artifact_id: UUID
    name: str
    plate: int
    copy_no: int
    queue: str
    state: str
    version: int
    earlier: Mapping[str, Any] | None
    not_before: datetime | None
    wait_reason: str | None
    wait_code: str | None
    wait_params: Mapping[str, Any] | None
    cancel_requested_at: datetime | None
    decision: str | None
    decided_at: datetime | None
    created_at: datetime
    owner_id: UUID
    needs: str
    """The plate's summary as JSON: copies have the same, and it is read once for all of them."""
    owner_name: str
    owner_avatar_url: str | None
    decided_by_name: str | None
    note: str | None
    wish: str | None
    run_id: UUID | None
    run_no: int | None
    run_state: str | None
    printer_id: UUID | None
    printer_name: str | None
    printer_is_online: bool | None
    run_reason: str | None
    percent: int | None
    layer: int | None
    total_layers: int | None
    minutes_left: int | None
    code: str | None
    advice: str | None
    claimed_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    last_fact_at: datetime | None

    @property
    def standing(self) -> "JobStanding":
        """How the job stands: by what people decided and what happened to its run."""
        return _standing(self.state, self.run_state, self.cancel_requested_at is not None)

    @property
    def job_state(self) -> JobState:
        return self.standing.job

    @property
    def phase(self) -> RunState | None:
        """The state of the run that the job is in or ended with; a released one is over."""
        return self.standing.phase

    @property
    def status(self) -> Status:
        return self.standing.status

    @property
    def actions(self) -> frozenset[JobAction]:
        """What the state leaves open to somebody."""
        return self.standing.actions

    @property
    def has_open_run(self) -> bool:
        return self.phase in UNRESOLVED_RUN_STATES

    @property
    def reason(self) -> str | None:
        """The words that explain the state: the run's where it has any, else a person's."""
        if self.phase in _EXPLAINED_RUNS and self.run_reason:
            return self.run_reason
        return self.decision

    @property
    def finish_at(self) -> datetime | None:
        """When the printer expects to be done, from its last word."""
        if self.phase not in _MOVING_RUNS or self.minutes_left is None or not self.last_fact_at:
            return None
        return self.last_fact_at + timedelta(minutes=self.minutes_left)

    @property
    def over_at(self) -> datetime | None:
        """When it ended, by the run or by a decision."""
        if self.phase is not None:
            return self.ended_at
        is_over = self.job_state not in (JobState.SUBMITTED, JobState.RETURNED, JobState.QUEUED)
        return self.decided_at if is_over else None


class JobStanding(NamedTuple):
    """What follows from the states of a job and its run."""

    job: JobState
    phase: RunState | None
    status: Status
    actions: frozenset[JobAction]


@cache
def _standing(job_state: str, run_state: str | None, is_cancelling: bool) -> JobStanding:
    job = JobState(job_state)
    phase = None if run_state is None else _PHASES[run_state]
    return JobStanding(
        job,
        phase,
        status_of(job, phase, cancel_requested=is_cancelling),
        job_actions(job, phase, cancel_requested=is_cancelling),
    )


@dataclass(frozen=True)
class JobFilter:
    """Which jobs: `owner_id` None means everybody's."""

    owner_id: UUID | None
    statuses: frozenset[Status]
    text: str
    oldest_first: bool
    ended_since: datetime | None = None
    ended_until: datetime | None = None


@dataclass(frozen=True)
class Position:
    """Where a page ends."""

    created_at: datetime
    id: UUID


@cache
def _jobs() -> Select[Any]:
    """Return the select that every question extends; building it costs more than running it."""
    return (
        select(
            *(col(getattr(Job, name)) for name in _JOB_COLUMNS),
            cast(col(Job.needs), Text).label("needs"),
            col(_Owner.name).label("owner_name"),
            col(_Owner.avatar_url).label("owner_avatar_url"),
            col(_Decider.name).label("decided_by_name"),
            col(Submission.note),
            col(Submission.wish),
            col(Run.id).label("run_id"),
            col(Run.run_no),
            col(Run.state).label("run_state"),
            col(Run.printer_id),
            col(Printer.name).label("printer_name"),
            col(PrinterState.is_online).label("printer_is_online"),
            col(Run.reason).label("run_reason"),
            *(col(getattr(Run, name)) for name in _RUN_COLUMNS),
        )
        .select_from(Job)
        .join(Submission, col(Submission.id) == col(Job.submission_id))
        .join(_Owner, col(_Owner.id) == col(Job.owner_id))
        .outerjoin(_Decider, col(_Decider.id) == col(Job.decided_by))
        .outerjoin(Run, col(Run.id) == col(Job.run_id))
        .outerjoin(Printer, col(Printer.id) == col(Run.printer_id))
        .outerjoin(PrinterState, col(PrinterState.printer_id) == col(Run.printer_id))
    )


async def _rows(asker: Asker, question: Prepared, **values: object) -> list[JobRow]:
    return [JobRow._make(row.values()) for row in await asker.fetch(question, **values)]


async def find_job(asker: Asker, job_id: UUID) -> JobRow | None:
    """Return one job, whoever owns it."""
    row = await asker.fetchrow(_one_job(), job_id=job_id)
    return None if row is None else JobRow._make(row.values())


@cache
def _one_job() -> Prepared:
    return Prepared(_jobs().where(col(Job.id) == slot("job_id", Uuid())))


async def jobs_of_submission(asker: Asker, submission_id: UUID) -> list[JobRow]:
    """Return the jobs that were sent in one go, in their order."""
    return await _rows(asker, _jobs_of_one_submission(), submission_id=submission_id)


@cache
def _jobs_of_one_submission() -> Prepared:
    statement = _jobs().where(col(Job.submission_id) == slot("submission_id", Uuid()))
    return Prepared(statement.order_by(col(Job.plate), col(Job.copy_no)))


async def jobs_on_printers(asker: Asker, printer_id: UUID | None = None) -> list[JobRow]:
    """Return the jobs whose run is unresolved; of this printer, or of all."""
    if printer_id is None:
        return await _rows(asker, _jobs_on_printers())
    return await _rows(asker, _jobs_on_one_printer(), printer_id=printer_id)


@cache
def _jobs_on_printers() -> Prepared:
    return Prepared(_jobs().where(unresolved(), ~col(Run.printer_is_free)))


@cache
def _jobs_on_one_printer() -> Prepared:
    this = col(Run.printer_id) == slot("printer_id", Uuid())
    return Prepared(_jobs().where(unresolved(), ~col(Run.printer_is_free), this))


async def jobs_in_queue(asker: Asker, queue: str, *, limit: int) -> list[JobRow]:
    """Return the jobs that wait in a queue, in its order."""
    return await _rows(asker, _jobs_in_queue(limit), queue=queue)


@lru_cache(maxsize=8)
def _jobs_in_queue(limit: int) -> Prepared:
    waits = (
        col(Job.queue) == slot("queue", String()),
        col(Job.state) == literal(JobState.QUEUED.value),
        col(Job.run_id).is_(None),
    )
    statement = _jobs().where(*waits).order_by(col(Job.rank), col(Job.id))
    return Prepared(statement.limit(limit))


async def list_jobs(
    asker: Asker, wanted: JobFilter, *, after: Position | None, limit: int
) -> list[JobRow]:
    """Return up to `limit` jobs after a position, newest first unless told otherwise."""
    words = wanted.text.split()
    shape = _Shape(
        has_owner=wanted.owner_id is not None,
        statuses=wanted.statuses,
        words=len(words),
        goes_on=after is not None,
        oldest_first=wanted.oldest_first,
        has_since=wanted.ended_since is not None,
        has_until=wanted.ended_until is not None,
        limit=limit,
    )
    values: dict[str, object] = {f"word_{n}": _escaped(word) for n, word in enumerate(words)}
    if after is not None:
        values |= {"after_at": after.created_at, "after_id": after.id}
    if wanted.ended_since is not None:
        values["ended_since"] = wanted.ended_since
    if wanted.ended_until is not None:
        values["ended_until"] = wanted.ended_until
    return await _rows(asker, _listing(shape), owner=wanted.owner_id, **values)


class _Shape(NamedTuple):
    """What makes one list another statement and not only other values."""

    has_owner: bool
    statuses: frozenset[Status]
    words: int
    goes_on: bool
    oldest_first: bool
    has_since: bool
    has_until: bool
    limit: int


@lru_cache(maxsize=256)
def _listing(shape: _Shape) -> Prepared:
    statement = _jobs().where(*_conditions(shape))
    place = tuple_(col(Job.created_at), col(Job.id))
    if shape.goes_on:
        bound = tuple_(
            slot("after_at", DateTime(timezone=True)),
            slot("after_id", Uuid()),
        )
        statement = statement.where(place > bound if shape.oldest_first else place < bound)
    columns = (col(Job.created_at), col(Job.id))
    order = [c.asc() if shape.oldest_first else c.desc() for c in columns]
    return Prepared(statement.order_by(*order).limit(shape.limit))


def _conditions(shape: _Shape) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if shape.has_owner:
        conditions.append(col(Job.owner_id) == slot("owner", Uuid()))
    if shape.statuses:
        conditions.append(or_(*(has_status(status) for status in sorted(shape.statuses))))
        candidates = may_be_open(shape.statuses)
        if candidates is not None:
            conditions.append(candidates)
    ended = func.coalesce(col(Run.ended_at), col(Job.decided_at), col(Job.created_at))
    if shape.has_since:
        conditions.append(ended >= slot("ended_since", DateTime(timezone=True)))
    if shape.has_until:
        conditions.append(ended < slot("ended_until", DateTime(timezone=True)))
    searched = (col(Job.name), col(Submission.note), col(_Owner.name))
    for n in range(shape.words):
        word = func.lower(slot(f"word_{n}", String()))
        conditions.append(
            or_(*(func.lower(column).contains(word, escape=_ESCAPE) for column in searched))
        )
    return conditions


def _escaped(word: str) -> str:
    """Return the word with nothing in it that LIKE takes for a pattern."""
    for special in (_ESCAPE, "%", "_"):
        word = word.replace(special, _ESCAPE + special)
    return word
