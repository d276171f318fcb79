"""A job as its viewer sees it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.lifecycle import JobAction, RunState
from contracts.loaded import NeededFilament
from contracts.sentences import saying_of
from contracts.waiting import WaitReason
from services.api.jobs.schemas import EarlierPlate, Job, JobAbility, JobEvent, Owner, PrinterRef
from services.db.tables.bus import EventLog
from services.jobs.actors import Actor
from services.jobs.decisions import OWNER_ACTIONS
from services.jobs.outlook import Outlook
from services.jobs.views import JobRow
from services.jobs.waiting import reason_of

STALE_BEFORE_START = timedelta(seconds=60)
STALE_IN_PRINT = timedelta(seconds=90)
"""Without any word of the printer for so long, what is shown is said to be old."""

Heard = Callable[[UUID], datetime | None]
"""When this process last heard a printer's telemetry; None when it never did."""

_BY_RUN = {
    RunState.PRINTING: {JobAbility.PAUSE, JobAbility.SPEED, JobAbility.SKIP},
    RunState.PAUSED: {JobAbility.RESUME, JobAbility.SKIP},
    RunState.ATTENTION: {JobAbility.RESOLVE},
}
_ORDER = {ability: place for place, ability in enumerate(JobAbility)}


class _Needs(BaseModel):
    """What a list shows of a plate's summary."""

    model_config = ConfigDict(frozen=True)

    estimate_s: int | None
    weight_g: float | None
    filaments: tuple[NeededFilament, ...]


@lru_cache(maxsize=128)
def _needs(summary: str) -> _Needs:
    return _Needs.model_validate_json(summary)


def present_job(
    row: JobRow, viewer: Actor, heard: Heard, now: datetime, outlook: Outlook | None = None
) -> Job:
    """Return what the viewer sees; of a stranger's job no more than what everyone may see."""
    is_private = not (viewer.may_approve or row.owner_id == viewer.id)
    needs, standing = _needs(row.needs), row.standing
    reason = None if is_private else row.reason
    return Job(
        id=row.id,
        submission_id=row.submission_id,
        artifact_id=row.artifact_id,
        name=row.name,
        plate=row.plate,
        copy_no=row.copy_no,
        owner=Owner(id=row.owner_id, name=row.owner_name, avatar_url=row.owner_avatar_url),
        queue=row.queue,
        status=standing.status,
        state=standing.job,
        phase=standing.phase,
        run_id=row.run_id,
        run_no=row.run_no,
        **(_NO_RUN if standing.phase is None else _of_run(row, heard, now)),
        note=None if is_private else row.note,
        wish=None if is_private else row.wish,
        earlier=EarlierPlate.model_validate(row.earlier) if row.earlier else None,
        reason=reason,
        said=saying_of(reason),
        wait_reason=_wait_reason(row, now, outlook),
        place=None if outlook is None else outlook.places.get(row.id),
        not_before=row.not_before,
        estimate_s=needs.estimate_s,
        weight_g=needs.weight_g,
        filaments=list(needs.filaments),
        cancel_requested_at=row.cancel_requested_at,
        created_at=row.created_at,
        decided_at=row.decided_at,
        decided_by=None if is_private else row.decided_by_name,
        ended_at=row.over_at,
        version=row.version,
        allowed_actions=abilities(row, viewer),
    )


def present_event(row: EventLog) -> JobEvent:
    """Return a fact with the sentence that it carries, if it is one of ours."""
    return JobEvent(
        gseq=row.gseq,
        type=row.type,
        occurred_at=row.occurred_at,
        run_id=row.run_id,
        body=row.body,
        said=saying_of(row.body.get("reason")),
    )


_NO_RUN: Mapping[str, Any] = dict.fromkeys(
    (
        "printer",
        "percent",
        "layer",
        "total_layers",
        "minutes_left",
        "finish_at",
        "stale_since",
        "code",
        "advice",
        "started_at",
    )
)


def _of_run(row: JobRow, heard: Heard, now: datetime) -> Mapping[str, Any]:
    """Return what is told of a job's run, where it has one."""
    return {
        "printer": _printer(row),
        "percent": row.percent,
        "layer": row.layer,
        "total_layers": row.total_layers,
        "minutes_left": row.minutes_left if row.has_open_run else None,
        "finish_at": row.finish_at,
        "stale_since": stale_since(row, heard, now),
        "code": row.code,
        "advice": row.advice,
        "started_at": row.started_at,
    }


def _printer(row: JobRow) -> PrinterRef | None:
    if row.printer_id is None:
        return None
    return PrinterRef(id=row.printer_id, name=row.printer_name or "")


def _wait_reason(row: JobRow, now: datetime, outlook: Outlook | None) -> WaitReason | None:
    """Return why it waits as of now, or what the last claim said."""
    as_of_now = None if outlook is None else outlook.reason(row, now)
    return as_of_now or reason_of(row.wait_reason, row.wait_code, row.wait_params)


def abilities(row: JobRow, viewer: Actor) -> list[JobAbility]:
    """Return what the viewer can do with the job as it is now."""
    if not (viewer.may_approve or row.owner_id == viewer.id):
        return []
    return list(_able(row.actions, row.phase, may_approve=viewer.may_approve))


@cache
def _able(
    actions: frozenset[JobAction], phase: RunState | None, *, may_approve: bool
) -> tuple[JobAbility, ...]:
    allowed = actions if may_approve else actions & OWNER_ACTIONS
    able = {JobAbility(action.value) for action in allowed}
    if may_approve and phase in _BY_RUN:
        able |= _BY_RUN[phase]
    if may_approve and JobAction.TAKE_BACK_APPROVAL in actions:
        able.add(JobAbility.MOVE)
    return tuple(sorted(able, key=_ORDER.__getitem__))


def stale_since(row: JobRow, heard: Heard, now: datetime) -> datetime | None:
    """Return since when nothing was heard of the job's run; None while there is news."""
    if not row.has_open_run or row.printer_id is None or row.claimed_at is None:
        return None
    words = (row.last_fact_at, row.claimed_at, heard(row.printer_id))
    last_word = max(word for word in words if word is not None)
    if row.printer_is_online is False:
        return last_word
    is_early = row.phase in (RunState.CLAIMED, RunState.TRANSFERRING)
    limit = STALE_BEFORE_START if is_early else STALE_IN_PRINT
    return last_word if now - last_word > limit else None
