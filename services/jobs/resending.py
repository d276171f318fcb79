"""Commands whose stream was lost are sent again; nodes know them by their id."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.db import outbox
from services.db.tables import machines
from services.jobs.commands import message_of


async def send_again(session: AsyncSession, now: datetime) -> int:
    """Put every unanswered command that has not expired into the outbox; return how many."""
    rows = await session.exec(
        select(machines.Command).where(
            col(machines.Command.answered_at).is_(None),
            or_(col(machines.Command.expires_at).is_(None), col(machines.Command.expires_at) > now),
        )
    )
    commands = [message_of(row) for row in rows]
    for command in commands:
        await outbox.add_command(session, command, message_id=uuid4())
    return len(commands)
