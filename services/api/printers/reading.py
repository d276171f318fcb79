"""Reading printers, queues and commands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased
from sqlmodel import col

from contracts.lifecycle import Status
from services.db.tables.machines import Command, Printer, PrinterState, Run
from services.db.tables.people import User
from services.db.tables.work import Job, Queue
from services.jobs.status_sql import has_status, may_wait

_BedRun, _BedJob = aliased(Run), aliased(Job)


@dataclass(frozen=True, slots=True)
class PrinterRow:
    """A printer and what its node last said; all of that is None before its first word."""

    id: UUID
    name: str
    queue: str
    node: str
    is_enabled: bool
    firmware: str | None
    loaded: Mapping[str, Any] | None
    is_online: bool | None
    activity: str | None
    detail: str | None
    code: str | None
    bed: str | None
    bed_seq: int | None
    bed_since: datetime | None
    bed_reason: str | None
    bed_by_name: str | None
    bed_job_id: UUID | None
    bed_job_name: str | None
    bed_job_owner_id: UUID | None
    bed_artifact_id: UUID | None
    bed_plate: int | None
    last_fact_at: datetime | None


async def read_printers(
    connection: AsyncConnection, printer_id: UUID | None = None
) -> list[PrinterRow]:
    """Return every printer by name, or the one."""
    said = [
        "firmware",
        "loaded",
        "is_online",
        "activity",
        "detail",
        "code",
        "bed",
        "bed_seq",
        "bed_since",
        "bed_reason",
        "last_fact_at",
    ]
    statement = (
        select(
            *(
                col(getattr(Printer, name))
                for name in ("id", "name", "queue", "node", "is_enabled")
            ),
            *(col(getattr(PrinterState, name)) for name in said),
            col(User.name).label("bed_by_name"),
            col(_BedJob.id).label("bed_job_id"),
            col(_BedJob.name).label("bed_job_name"),
            col(_BedJob.owner_id).label("bed_job_owner_id"),
            col(_BedJob.plate).label("bed_plate"),
            col(_BedJob.artifact_id).label("bed_artifact_id"),
        )
        .select_from(Printer)
        .outerjoin(PrinterState, col(PrinterState.printer_id) == col(Printer.id))
        .outerjoin(User, col(User.id) == col(PrinterState.bed_by))
        .outerjoin(_BedRun, col(_BedRun.id) == col(PrinterState.bed_run_id))
        .outerjoin(_BedJob, col(_BedJob.id) == col(_BedRun.job_id))
        .order_by(col(Printer.name), col(Printer.id))
    )
    if printer_id is not None:
        statement = statement.where(col(Printer.id) == printer_id)
    result = await connection.execute(statement)
    return [PrinterRow(**row) for row in result.mappings()]


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue and how much waits in it."""

    name: str
    title: str
    is_held: bool
    held_by_name: str | None
    version: int
    waiting: int


async def read_queues(connection: AsyncConnection) -> list[QueueRow]:
    """Return each queue and how many jobs wait in it."""
    waiting = (
        select(func.count())
        .select_from(Job)
        .outerjoin(Run, col(Run.id) == col(Job.run_id))
        .where(col(Job.queue) == col(Queue.name), has_status(Status.QUEUED), may_wait())
        .correlate(Queue)
        .scalar_subquery()
    )
    columns = (col(getattr(Queue, name)) for name in ("name", "title", "is_held", "version"))
    statement = (
        select(*columns, col(User.name).label("held_by_name"), waiting.label("waiting"))
        .outerjoin(User, col(User.id) == col(Queue.held_by))
        .order_by(col(Queue.name))
    )
    result = await connection.execute(statement)
    return [QueueRow(**row) for row in result.mappings()]


async def read_command(connection: AsyncConnection, command_id: UUID) -> Command | None:
    """Return a command and its answer."""
    table = Command.__table__  # type: ignore[attr-defined]
    result = await connection.execute(select(table).where(table.c.id == command_id))
    row = result.mappings().first()
    return Command.model_construct(**row) if row else None
