"""The derived status as SQL, made from the same table that `status_of` reads."""

from itertools import product

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from contracts.lifecycle import UNRESOLVED_RUN_STATES, JobState, RunState, Status, status_of
from services.db.tables.machines import Run
from services.db.tables.work import Job


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
    parts: list[ColumnElement[bool]] = [col(Job.state) == state.value]
    if asked is not None:
        requested = col(Job.cancel_requested_at)
        parts.append(requested.is_not(None) if asked else requested.is_(None))
    if runs:
        parts.append(_run_is(runs))
    return and_(*parts)


def _run_is(runs: set[RunState | None]) -> ColumnElement[bool]:
    states = sorted(run.value for run in runs if run is not None)
    conditions: list[ColumnElement[bool]] = []
    if states:
        conditions.append(col(Run.state).in_(states))
    if None in runs:
        conditions.append(col(Job.run_id).is_(None))
    elif runs <= UNRESOLVED_RUN_STATES:
        # Spelled as the partial index has it, so that the few open runs are found by it.
        terminal = sorted(s.value for s in frozenset(RunState) - UNRESOLVED_RUN_STATES)
        conditions = [and_(*conditions, col(Run.state).not_in(terminal))]
    return or_(*conditions)
