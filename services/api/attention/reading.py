"""Reading what the log and the printer's last word tell about runs in doubt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.db.tables.bus import EventLog
from services.db.tables.machines import PrinterState, Run
from services.db.tables.people import User

MOST_FACTS = 200
_PRINTER_FACTS = ("printer.state_changed", "printer.online", "printer.offline")


@dataclass(frozen=True, slots=True)
class DoubtRow:
    """A run and its printer's last word; that is None of a printer that never spoke."""

    run_id: UUID
    printer_id: UUID
    cause: str | None
    state: str
    printer_is_free: bool
    claimed_at: datetime
    is_online: bool | None
    activity: str | None
    detail: str | None
    code: str | None
    last_fact_at: datetime | None
    journal_id: UUID
    said_journal_id: UUID | None
    """The journal that speaks of the printer now."""


@dataclass(frozen=True, slots=True)
class FactRow:
    """A row of the log."""

    gseq: int
    type: str
    occurred_at: datetime
    received_at: datetime
    body: dict[str, Any]


async def read_doubt(connection: AsyncConnection, run_id: UUID) -> DoubtRow | None:
    """Return a run with its printer's last word."""
    run = ("printer_id", "cause", "state", "printer_is_free", "claimed_at", "journal_id")
    said = ("is_online", "activity", "detail", "code", "last_fact_at")
    statement = (
        select(
            col(Run.id).label("run_id"),
            *(col(getattr(Run, name)) for name in run),
            *(col(getattr(PrinterState, name)) for name in said),
            col(PrinterState.journal_id).label("said_journal_id"),
        )
        .select_from(Run)
        .outerjoin(PrinterState, col(PrinterState.printer_id) == col(Run.printer_id))
        .where(col(Run.id) == run_id)
    )
    row = (await connection.execute(statement)).mappings().first()
    return DoubtRow(**row) if row else None


async def read_facts(connection: AsyncConnection, job_id: UUID, doubt: DoubtRow) -> list[FactRow]:
    """Return what the log says of the run and, since its claim, of its printer; oldest first."""
    claimed = await connection.execute(
        select(col(EventLog.gseq))
        .where(
            col(EventLog.job_id) == job_id,
            col(EventLog.run_id) == doubt.run_id,
            col(EventLog.type) == "job.claimed",
        )
        .limit(1)
    )
    since = claimed.scalar() or 0
    of_run = and_(
        col(EventLog.job_id) == job_id,
        col(EventLog.run_id) == doubt.run_id,
        col(EventLog.type) != "job.progress",
    )
    of_printer = and_(
        col(EventLog.printer_id) == doubt.printer_id,
        col(EventLog.gseq) > since,
        col(EventLog.type).in_(_PRINTER_FACTS),
    )
    names = ("gseq", "type", "occurred_at", "received_at", "body")
    newest = (
        select(*(col(getattr(EventLog, name)) for name in names))
        .where(or_(of_run, of_printer))
        .order_by(col(EventLog.gseq).desc())
        .limit(MOST_FACTS)
    )
    rows = [FactRow(**row) for row in (await connection.execute(newest)).mappings()]
    return rows[::-1]


async def names_of(connection: AsyncConnection, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return what people are called."""
    statement = select(col(User.id), col(User.name)).where(col(User.id).in_(user_ids))
    return {row.id: row.name for row in await connection.execute(statement)}
