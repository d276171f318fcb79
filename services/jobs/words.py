"""What people have said of a run, whether or not the projection has it yet."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from contracts.commands import CommandKind
from contracts.lifecycle import ENDS_OF_JOB
from services.db.tables.machines import Command

JUST_NOW = timedelta(minutes=1)


async def is_being_resolved(session: AsyncSession, run_id: UUID, now: datetime) -> bool:
    """Tell whether a word on the run has just been said and has not reached its node yet.

    A node that lost its journal never answers what stood in it: that holds nobody up for ever.
    """
    waiting = _words_on(run_id).where(
        col(Command.answered_at).is_(None), col(Command.issued_at) > now - JUST_NOW
    )
    return (await session.exec(waiting)).first() is not None


async def is_job_ended(session: AsyncSession, run_id: UUID | None) -> bool:
    """Tell whether somebody said that the run's job is over: it is not to be tried again.

    Asked under the lock of the job's row, which whoever speaks of a run takes too.
    """
    if run_id is None:
        return False
    ends = _words_on(run_id).where(col(Command.value).in_(sorted(ENDS_OF_JOB)))
    return (await session.exec(ends)).first() is not None


def _words_on(run_id: UUID) -> SelectOfScalar[UUID]:
    return select(Command.id).where(
        col(Command.run_id) == run_id, col(Command.kind) == CommandKind.RESOLVE.value
    )
