"""Commands whose stream was lost are sent again; nodes know them by their id."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.commands import Command, CommandKind
from contracts.ids import CommandId, CorrelationId, JournalId, PrinterId, RunId, UserId
from services.db import outbox
from services.db.tables import machines


async def send_again(session: AsyncSession, now: datetime) -> int:
    """Put every unanswered command that has not expired into the outbox; return how many."""
    rows = await session.exec(
        select(machines.Command).where(
            col(machines.Command.answered_at).is_(None),
            or_(col(machines.Command.expires_at).is_(None), col(machines.Command.expires_at) > now),
        )
    )
    commands = [_from_row(row) for row in rows]
    for command in commands:
        await outbox.add_command(session, command, message_id=uuid4())
    return len(commands)


def _from_row(row: machines.Command) -> Command:
    return Command(
        id=CommandId(row.id),
        kind=CommandKind(row.kind),
        node=row.node,
        journal_id=JournalId(row.journal_id),
        printer_id=PrinterId(row.printer_id),
        run_id=None if row.run_id is None else RunId(row.run_id),
        bed_seq=row.bed_seq,
        value=row.value,
        by=UserId(row.by),
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        correlation_id=CorrelationId(row.correlation_id),
    )
