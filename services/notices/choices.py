"""What a person wishes to be told, by which way, and of whose jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.db.tables.notices import JobFollower, NoticeChoice, NoticePerson, NoticeTarget
from services.jobs import audit
from services.jobs.actors import Actor
from services.jobs.errors import Unknown
from services.notices.kinds import Form, Language, NoticeKind


@dataclass(frozen=True)
class Way:
    """A way to each person, and what this one wishes to be told by it."""

    target_id: UUID
    name: str
    kinds: tuple[NoticeKind, ...]


async def ways_of(session: AsyncSession, user_id: UUID) -> list[Way]:
    """Return the ways that there are, with the person's choices or what is usual."""
    rows = await session.exec(
        select(NoticeTarget, NoticeChoice)
        .join(
            NoticeChoice,
            (col(NoticeChoice.target_id) == col(NoticeTarget.id))
            & (col(NoticeChoice.user_id) == user_id),
            isouter=True,
        )
        .where(
            col(NoticeTarget.form) == Form.PERSONAL,
            col(NoticeTarget.is_enabled),
            col(NoticeTarget.removed_at).is_(None),
        )
        .order_by(col(NoticeTarget.created_at))
    )
    return [
        Way(target.id, target.name, tuple(map(NoticeKind, (choice or target).kinds)))
        for target, choice in rows
    ]


async def language_of(session: AsyncSession, user_id: UUID) -> Language:
    """Return the language that a person chose."""
    person = await session.get(NoticePerson, user_id)
    return Language(person.language) if person else Language.EN


async def choose(
    session: AsyncSession,
    actor: Actor,
    language: Language,
    kinds: Mapping[UUID, Sequence[NoticeKind]],
    now: datetime,
) -> None:
    """Replace a person's choices; raise Unknown for a way that there is not."""
    known = {way.target_id for way in await ways_of(session, actor.id)}
    if not kinds.keys() <= known:
        raise Unknown("way")
    person = insert(NoticePerson).values(user_id=actor.id, language=language)
    await session.exec(
        person.on_conflict_do_update(index_elements=["user_id"], set_={"language": language})
    )
    for target_id, wished in kinds.items():
        row = insert(NoticeChoice).values(user_id=actor.id, target_id=target_id, kinds=list(wished))
        await session.exec(
            row.on_conflict_do_update(
                index_elements=["user_id", "target_id"], set_={"kinds": list(wished)}
            )
        )
    audit.record(
        session, actor, "notices.choose", "user", actor.id, correlation_id=actor.id, now=now
    )


async def is_following(session: AsyncSession, user_id: UUID, job_id: UUID) -> bool:
    """Tell whether a person follows a job."""
    return await session.get(JobFollower, (job_id, user_id)) is not None


async def follow(
    session: AsyncSession, actor: Actor, job_id: UUID, *, follows: bool, now: datetime
) -> None:
    """Have a person told of a job, or not any more."""
    if follows:
        row = insert(JobFollower).values(job_id=job_id, user_id=actor.id, created_at=now)
        await session.exec(row.on_conflict_do_nothing())
    else:
        await session.exec(
            delete(JobFollower).where(
                col(JobFollower.job_id) == job_id, col(JobFollower.user_id) == actor.id
            )
        )
    action = "job.follow" if follows else "job.unfollow"
    audit.record(session, actor, action, "job", job_id, correlation_id=job_id, now=now)
