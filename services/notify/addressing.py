"""Who is told of a notice by which target: one delivery each, and never a second."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.db.channels import NOTICES
from services.db.news import tell
from services.db.tables.machines import Printer, Run
from services.db.tables.notices import JobFollower, NoticeDelivery, NoticeTarget
from services.db.tables.people import User
from services.db.tables.work import Artifact, Job
from services.notices.choices import language_of, ways_of
from services.notices.kinds import DeliveryState, Form, Language, NoticeKind
from services.notify.planning import Notice
from services.notify.texts import Subject, words

_WITH_PRINTER = {
    NoticeKind.STARTED,
    NoticeKind.DONE,
    NoticeKind.FAILED,
    NoticeKind.ATTENTION,
}


@dataclass(frozen=True)
class _Address:
    target: NoticeTarget
    user_id: UUID | None
    language: Language


async def address(
    session: AsyncSession,
    notice: Notice,
    targets: Sequence[NoticeTarget],
    public_url: str,
    now: datetime,
) -> None:
    """Put a notice on its way to everybody who wishes to know; `targets` are all there are."""
    ways = [target for target in targets if target.is_enabled and _may_take(target, notice.kind)]
    found = await _subject(session, notice, public_url) if ways else None
    if found is None:
        return
    subject, owner_id = found
    for to in await _addresses(session, notice, ways, owner_id):
        title, body = words(notice.kind, subject, to.language)
        content = {
            "title": title,
            "text": body,
            "type": f"notice.{notice.kind}",
            "at": now.isoformat(),
            "data": {
                "name": subject.name,
                "owner": subject.owner,
                "printer": subject.printer,
                "reason": subject.reason,
                "url": subject.url,
                "job_id": str(notice.job_id) if notice.job_id else None,
            },
        }
        await _put(session, notice, to, content, now)


async def _put(
    session: AsyncSession,
    notice: Notice,
    to: _Address,
    content: Mapping[str, object],
    now: datetime,
) -> None:
    row = insert(NoticeDelivery).values(
        id=uuid4(),
        target_id=to.target.id,
        about=notice.about,
        kind=notice.kind,
        user_id=to.user_id,
        content=content,
        state=DeliveryState.WAITING,
        attempts=0,
        next_at=now,
        created_at=now,
    )
    put = await session.exec(row.on_conflict_do_nothing())
    if put.rowcount:
        await tell(session, NOTICES)


def _may_take(target: NoticeTarget, kind: NoticeKind) -> bool:
    """Tell whether it takes this kind; of a way to each person they themselves say."""
    return target.form == Form.PERSONAL or kind in target.kinds


async def _addresses(
    session: AsyncSession, notice: Notice, takers: Sequence[NoticeTarget], owner_id: UUID
) -> list[_Address]:
    to = [_Address(target, None, Language.EN) for target in takers if target.form != Form.PERSONAL]
    if len(to) == len(takers):
        return to
    for user_id in await _people(session, notice, owner_id):
        ways = await ways_of(session, user_id)
        wished = [way.target_id for way in ways if notice.kind in way.kinds]
        if not wished:
            continue
        language = await language_of(session, user_id)
        rows = await session.exec(select(NoticeTarget).where(col(NoticeTarget.id).in_(wished)))
        to += [_Address(target, user_id, language) for target in rows]
    return to


async def _people(session: AsyncSession, notice: Notice, owner_id: UUID) -> Sequence[UUID]:
    """Return who the notice is for, without who brought it about."""
    wanted = []
    if notice.to_owner:
        wanted.append(col(User.id) == owner_id)
    if notice.to_approvers:
        wanted.append(col(User.is_approver) | col(User.is_admin))
    if notice.job_id is not None:
        followers = select(JobFollower.user_id).where(JobFollower.job_id == notice.job_id)
        wanted.append(col(User.id).in_(followers))
    people: Iterable[UUID] = await session.exec(
        select(User.id).where(or_(*wanted), col(User.disabled_at).is_(None))
    )
    return [person for person in people if person != notice.by]


async def _subject(
    session: AsyncSession, notice: Notice, public_url: str
) -> tuple[Subject, UUID] | None:
    """Return what the notice is about and whose it is; None when nobody has to be told."""
    if notice.artifact_id is not None:
        return await _of_artifact(session, notice, public_url)
    job = await session.get(Job, notice.job_id)
    if job is None:
        return None
    owner = await session.get_one(User, job.owner_id)
    same = select(func.count()).where(col(Job.submission_id) == job.submission_id)
    printer = None
    if notice.kind in _WITH_PRINTER and job.run_id is not None:
        named = select(Printer.name).join(Run, col(Run.printer_id) == col(Printer.id))
        printer = (await session.exec(named.where(col(Run.id) == job.run_id))).first()
    subject = Subject(
        name=job.name,
        owner=owner.name,
        printer=printer,
        reason=notice.reason,
        jobs=(await session.exec(same)).one(),
        url=f"{public_url}/jobs/{job.id}",
    )
    return subject, job.owner_id


async def _of_artifact(
    session: AsyncSession, notice: Notice, public_url: str
) -> tuple[Subject, UUID] | None:
    artifact = await session.get(Artifact, notice.artifact_id)
    if artifact is None or artifact.submit_to is None:
        return None  # it was sent in a browser, which says so itself
    owner = await session.get_one(User, artifact.owner_id)
    subject = Subject(artifact.filename, owner.name, None, notice.reason, 0, f"{public_url}/jobs")
    return subject, artifact.owner_id
