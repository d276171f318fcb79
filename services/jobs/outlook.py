"""Why each queued job waits, as of now: the one thing that somebody could mend first.

`job.wait_reason` is what the last claim said; a bed that nobody cleared makes no claims.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import ARRAY, ScalarSelect, Text, Uuid, and_, any_, cast, func, select, tuple_
from sqlmodel import col

from contracts.events import PrinterActivity
from contracts.lifecycle import BedState, JobState, RunState, Status
from contracts.loaded import Loaded, PlateSummary
from contracts.waiting import Param, WaitReason
from services.db.database import Asker, Row
from services.db.prepared import Prepared, slot
from services.db.tables.machines import Printer, PrinterState, Run
from services.db.tables.people import User
from services.db.tables.shop import Shop
from services.db.tables.work import Job, Queue
from services.jobs.fit import FitRules, fit
from services.jobs.shop import THE_ONE, ShopSettings
from services.jobs.status_sql import literal, unresolved
from services.jobs.views import JobRow


@dataclass(frozen=True)
class Standing:
    """A printer of a queue, as far as it matters to whoever waits for it."""

    name: str
    is_online: bool
    activity: str
    bed: str
    loaded: Loaded | None
    run: RunState | None
    finish_at: datetime | None

    @property
    def is_free(self) -> bool:
        """Tell whether it could take a job now."""
        idle = {PrinterActivity.IDLE, PrinterActivity.FINISHED, PrinterActivity.FAILED}
        return self.run is None and self.bed == BedState.CLEAR and self.activity in idle


@dataclass(frozen=True)
class QueueNow:
    """A queue as it is now."""

    is_held: bool
    held_by: str | None
    printers: Sequence[Standing]


@dataclass(frozen=True)
class Outlook:
    """What decides over all that wait; `places`, of those asked for, count from 1."""

    queues: Mapping[str, QueueNow] = field(default_factory=dict)
    places: Mapping[UUID, int] = field(default_factory=dict)
    shop: ShopSettings = field(default_factory=ShopSettings)
    _fitting: dict[tuple[str, str], Sequence[Standing] | WaitReason] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """By queue and needs: copies of a plate are judged once."""

    def reason(self, job: JobRow, now: datetime) -> WaitReason | None:
        """Return why a queued job waits; None for others."""
        queue = self.queues.get(job.queue)
        if job.status is not Status.QUEUED or queue is None:
            return None
        if job.not_before is not None and job.not_before > now:
            return _reason("undo", "It can still be taken back.", until=job.not_before.isoformat())
        if queue.is_held:
            by = queue.held_by or ""
            return _reason("queue_held", f"The queue is on hold{f' by {by}' if by else ''}.", by=by)
        return self._of_printers(job, queue.printers)

    def _of_printers(self, job: JobRow, printers: Sequence[Standing]) -> WaitReason:
        if not printers:
            return _reason("no_printer", "No printer serves this queue.")
        judged = job.queue, job.needs
        if judged not in self._fitting:
            rules = self.shop.rules(job.queue)
            self._fitting[judged] = _fitting(job.needs, printers, rules)
        fitting = self._fitting[judged]
        if isinstance(fitting, WaitReason):
            return fitting
        return _first_to_mend(fitting, self.places.get(job.id, 1) - 1)


def _fitting(
    needs: str, printers: Sequence[Standing], rules: FitRules
) -> Sequence[Standing] | WaitReason:
    """Return the printers that the plate fits, or could fit; if none, what the first one lacks."""
    plate = PlateSummary.model_validate_json(needs)
    misfit: WaitReason | None = None
    fitting: list[Standing] = []
    for printer in printers:
        outcome = fit(plate, printer.loaded, rules) if printer.loaded else None
        if isinstance(outcome, WaitReason):
            misfit = misfit or outcome
        else:
            fitting.append(printer)
    return fitting if misfit is None else fitting or misfit


def _first_to_mend(printers: Sequence[Standing], before: int) -> WaitReason:
    """Return what keeps a job that fits these printers from starting."""
    online = [printer for printer in printers if printer.is_online]
    if not online:
        name = printers[0].name
        return _reason("printer_offline", f"There is no word from {name}.", printer=name)
    free = next((printer for printer in online if printer.is_free), None)
    if free is not None and before == 0:
        return _reason("starts_soon", f"{free.name} takes it next.", printer=free.name)
    if free is None:
        for printer in online:
            if printer.run is None and printer.bed != BedState.CLEAR:
                text = f"The bed of {printer.name} is not said to be clear."
                return _reason("bed_not_clear", text, printer=printer.name)
        for printer in online:
            if printer.run is RunState.ATTENTION:
                text = f"Somebody must decide what became of the print on {printer.name}."
                return _reason("decision_needed", text, printer=printer.name)
    if before > 0:
        return _reason("jobs_before", f"{before} jobs are before it.", n=before)
    return _busy(online)


def _busy(printers: Sequence[Standing]) -> WaitReason:
    printing = [printer for printer in printers if printer.run is not None]
    if not printing:
        name = printers[0].name
        return _reason("printer_busy", f"{name} is in use at its screen.", printer=name)
    soonest = min(printing, key=lambda each: _known(each.finish_at))
    until = soonest.finish_at.isoformat() if soonest.finish_at else ""
    return _reason("printing", f"{soonest.name} prints.", printer=soonest.name, until=until)


def _known(moment: datetime | None) -> float:
    return moment.timestamp() if moment else float("inf")


def _reason(code: str, text: str, **params: Param) -> WaitReason:
    return WaitReason(code=code, params=params, text=text)


async def read_outlook(asker: Asker, jobs: Sequence[JobRow]) -> Outlook:
    """Return what is known now, with the places of those of these jobs that wait; one statement."""
    approved = [job.id for job in jobs if job.state == JobState.QUEUED]
    return _outlook(await asker.fetch(_question(), jobs=approved))


@cache
def _question() -> Prepared:
    """Return the question for every queue with each of its printers; the rest is in every row.

    JSON comes as text, so that what is in every row is read once.
    """
    said = [getattr(PrinterState, name) for name in ("is_online", "activity", "bed")]
    shop = select(cast(col(Shop.content), Text)).where(col(Shop.id) == THE_ONE).scalar_subquery()
    return Prepared(
        select(
            col(Queue.name).label("queue"),
            col(Queue.is_held),
            col(User.name).label("held_by"),
            col(Printer.name).label("printer"),
            *(col(column) for column in said),
            cast(col(PrinterState.loaded), Text).label("loaded"),
            col(Run.state).label("run"),
            col(Run.minutes_left),
            col(Run.last_fact_at),
            shop.label("shop"),
            _places().label("places"),
        )
        .select_from(Queue)
        .outerjoin(User, col(User.id) == col(Queue.held_by))
        .outerjoin(Printer, and_(col(Printer.queue) == col(Queue.name), col(Printer.is_enabled)))
        .outerjoin(PrinterState, col(PrinterState.printer_id) == col(Printer.id))
        .outerjoin(
            Run,
            and_(col(Run.printer_id) == col(Printer.id), unresolved(), ~col(Run.printer_is_free)),
        )
        .order_by(col(Queue.name), col(Printer.name), col(Printer.id))
    )


def _places() -> ScalarSelect[Any]:
    """Return the places, counted from 1, of the jobs that are asked for."""
    place = func.row_number().over(
        partition_by=col(Job.queue), order_by=tuple_(col(Job.rank), col(Job.id))
    )
    waits = (col(Job.state) == literal("queued"), col(Job.run_id).is_(None))
    ranked = select(col(Job.id), place.label("place")).where(*waits).subquery()
    wanted = slot("jobs", ARRAY(Uuid()))
    return (
        select(cast(func.json_object_agg(ranked.c.id, ranked.c.place), Text))
        .where(ranked.c.id == any_(wanted))
        .scalar_subquery()
    )


def _outlook(rows: Sequence[Row]) -> Outlook:
    """Return what the rows say; there is always a queue."""
    queues: dict[str, QueueNow] = {}
    for row in rows:
        queue = queues.setdefault(row["queue"], QueueNow(row["is_held"], row["held_by"], []))
        if row["printer"] is not None:
            queues[row["queue"]] = QueueNow(
                queue.is_held, queue.held_by, [*queue.printers, _standing(row)]
            )
    if not rows:
        return Outlook()
    first = rows[0]
    places = {UUID(job): place for job, place in from_json(first["places"] or "{}").items()}
    shop = ShopSettings.model_validate_json(first["shop"]) if first["shop"] else ShopSettings()
    return Outlook(queues, places, shop)


def _standing(row: Row) -> Standing:
    minutes, heard = row["minutes_left"], row["last_fact_at"]
    is_moving = row["run"] == RunState.PRINTING and minutes is not None and heard is not None
    return Standing(
        name=row["printer"],
        is_online=bool(row["is_online"]),
        activity=row["activity"] or PrinterActivity.UNKNOWN,
        bed=row["bed"] or BedState.UNKNOWN,
        loaded=_loaded(row["loaded"]),
        run=RunState(row["run"]) if row["run"] else None,
        finish_at=heard + timedelta(minutes=minutes) if is_moving else None,
    )


@lru_cache(maxsize=256)
def _loaded(said: str | None) -> Loaded | None:
    """Return what a printer said to have loaded; it says the same for long."""
    return None if said in {None, "{}"} else Loaded.model_validate_json(said)
