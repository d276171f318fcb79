"""Access tokens as requests show them; the database has their SHA-256 only."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import col

from services.api.permissions import Scope
from services.api.state import Services
from services.db.tables.people import AccessToken, User
from services.jobs.people import Role

PREFIX: Final = "llt_"
"""Lets scanners of leaked secrets know one."""
SECRET_BYTES: Final = 32
_TOUCH_AFTER = timedelta(minutes=5)
_MAX_CHARS = 100
_SCHEME = "Bearer "
API_KEY_HEADER: Final = "x-api-key"
"""What slicers show a token in."""


@dataclass(frozen=True)
class TokenHolder:
    """Whose token it is, and what for."""

    user_id: UUID
    email: str
    name: str
    avatar_url: str | None
    is_admin: bool
    is_approver: bool
    scopes: frozenset[Scope]

    @property
    def role(self) -> Role:
        """What the person may do."""
        if self.is_admin:
            return Role.ADMIN
        return Role.APPROVER if self.is_approver else Role.MEMBER


def new_secret() -> str:
    """Return a secret of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def sha256_of(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def bearer_of(headers: Mapping[str, str]) -> str | None:
    """Return the token that a request shows, also one that can't be good; None without one."""
    value = headers.get("authorization")
    if value is None:
        return headers.get(API_KEY_HEADER)
    return value.removeprefix(_SCHEME).strip() if value.startswith(_SCHEME) else ""


async def find_token(services: Services, secret: str) -> TokenHolder | None:
    """Return whose token it is; None when it is unknown, over or revoked, or its person is out."""
    if not secret.startswith(PREFIX) or len(secret) > _MAX_CHARS:
        return None
    now = services.clock.now()
    statement = (
        select(AccessToken, User)
        .join(User, col(User.id) == col(AccessToken.user_id))
        .where(
            col(AccessToken.secret_sha256) == sha256_of(secret),
            col(AccessToken.expires_at) > now,
            col(AccessToken.revoked_at).is_(None),
            col(User.disabled_at).is_(None),
        )
    )
    async with services.sessions() as session, session.begin():
        row = (await session.execute(statement)).first()
        if row is None:
            return None
        token, user = row
        if token.last_used_at is None or now - token.last_used_at > _TOUCH_AFTER:
            await session.execute(
                update(AccessToken).where(col(AccessToken.id) == token.id).values(last_used_at=now)
            )
        return TokenHolder(
            user_id=user.id,
            email=user.email,
            name=user.name,
            avatar_url=user.avatar_url,
            is_admin=user.is_admin,
            is_approver=user.is_approver,
            scopes=frozenset(Scope(word) for word in token.scopes.split()),
        )
