"""Notices on the wire: what a person chose, where they go, what became of them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from services.api.schemas import In, Name, Out
from services.db.tables.notices import NoticeDelivery, NoticeTarget
from services.notices.choices import Way
from services.notices.kinds import DeliveryState, Form, Language, NoticeKind


def _chosen(kinds: list[NoticeKind]) -> list[NoticeKind]:
    """Return the kinds but for the test, which comes when an admin asks for it."""
    return [kind for kind in kinds if kind is not NoticeKind.TEST]


Kinds = Annotated[list[NoticeKind], AfterValidator(_chosen), Field(max_length=len(NoticeKind))]


class NoticeWay(Out):
    """A way to each person, and what this one is told by it."""

    id: UUID
    name: str
    kinds: list[NoticeKind]

    @classmethod
    def from_way(cls, way: Way) -> Self:
        """Return what the person sees of it."""
        return cls(id=way.target_id, name=way.name, kinds=list(way.kinds))


class NoticeChoices(Out):
    """What a person chose."""

    language: Language
    ways: list[NoticeWay]


class WishedWay(In):
    """What a person wishes to be told by one way."""

    id: UUID
    kinds: Kinds


class NoticeWishes(In):
    """What a person wishes to be told; ways that are not named stay as they are."""

    language: Language
    ways: list[WishedWay] = Field(max_length=50)


class Following(Out):
    """Whether one is told of a job that is not one's own."""

    follows: bool


class NewNoticeTarget(In):
    """A target as an admin describes it."""

    form: Form
    name: Name
    address: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, min_length=5, max_length=2000, pattern=r"^[a-z0-9]+://[!-~]+$"
        ),
    ] = Field(description="of Apprise's, with {email} in it for a way to each person; or https")
    kinds: Kinds


class NoticeTargetChange(In):
    """What a target is told, and whether."""

    kinds: Kinds
    is_enabled: bool


class Target(Out):
    """Where notices go; its address is never shown again."""

    id: UUID
    form: Form
    name: str
    kinds: list[NoticeKind]
    is_enabled: bool
    created_at: datetime

    @classmethod
    def from_row(cls, row: NoticeTarget) -> Self:
        """Return what admins see of a target."""
        return cls(
            id=row.id,
            form=Form(row.form),
            name=row.name,
            kinds=[NoticeKind(kind) for kind in row.kinds],
            is_enabled=row.is_enabled,
            created_at=row.created_at,
        )


class Targets(Out):
    """The targets, and whether notices can leave at all."""

    is_possible: bool = Field(description="false: LAYERLINE_SECRETS_KEY is not set")
    targets: list[Target]


class AddedTarget(Out):
    """A new target; `key` is what a webhook's messages are signed with, shown once."""

    target: Target
    key: str | None


class Delivery(Out):
    """A notice on its way, or what became of it."""

    id: UUID
    kind: NoticeKind
    title: str
    state: DeliveryState
    attempts: int
    answer: str | None
    created_at: datetime
    next_at: datetime
    done_at: datetime | None

    @classmethod
    def from_row(cls, row: NoticeDelivery) -> Self:
        """Return what admins see of a delivery."""
        return cls(
            id=row.id,
            kind=NoticeKind(row.kind),
            title=str(row.content["title"]),
            state=DeliveryState(row.state),
            attempts=row.attempts,
            answer=row.answer,
            created_at=row.created_at,
            next_at=row.next_at,
            done_at=row.done_at,
        )
