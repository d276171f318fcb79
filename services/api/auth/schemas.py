"""Sign-in and the person who is signed in."""

from uuid import UUID

from pydantic import Field

from services.api.schemas import In, Out, Text
from services.jobs.people import Role


class Provider(Out):
    """A way to sign in."""

    id: str
    name: str


class Whereto(Out):
    """Where the browser goes next."""

    url: str


class FirstAdminCode(In):
    """What `layerline provision` printed."""

    code: Text = Field(min_length=1, max_length=100)


class Me(Out):
    """The person who is signed in."""

    id: UUID
    email: str
    name: str
    avatar_url: str | None
    is_admin: bool
    role: Role
