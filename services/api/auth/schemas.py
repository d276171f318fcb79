"""Sign-in and the person who is signed in."""

from uuid import UUID

from services.api.schemas import Out


class Provider(Out):
    """A way to sign in."""

    id: str
    name: str


class Me(Out):
    """The person who is signed in."""

    id: UUID
    email: str
    name: str
    avatar_url: str | None
    is_admin: bool
