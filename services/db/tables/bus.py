"""Between the database and the broker: outbox, event log, watermarks, dead letters."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.db.tables.base import JsonObject, instant, json_object


class Outbox(SQLModel, table=True):
    """Messages that a committed transaction wants published.

    Inserted by api, dispatch and inspector in the transaction of what they tell; marked and
    deleted after 7 days by the relay.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_unpublished", "seq", postgresql_where=text("published_at IS NULL")),
        Index("ix_outbox_published", "published_at"),
    )

    id: UUID = Field(primary_key=True)
    seq: int = Field(
        sa_type=BigInteger, sa_column_args=(Identity(always=True),), nullable=False, unique=True
    )
    subject: str = Field(max_length=200)
    headers: JsonObject = json_object()
    body: bytes
    created_at: datetime = instant()
    published_at: datetime | None = instant(nullable=True)


class EventLog(SQLModel, table=True):
    """Every event, in the order of its commit. Writer: the projector that holds the lock."""

    __tablename__ = "event_log"
    __table_args__ = (
        UniqueConstraint("journal_id", "node_seq"),
        Index(
            "ix_event_log_given",
            "printer_id",
            postgresql_where=text("type = 'node.given_printer'"),
        ),
        Index("ix_event_log_job", "job_id", "gseq", postgresql_where=text("job_id IS NOT NULL")),
        Index(
            "ix_event_log_printer",
            "printer_id",
            "gseq",
            postgresql_where=text("printer_id IS NOT NULL"),
        ),
    )

    gseq: int = Field(sa_type=BigInteger, primary_key=True, sa_column_args=(Identity(always=True),))
    event_id: UUID = Field(unique=True)
    type: str = Field(max_length=40)
    v: int
    node: str | None = Field(max_length=32)
    journal_id: UUID | None
    node_seq: int | None = Field(sa_type=BigInteger)
    job_id: UUID | None
    run_id: UUID | None
    run_seq: int | None
    printer_id: UUID | None
    occurred_at: datetime = instant()
    received_at: datetime = instant()
    body: JsonObject = json_object()


class EdgeWatermark(SQLModel, table=True):
    """How much of a journal is in the log without a gap. Writer: projector."""

    __tablename__ = "edge_watermark"

    journal_id: UUID = Field(primary_key=True)
    node: str = Field(max_length=32)
    contiguous_seq: int = Field(sa_type=BigInteger)
    updated_at: datetime = instant()


class StreamSeen(SQLModel, table=True):
    """When each stream was made, as last seen: another time means that it was lost.

    Writer: dispatch.
    """

    __tablename__ = "stream_seen"

    name: str = Field(primary_key=True, max_length=32)
    created_at: datetime = instant()


class DeadLetter(SQLModel, table=True):
    """A message that could not be read or folded, kept whole.

    Writer: projector; a person's wish to replay or drop it is services.jobs.letters'.
    """

    __tablename__ = "dead_letter"
    __table_args__ = (
        Index("ix_dead_letter_open", "first_seen", postgresql_where=text("resolved_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    subject: str = Field(max_length=300)
    headers: JsonObject = json_object()
    body: bytes
    reason: str = Field(max_length=2000)
    first_seen: datetime = instant(index=True)
    count: int
    replay_asked_at: datetime | None = instant(nullable=True)
    """A person wants it tried again; None once it was."""
    replay_asked_by: UUID | None
    replayed_at: datetime | None = instant(nullable=True)
    """When it was last tried again."""
    resolution: str | None = Field(max_length=16)
    resolved_at: datetime | None = instant(nullable=True)
    resolved_by: UUID | None
