"""What happened to a job."""

from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.db.tables.bus import EventLog

MAX_EVENTS = 2000
"""A run has at most 101 progress facts; this is some twenty runs."""


async def events_of_job(connection: AsyncConnection, job_id: UUID) -> list[EventLog]:
    """Return what happened to a job, oldest first."""
    columns = ("gseq", "type", "occurred_at", "run_id", "body")
    statement = (
        select(*(col(getattr(EventLog, name)) for name in columns))
        .where(and_(col(EventLog.job_id) == job_id))
        .order_by(col(EventLog.gseq))
        .limit(MAX_EVENTS)
    )
    result = await connection.execute(statement)
    return [EventLog.model_construct(**row) for row in result.mappings()]
