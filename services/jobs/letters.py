"""Dead letters: messages that could not be read or folded, and what people want done with them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.db.channels import LETTERS
from services.db.news import tell
from services.db.tables.bus import DeadLetter
from services.jobs import audit
from services.jobs.actors import Actor
from services.jobs.errors import Conflict, Unknown


class LetterResolution(StrEnum):
    """How a letter was settled."""

    REPLAYED = "replayed"
    DROPPED = "dropped"


async def open_letters(session: AsyncSession, limit: int) -> tuple[list[DeadLetter], int]:
    """Return the letters that nobody has settled, the newest first, and how many there are."""
    is_open = col(DeadLetter.resolved_at).is_(None)
    newest = select(DeadLetter).where(is_open).order_by(col(DeadLetter.first_seen).desc())
    rows = (await session.exec(newest.limit(limit))).all()
    count = (await session.exec(select(func.count()).select_from(DeadLetter).where(is_open))).one()
    return list(rows), count


async def find(session: AsyncSession, letter_id: UUID) -> DeadLetter:
    """Return a letter, settled or not; raise Unknown."""
    letter = await session.get(DeadLetter, letter_id)
    if letter is None:
        raise Unknown("letter")
    return letter


async def drop(
    session: AsyncSession, actor: Actor | None, letter_id: UUID, now: datetime
) -> DeadLetter:
    """Settle a letter without its effect; it stays in the table. Raise Unknown or Conflict."""
    letter = await _open(session, letter_id)
    letter.resolved_at, letter.resolved_by = now, actor.id if actor else None
    letter.resolution = LetterResolution.DROPPED.value
    letter.replay_asked_at = None
    _record(session, actor, "letter.drop", letter, now)
    return letter


async def ask_replay(
    session: AsyncSession, actor: Actor | None, letter_id: UUID, now: datetime
) -> DeadLetter:
    """Have the projector take a letter again; raise Unknown or Conflict."""
    letter = await _open(session, letter_id)
    if letter.replay_asked_at is None:
        letter.replay_asked_at, letter.replay_asked_by = now, actor.id if actor else None
        _record(session, actor, "letter.replay", letter, now)
        await tell(session, LETTERS)
    return letter


async def _open(session: AsyncSession, letter_id: UUID) -> DeadLetter:
    letter = await session.get(DeadLetter, letter_id, with_for_update=True)
    if letter is None:
        raise Unknown("letter")
    if letter.resolved_at is not None:
        raise Conflict("letter-settled", f"This letter was {letter.resolution} already.")
    return letter


def _record(
    session: AsyncSession, actor: Actor | None, action: str, letter: DeadLetter, now: datetime
) -> None:
    audit.record(
        session,
        actor,
        action,
        "letter",
        letter.id,
        correlation_id=uuid4(),
        now=now,
        detail=letter.subject,
    )
