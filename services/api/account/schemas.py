"""What a person sees of their own sign-ins and keys."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.api.permissions import Scope
from services.api.schemas import In, Name, Out

MAX_TOKEN_DAYS = 365


class LinkedIdentity(Out):
    """A way in which the person signs in."""

    id: UUID
    issuer: str
    email: str | None
    last_used_at: datetime


class OpenSession(Out):
    """A browser in which the person is signed in."""

    id: str = Field(description="names the session; it opens nothing")
    is_this: bool
    signed_in_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str | None
    ip: str | None


class NewToken(In):
    """A token for a script or a slicer."""

    name: Name
    scopes: frozenset[Scope] = Field(min_length=1)
    days: int = Field(ge=1, le=MAX_TOKEN_DAYS)


class Token(Out):
    """A token as it is listed: without its secret."""

    id: UUID
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class TokenWithSecret(Out):
    """A token as it is shown, once."""

    token: Token
    secret: str
