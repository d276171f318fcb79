"""Who may come in: the provider's word on a person, and the group's rules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.ids import UserId
from services.api.settings import ApiSettings
from services.db.tables.people import Identity, User
from services.jobs import audit
from services.jobs.actors import Actor

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MAX_SUBJECT_CHARS = 255
_MAX_NAME_CHARS = 200
_MAX_EMAIL_CHARS = 320
_MAX_URL_CHARS = 2000


class NotAdmitted(Exception):
    """The person may not come in; `code` goes to the sign-in page."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class WhoCame:
    """What a provider says of a person; (issuer, subject) is who they are."""

    issuer: str
    subject: str
    email: str | None
    is_email_verified: bool
    name: str
    avatar_url: str | None

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> Self:
        """Return who the verified claims are about; raise KeyError or ValueError for nobody."""
        email = _printable(claims.get("email")).lower()[:_MAX_EMAIL_CHARS]
        name = _printable(claims.get("name") or claims.get("preferred_username"))
        picture = _printable(claims.get("picture"))
        subject = str(claims["sub"])
        if not subject or len(subject) > _MAX_SUBJECT_CHARS or not subject.isprintable():
            raise ValueError("the subject is no name")
        return cls(
            issuer=str(claims["iss"]),
            subject=subject,
            email=email if _EMAIL.fullmatch(email) else None,
            is_email_verified=claims.get("email_verified") is True,
            name=(name or email.partition("@")[0] or "Somebody")[:_MAX_NAME_CHARS],
            avatar_url=picture[:_MAX_URL_CHARS] if picture.startswith("https://") else None,
        )


def _printable(claim: object) -> str:
    return "".join(char for char in str(claim or "") if char.isprintable()).strip()


async def admit(
    session: AsyncSession,
    settings: ApiSettings,
    came: WhoCame,
    *,
    now: datetime,
    ip: str | None,
) -> UUID:
    """Return the id of the person who came, known or new; raise NotAdmitted otherwise.

    Closed unless told otherwise: only verified addresses of an allowed domain, or of an admin.
    """
    if came.email is None or not came.is_email_verified:
        raise NotAdmitted("email_not_verified")
    is_admin = came.email in settings.admin_emails
    domain = came.email.rpartition("@")[2]
    if not is_admin and domain not in settings.allowed_email_domains:
        raise NotAdmitted("not_allowed")
    user = await _person(session, came, now)
    if user.disabled_at is not None:
        raise NotAdmitted("disabled")
    user.email, user.name, user.avatar_url = came.email, came.name, came.avatar_url
    user.is_admin = user.is_admin or is_admin
    session.add(user)
    actor = Actor(UserId(user.id), user.is_admin, ip)
    audit.record(session, actor, "user.sign_in", "user", user.id, correlation_id=uuid4(), now=now)
    return user.id


async def _person(session: AsyncSession, came: WhoCame, now: datetime) -> User:
    """Return the user behind the identity, made now if it is new; never matched by e-mail."""
    known = (
        select(User, Identity)
        .join(Identity, col(Identity.user_id) == col(User.id))
        .where(col(Identity.issuer) == came.issuer, col(Identity.subject) == came.subject)
        .with_for_update()
    )
    row = (await session.exec(known)).first()
    if row is not None:
        user, identity = row
        identity.last_used_at, identity.email = now, came.email
        session.add(identity)
        return user
    user = User(
        id=uuid4(),
        email=came.email or "",
        name=came.name,
        avatar_url=came.avatar_url,
        is_admin=False,
        created_at=now,
        disabled_at=None,
    )
    session.add(user)
    await session.flush()
    made = await session.exec(
        insert(Identity)
        .values(
            id=uuid4(),
            user_id=user.id,
            issuer=came.issuer,
            subject=came.subject,
            email=came.email,
            created_at=now,
            last_used_at=now,
        )
        .on_conflict_do_nothing()
    )
    if made.rowcount != 1:
        # The same person has just come in by another tab; that one's row counts.
        await session.delete(user)
        await session.flush()
        return await _person(session, came, now)
    return user
