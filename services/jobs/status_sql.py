"""The derived status as SQL, made from the same table that `status_of` reads."""

from itertools import product

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    String,
    Uuid,
    and_,
    any_,
    func,
    literal_column,
    or_,
    select,
)
from sqlmodel import col

from contracts.lifecycle import TERMINAL_RUN_STATES, JobState, RunState, Status, status_of
from services.db.tables.machines import Run
from services.db.tables.work import Job

_DECIDED = frozenset({Status.SUBMITTED, Status.RETURNED})
_RUNNING = frozenset({Status.PRINTING, Status.CANCELLING, Status.ATTENTION})
_OPEN = _DECIDED | _RUNNING | {Status.QUEUED}


def has_status(status: Status) -> ColumnElement[bool]:
    """Return the condition on `job LEFT JOIN run` that `status_of` gives this status."""
    by_job: dict[tuple[JobState, bool | None], set[RunState | None]] = {}
    for state in JobState:
        if state is not JobState.QUEUED:
            if status_of(state, None) is status:
                by_job[state, None] = set()
            continue
        for run, asked in product((None, *RunState), (False, True)):
            if status_of(state, run, cancel_requested=asked) is status:
                by_job.setdefault((state, asked), set()).add(run)
    _merge_when_equal(by_job)
    return or_(*(_branch(state, asked, runs) for (state, asked), runs in by_job.items()))


def _merge_when_equal(by_job: dict[tuple[JobState, bool | None], set[RunState | None]]) -> None:
    """Drop the question whether a cancel was asked for where it makes no difference."""
    not_asked, asked = (JobState.QUEUED, False), (JobState.QUEUED, True)
    if not_asked in by_job and by_job[not_asked] == by_job.get(asked):
        by_job[JobState.QUEUED, None] = by_job.pop(not_asked)
        by_job.pop(asked)


def _branch(state: JobState, asked: bool | None, runs: set[RunState | None]) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [col(Job.state) == literal(state.value)]
    if asked is not None:
        requested = col(Job.cancel_requested_at)
        parts.append(requested.is_not(None) if asked else requested.is_(None))
    if runs:
        parts.append(_run_is(runs))
    return and_(*parts)


def _run_is(runs: set[RunState | None]) -> ColumnElement[bool]:
    states = sorted(run.value for run in runs if run is not None)
    conditions = [col(Run.state) == literal(state) for state in states]
    if None in runs:
        conditions.append(col(Job.run_id).is_(None))
    return or_(*conditions)


def may_be_open(statuses: frozenset[Status]) -> ColumnElement[bool] | None:
    """Return a condition on `job` alone that every job with one of these statuses meets.

    None when one of them is an end. The few open jobs are found by it in indexes, however many
    ended ones there are: an ended job stays `queued` with a run that is over.
    """
    if not statuses <= _OPEN:
        return None
    decided = sorted(status.value for status in statuses & _DECIDED)
    arms: list[ColumnElement[bool]] = [col(Job.state).in_(decided)] if decided else []
    if Status.QUEUED in statuses:
        arms.append(may_wait())
    if statuses & _RUNNING:
        arms.append(_has_run(unresolved()))
    return or_(*arms)


def may_wait() -> ColumnElement[bool]:
    """Return such a condition for the jobs that wait in a queue."""
    has_none = and_(col(Job.state) == literal("queued"), col(Job.run_id).is_(None))
    return or_(has_none, _has_run(col(Run.state) == literal(RunState.RELEASED.value)))


def unresolved() -> ColumnElement[bool]:
    """Return the condition that a run is unresolved, spelled as the partial indexes have it."""
    terminal = sorted(state.value for state in TERMINAL_RUN_STATES)
    return and_(*(col(Run.state) != literal(state) for state in terminal))


def _has_run(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    runs = select(col(Run.id)).where(condition).correlate(None).scalar_subquery()
    return col(Job.run_id) == any_(func.array(runs, type_=ARRAY(Uuid())))


def literal(value: str) -> ColumnElement[str]:
    """Return a word of ours as part of the statement: a parameter hides it from the planner."""
    if not value.isidentifier():
        raise ValueError(value)
    return literal_column(f"'{value}'", String())
