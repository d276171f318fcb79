"""Sessions of browsers: a random id in a cookie, its SHA-256 in the database."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID, uuid4

from fastapi import Response
from sqlalchemy import DateTime, LargeBinary, delete, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.api.settings import ApiSettings
from services.api.state import Services
from services.db.prepared import Prepared, slot
from services.db.tables.people import Session, User
from services.jobs import audit
from services.jobs.actors import Actor
from services.jobs.people import Role, tell_feeds

ID_BYTES: Final = 32
IDLE: Final = timedelta(days=7)
ABSOLUTE: Final = timedelta(days=30)
RECENT: Final = timedelta(minutes=15)
"""What is sensitive asks for a sign-in that is younger."""
TOUCH_AFTER: Final = timedelta(minutes=5)
"""The last use is written down at most this often."""

_MAX_ID_CHARS = 100


@dataclass(frozen=True)
class SignedIn:
    """Whose session it is."""

    id_sha256: bytes
    user_id: UUID
    email: str
    name: str
    avatar_url: str | None
    is_admin: bool
    is_approver: bool
    created_at: datetime
    last_used_at: datetime

    @property
    def role(self) -> Role:
        """What the person may do."""
        if self.is_admin:
            return Role.ADMIN
        return Role.APPROVER if self.is_approver else Role.MEMBER


def cookie_name(settings: ApiSettings) -> str:
    """Return the cookie's name: with https the browser itself holds it to this host."""
    return "__Host-layerline" if settings.is_https else "layerline"


async def find_person(services: Services, cookies: Mapping[str, str]) -> SignedIn | None:
    """Return who the cookie belongs to while the session lives; one statement."""
    id_sha256 = _sha256_of(cookies.get(cookie_name(services.settings)))
    return await find_session(services, id_sha256) if id_sha256 else None


async def find_session(services: Services, id_sha256: bytes) -> SignedIn | None:
    """Return whose session it is; None when it is over or its person may not come in."""
    now = services.clock.now()
    row = await services.database.fetchrow(
        _living(), id_sha256=id_sha256, now=now, idle_since=now - IDLE
    )
    if row is None:
        return None
    found = SignedIn(**row)
    if now - found.last_used_at > TOUCH_AFTER:
        used = update(Session).where(col(Session.id_sha256) == id_sha256)
        async with services.reads.connect() as connection:
            await connection.execute(used.values(last_used_at=now))
    return found


@cache
def _living() -> Prepared:
    """Return the question for a session that is not over."""
    return Prepared(
        select(
            col(Session.id_sha256),
            col(Session.user_id),
            col(User.email),
            col(User.name),
            col(User.avatar_url),
            col(User.is_admin),
            col(User.is_approver),
            col(Session.created_at),
            col(Session.last_used_at),
        )
        .join(User, col(User.id) == col(Session.user_id))
        .where(
            col(Session.id_sha256) == slot("id_sha256", LargeBinary()),
            col(Session.expires_at) > slot("now", DateTime(timezone=True)),
            col(Session.last_used_at) > slot("idle_since", DateTime(timezone=True)),
            col(User.disabled_at).is_(None),
        )
    )


async def begin_session(
    session: AsyncSession, user_id: UUID, now: datetime, *, user_agent: str | None, ip: str | None
) -> str:
    """Return the id of a new session, which is stored as its SHA-256 only."""
    session_id = secrets.token_urlsafe(ID_BYTES)
    session.add(
        Session(
            id_sha256=hashlib.sha256(session_id.encode()).digest(),
            user_id=user_id,
            created_at=now,
            last_used_at=now,
            expires_at=now + ABSOLUTE,
            user_agent=user_agent,
            ip=ip,
        )
    )
    return session_id


async def end_session(services: Services, actor: Actor, id_sha256: bytes) -> None:
    """End a person's own session for good."""
    now = services.clock.now()
    async with services.sessions() as session, session.begin():
        audit.record(
            session, actor, "user.sign_out", "user", actor.id, correlation_id=uuid4(), now=now
        )
        await session.exec(delete(Session).where(col(Session.id_sha256) == id_sha256))
        await tell_feeds(session, actor.id)


async def end_old_sessions(session: AsyncSession, old_id: str | None, now: datetime) -> None:
    """End the session that the browser had before it signed in anew; sweep those that are over."""
    is_old = col(Session.expires_at) < now
    id_sha256 = _sha256_of(old_id)
    if id_sha256 is not None:
        is_old |= col(Session.id_sha256) == id_sha256
    gone = await session.execute(delete(Session).where(is_old).returning(col(Session.user_id)))
    for user_id in set(gone.scalars()):
        await tell_feeds(session, user_id)


def set_cookie(response: Response, settings: ApiSettings, session_id: str) -> None:
    """Give the browser its session; scripts can't read it."""
    response.set_cookie(
        cookie_name(settings),
        session_id,
        max_age=int(ABSOLUTE.total_seconds()),
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


def forget_cookie(response: Response, settings: ApiSettings) -> None:
    """Have the browser forget its session."""
    response.delete_cookie(
        cookie_name(settings),
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


def _sha256_of(session_id: str | None) -> bytes | None:
    if not session_id or len(session_id) > _MAX_ID_CHARS:
        return None
    return hashlib.sha256(session_id.encode()).digest()
