"""People, invitations and the trail of deeds, as admins see them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from services.api.schemas import BLANKS, MAX_COUNT, In, Moment, Out
from services.db.tables.people import Audit, Invitation, User
from services.jobs.people import Role, role_of

Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=320,
        pattern=rf"^[^@{BLANKS}]+@[^@{BLANKS}]+$",
    ),
]


class Member(Out):
    """A person of the group."""

    id: UUID
    email: str
    name: str
    role: Role
    is_disabled: bool
    created_at: datetime

    @classmethod
    def from_row(cls, row: User) -> Self:
        """Return the person of a row."""
        return cls(
            id=row.id,
            email=row.email,
            name=row.name,
            role=role_of(row),
            is_disabled=row.disabled_at is not None,
            created_at=row.created_at,
        )


class NewRole(In):
    """What a person may do from now on."""

    role: Role


class NewInvitation(In):
    """Lets the holder of a verified address come in."""

    email: Email
    role: Role = Role.MEMBER


class OpenInvitation(Out):
    """An invitation that nobody has taken yet."""

    id: UUID
    email: str
    role: Role
    created_at: datetime
    expires_at: datetime

    @classmethod
    def from_row(cls, row: Invitation) -> Self:
        """Return the invitation of a row."""
        return cls(
            id=row.id,
            email=row.email,
            role=Role(row.role),
            created_at=row.created_at,
            expires_at=row.expires_at,
        )


class Sought(In):
    """Which deeds are wanted; what is left out doesn't matter."""

    who: UUID | None = None
    what: Annotated[
        str | None,
        Field(pattern=r"^[a-z_]{1,32}$", description="the first word of the action: job, node"),
    ] = None
    since: Moment | None = None
    until: Moment | None = None


class TrailPage(Sought):
    """A page of them."""

    before: Annotated[int | None, Field(ge=1, le=MAX_COUNT)] = None


class Deed(Out):
    """Who did what to which thing, when and from where."""

    id: int
    at: datetime
    user_id: UUID | None
    user_email: str | None
    action: str
    thing: str
    thing_id: str
    ip: str | None
    detail: str | None

    @classmethod
    def from_row(cls, row: Audit, email: str | None) -> Self:
        """Return the deed of a row."""
        return cls(
            id=row.id or 0,
            at=row.at,
            user_id=row.user_id,
            user_email=email,
            action=row.action,
            thing=row.thing,
            thing_id=row.thing_id,
            ip=row.ip,
            detail=row.detail,
        )


class Trail(Out):
    """Deeds, the newest first; `before` of the next page, or none."""

    deeds: list[Deed]
    next_before: int | None
