"""What people want printed: artifacts, submissions, jobs. Writer: services.jobs, for the api.

The state of an artifact after checking is the inspector's.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from contracts.lifecycle import ArtifactState, JobState
from services.db.tables.base import JsonObject, instant, json_object


def _one_of(column: str, states: type[ArtifactState] | type[JobState]) -> CheckConstraint:
    values = ", ".join(f"'{state.value}'" for state in states)
    return CheckConstraint(f"{column} IN ({values})", name=column)


class Artifact(SQLModel, table=True):
    """An uploaded file of one person; its bytes lie under `blob/<sha256>` once it is ready."""

    __tablename__ = "artifact"
    __table_args__ = (
        _one_of("state", ArtifactState),
        Index("ix_artifact_owner_sha256", "owner_id", "sha256"),
        Index(
            "ix_artifact_unfinished",
            "created_at",
            postgresql_where=text("state IN ('uploading', 'checking')"),
        ),
        Index(
            "ix_artifact_without_paths",
            "checked_at",
            postgresql_where=text("state = 'ready' AND paths IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    owner_id: UUID = Field(foreign_key="user.id")
    filename: str = Field(max_length=255)
    size_bytes: int = Field(sa_type=BigInteger)
    sha256: str = Field(max_length=64)
    state: str = Field(max_length=16)
    incoming_key: str = Field(max_length=200)
    check_attempts: int
    refusal_code: str | None = Field(max_length=32)
    refusal: str | None = Field(max_length=2000)
    inspection: JsonObject = json_object()
    pictures: list[str] = Field(default_factory=list, sa_type=JSONB, nullable=False)
    """Names of the plates' pictures under `derived/<id>/`."""
    paths: list[str] | None = Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    """Names of toolpaths and model there; None until they have been tried."""
    paths_attempts: int = 0
    submit_to: str | None = Field(default=None, foreign_key="queue.name", max_length=32)
    """The queue that all its plates are submitted to once it is ready: a slicer sent it."""
    created_at: datetime = instant()
    checked_at: datetime | None = instant(nullable=True)


class Submission(SQLModel, table=True):
    """What a person sends in one go: one artifact, chosen plates x copies = that many jobs."""

    __tablename__ = "submission"

    id: UUID = Field(primary_key=True)
    owner_id: UUID = Field(foreign_key="user.id", index=True)
    artifact_id: UUID = Field(foreign_key="artifact.id", index=True)
    note: str | None = Field(max_length=500)
    wish: str | None = Field(default=None, max_length=200)
    """Which filament the person would like; people read it."""
    created_at: datetime = instant()


class Queue(SQLModel, table=True):
    """Approved jobs in order, shared by the printers that serve it."""

    __tablename__ = "queue"

    name: str = Field(primary_key=True, max_length=32)
    title: str = Field(max_length=100)
    is_held: bool
    held_by: UUID | None = Field(default=None, foreign_key="user.id")
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Rises when a person orders, holds or releases it; a move names the version it was made on."""
    created_at: datetime = instant()


class Job(SQLModel, table=True):
    """A request to print one plate of one artifact once; what people decided about it."""

    __tablename__ = "job"
    __table_args__ = (
        _one_of("state", JobState),
        UniqueConstraint("submission_id", "plate", "copy_no"),
        Index("ix_job_owner_created", "owner_id", "created_at", "id"),
        Index("ix_job_created", "created_at", "id"),
        Index("ix_job_state_created", "state", "created_at", "id"),
        Index(
            "ix_job_claimable",
            "queue",
            "rank",
            postgresql_where=text("state = 'queued' AND run_id IS NULL"),
        ),
        Index(
            "ix_job_not_before",
            "not_before",
            postgresql_where=text("state = 'queued' AND run_id IS NULL AND not_before IS NOT NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    submission_id: UUID = Field(foreign_key="submission.id")
    artifact_id: UUID = Field(foreign_key="artifact.id", index=True)
    owner_id: UUID = Field(foreign_key="user.id")
    correlation_id: UUID
    name: str = Field(max_length=255)
    plate: int
    copy_no: int
    needs: JsonObject = json_object()
    """The plate's summary as inspected (contracts.loaded.PlateSummary)."""
    queue: str = Field(foreign_key="queue.name", max_length=32)
    state: str = Field(max_length=16)
    version: int
    """Rises with each decision; a decision names the version it was made on."""
    rank: int | None = Field(sa_type=BigInteger)
    not_before: datetime | None = instant(nullable=True)
    rung_at: datetime | None = instant(nullable=True)
    """When the last bell for it was put into the outbox."""
    run_id: UUID | None = Field(index=True)
    """The latest run, whether it is over stands in `run`; None: claimable once it is queued.

    A run that was released is taken out again, with a new bell.
    """
    wait_reason: str | None = Field(max_length=300)
    """Why a claim passed it over (contracts.waiting.WaitReason): the sentence, code, values."""
    wait_code: str | None = Field(max_length=32)
    wait_params: JsonObject | None = Field(sa_type=JSONB(none_as_null=True), nullable=True)
    cancel_requested_at: datetime | None = instant(nullable=True)
    cancel_requested_by: UUID | None = Field(foreign_key="user.id")
    decided_at: datetime | None = instant(nullable=True)
    decided_by: UUID | None = Field(foreign_key="user.id")
    decision: str | None = Field(max_length=2000)
    """The reason or comment that came with the last decision."""
    earlier: JsonObject | None = Field(
        default=None, sa_type=JSONB(none_as_null=True), nullable=True
    )
    """What it was before its owner changed it (services.jobs.resubmitting.Earlier)."""
    created_at: datetime = instant()


class JobComment(SQLModel, table=True):
    """What people say about a job, without deciding."""

    __tablename__ = "job_comment"
    __table_args__ = (Index("ix_job_comment_job", "job_id", "created_at"),)

    id: UUID = Field(primary_key=True)
    job_id: UUID = Field(foreign_key="job.id")
    author_id: UUID = Field(foreign_key="user.id")
    text: str = Field(max_length=1000)
    created_at: datetime = instant()
