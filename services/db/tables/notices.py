"""Who is told what, and whether it reached them.

Writers: api (targets, choices, followers, a test's delivery), notify (everything else).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from services.db.tables.base import JsonObject, instant, json_object


class NoticeTarget(SQLModel, table=True):
    """Where notices go: a way to each person, a channel of the group, or a webhook."""

    __tablename__ = "notice_target"

    id: UUID = Field(primary_key=True)
    form: str = Field(max_length=16)
    name: str = Field(max_length=100)
    address_sealed: bytes
    key_sealed: bytes | None = Field(default=None)
    """What a webhook's messages are signed with."""
    kinds: list[str] = Field(sa_type=JSONB, nullable=False)
    """What a channel or webhook is told; what a person is told unless they chose otherwise."""
    is_enabled: bool
    created_by: UUID = Field(foreign_key="user.id")
    created_at: datetime = instant()
    removed_at: datetime | None = instant(nullable=True)


class NoticeChoice(SQLModel, table=True):
    """What a person wishes to be told by one way."""

    __tablename__ = "notice_choice"

    user_id: UUID = Field(primary_key=True, foreign_key="user.id")
    target_id: UUID = Field(primary_key=True, foreign_key="notice_target.id")
    kinds: list[str] = Field(sa_type=JSONB, nullable=False)


class NoticePerson(SQLModel, table=True):
    """In which language a person is told."""

    __tablename__ = "notice_person"

    user_id: UUID = Field(primary_key=True, foreign_key="user.id")
    language: str = Field(max_length=2)


class JobFollower(SQLModel, table=True):
    """Somebody who is told of a job that is not theirs."""

    __tablename__ = "job_follower"

    job_id: UUID = Field(primary_key=True, foreign_key="job.id")
    user_id: UUID = Field(primary_key=True, foreign_key="user.id", index=True)
    created_at: datetime = instant()


class NoticeCursor(SQLModel, table=True):
    """How far the event log has been read for notices; one row."""

    __tablename__ = "notice_cursor"

    id: int = Field(primary_key=True)
    gseq: int = Field(sa_type=BigInteger)


class NoticeDelivery(SQLModel, table=True):
    """One notice on its way to one target, for one person or for nobody in particular."""

    __tablename__ = "notice_delivery"
    __table_args__ = (
        UniqueConstraint("target_id", "about", "user_id", postgresql_nulls_not_distinct=True),
        Index(
            "ix_notice_delivery_due",
            "next_at",
            postgresql_where=text("state IN ('waiting', 'sending')"),
        ),
        Index("ix_notice_delivery_target", "target_id", "created_at"),
    )

    id: UUID = Field(primary_key=True)
    target_id: UUID = Field(foreign_key="notice_target.id")
    about: str = Field(max_length=100)
    """What the same target is told of once: an event, or a submission."""
    kind: str = Field(max_length=16)
    user_id: UUID | None = Field(default=None, foreign_key="user.id")
    content: JsonObject = json_object()
    state: str = Field(max_length=16)
    attempts: int
    next_at: datetime = instant()
    answer: str | None = Field(default=None, max_length=300)
    created_at: datetime = instant()
    done_at: datetime | None = instant(nullable=True)
