"""Roles and the first admin: what the API and the command line change alike."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.db.channels import SESSIONS
from services.db.news import tell
from services.db.tables.people import AccessToken, FirstAdminCode, Session, User
from services.jobs.errors import Conflict, Unknown

CODE_BYTES: Final = 16
CODE_LIFE: Final = timedelta(hours=1)
_LOCK_ADMINS = select(func.pg_advisory_xact_lock(4711001))
"""Held by whoever changes the number of admins, so that it never falls to none."""


class Role(StrEnum):
    """What a person may do; each holds what the one before it does."""

    MEMBER = "member"
    APPROVER = "approver"
    ADMIN = "admin"


def role_of(user: User) -> Role:
    """Return the highest role of a person."""
    if user.is_admin:
        return Role.ADMIN
    return Role.APPROVER if user.is_approver else Role.MEMBER


async def set_role(session: AsyncSession, user_id: UUID, role: Role) -> User:
    """Give a person a role and end their sessions, so that the new rights get a new id.

    Raises Unknown, or Conflict when nobody would be left as an admin.
    """
    user = await _locked(session, user_id)
    if user.is_admin and role is not Role.ADMIN:
        await _must_not_be_last(session, user_id)
    if role_of(user) is not role:
        user.is_admin, user.is_approver = role is Role.ADMIN, role is Role.APPROVER
        session.add(user)
        await end_sessions(session, user_id)
    return user


async def disable(session: AsyncSession, user_id: UUID, now: datetime) -> User:
    """Put a person out at once; raise Unknown, or Conflict for the last admin.

    Sessions and access tokens are over for good: who is let in again makes new ones.
    """
    user = await _locked(session, user_id)
    if user.is_admin:
        await _must_not_be_last(session, user_id)
    user.disabled_at = user.disabled_at or now
    session.add(user)
    living = (col(AccessToken.user_id) == user_id, col(AccessToken.revoked_at).is_(None))
    await session.exec(update(AccessToken).where(*living).values(revoked_at=now))
    await end_sessions(session, user_id)
    return user


async def enable(session: AsyncSession, user_id: UUID) -> User:
    """Let a person in again; raise Unknown."""
    user = await _locked(session, user_id)
    user.disabled_at = None
    session.add(user)
    return user


async def end_sessions(session: AsyncSession, user_id: UUID) -> None:
    """Sign a person out everywhere."""
    await session.exec(delete(Session).where(col(Session.user_id) == user_id))
    await tell_feeds(session, user_id)


async def tell_feeds(session: AsyncSession, user_id: UUID) -> None:
    """Have the person's open feeds look, once this has committed, whether they may go on."""
    await tell(session, SESSIONS, str(user_id))


async def lock_admins(session: AsyncSession) -> None:
    """Take the lock that a change of admins needs; before a person's row, as everybody does."""
    await session.exec(_LOCK_ADMINS)


async def make_first_admin_code(session: AsyncSession, now: datetime) -> str | None:
    """Return a new code, which voids the others; None once there is an admin."""
    await lock_admins(session)
    if await _has_admin(session):
        return None
    code = secrets.token_urlsafe(CODE_BYTES)
    await session.exec(delete(FirstAdminCode))
    session.add(
        FirstAdminCode(code_sha256=_sha256(code), created_at=now, expires_at=now + CODE_LIFE)
    )
    return code


async def redeem_first_admin_code(
    session: AsyncSession, code: str | None, *, now: datetime
) -> bool:
    """Tell whether the code makes its holder the first admin; it works once."""
    if not code:
        return False
    await lock_admins(session)
    if await _has_admin(session):
        return False
    used = await session.exec(
        delete(FirstAdminCode).where(
            col(FirstAdminCode.code_sha256) == _sha256(code),
            col(FirstAdminCode.expires_at) > now,
        )
    )
    return bool(used.rowcount == 1)


async def _locked(session: AsyncSession, user_id: UUID) -> User:
    await lock_admins(session)
    user = await session.get(User, user_id, with_for_update=True)
    if user is None:
        raise Unknown("person")
    return user


async def _has_admin(session: AsyncSession) -> bool:
    found = select(User.id).where(col(User.is_admin), col(User.disabled_at).is_(None)).limit(1)
    return (await session.exec(found)).first() is not None


async def _must_not_be_last(session: AsyncSession, user_id: UUID) -> None:
    others = select(User.id).where(
        col(User.is_admin), col(User.disabled_at).is_(None), col(User.id) != user_id
    )
    if (await session.exec(others.limit(1))).first() is None:
        raise Conflict("last-admin", "This is the only admin. Make somebody else admin first.")


def _sha256(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
