"""Artifacts on their way in: announced, handed over to be checked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.events import ArtifactUploaded
from contracts.ids import ArtifactId, CorrelationId, EventId, UserId
from contracts.lifecycle import ArtifactState
from contracts.units import GIB
from services.db import outbox
from services.db.tables.work import Artifact
from services.jobs import audit
from services.jobs.actors import Actor
from services.jobs.errors import Conflict

_LOCK_BITS = 2**62 - 1


@dataclass(frozen=True)
class FileOnItsWay:
    """A file as its sender describes it, and where its bytes would land if they are new."""

    artifact_id: UUID
    filename: str
    size_bytes: int
    sha256: str
    incoming_key: str


@dataclass(frozen=True)
class Quota:
    """What one person may keep."""

    files: int
    size_bytes: int


async def count_awaited(session: AsyncSession, actor: Actor) -> int:
    """Return how many files of the person are on their way; others of theirs wait till commit."""
    await session.exec(select(func.pg_advisory_xact_lock(actor.id.int & _LOCK_BITS)))
    awaited = select(func.count()).where(
        col(Artifact.owner_id) == actor.id, col(Artifact.state) == ArtifactState.UPLOADING
    )
    return (await session.exec(awaited)).one()


async def announce(
    session: AsyncSession, actor: Actor, file: FileOnItsWay, quota: Quota, now: datetime
) -> Artifact:
    """Return the artifact for a file: the person's own ready one with these bytes, or a new one.

    Raises Conflict for a new one beyond the quota.
    """
    same = select(Artifact).where(
        col(Artifact.owner_id) == actor.id,
        col(Artifact.sha256) == file.sha256,
        col(Artifact.size_bytes) == file.size_bytes,
        col(Artifact.state) == ArtifactState.READY,
    )
    known = (await session.exec(same.order_by(col(Artifact.created_at)).limit(1))).first()
    if known is not None:
        return known
    await must_have_room(session, actor, file.size_bytes, quota)
    artifact = Artifact(
        id=file.artifact_id,
        owner_id=actor.id,
        filename=file.filename,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        state=ArtifactState.UPLOADING,
        incoming_key=file.incoming_key,
        check_attempts=0,
        refusal_code=None,
        refusal=None,
        inspection={},
        created_at=now,
        checked_at=None,
    )
    session.add(artifact)
    audit.record(
        session,
        actor,
        "artifact.announce",
        "artifact",
        artifact.id,
        correlation_id=artifact.id,
        now=now,
    )
    return artifact


async def must_have_room(
    session: AsyncSession, actor: Actor, size_bytes: int, quota: Quota
) -> None:
    """Raise Conflict when the person may keep no further file of this size."""
    kept = select(func.count(), func.coalesce(func.sum(Artifact.size_bytes), 0)).where(
        col(Artifact.owner_id) == actor.id, col(Artifact.state) != ArtifactState.REFUSED
    )
    files, kept_bytes = (await session.exec(kept)).one()
    if files >= quota.files:
        raise Conflict(
            "too-many-files", f"You keep {files} files; {quota.files} are the most. Ask an admin."
        )
    if kept_bytes + size_bytes > quota.size_bytes:
        raise Conflict(
            "too-many-bytes",
            f"Your files would take more than {quota.size_bytes / GIB:g} GiB. Ask an admin.",
        )


async def hand_over(
    session: AsyncSession, actor: Actor, artifact_id: UUID, now: datetime
) -> Artifact:
    """Have the bytes of an artifact checked; a second call changes nothing."""
    taken = await session.exec(
        update(Artifact)
        .where(
            col(Artifact.id) == artifact_id,
            col(Artifact.owner_id) == actor.id,
            col(Artifact.state) == ArtifactState.UPLOADING,
        )
        .values(state=ArtifactState.CHECKING)
        .execution_options(synchronize_session=False)
    )
    artifact = await session.get_one(Artifact, artifact_id, populate_existing=True)
    if taken.rowcount != 1:
        return artifact
    event = ArtifactUploaded(
        id=EventId(uuid4()),
        occurred_at=now,
        correlation_id=CorrelationId(artifact_id),
        artifact_id=ArtifactId(artifact_id),
        owner_id=UserId(artifact.owner_id),
        filename=artifact.filename,
        size_bytes=artifact.size_bytes,
        sha256=artifact.sha256,
        incoming_key=artifact.incoming_key,
    )
    await outbox.add_event(session, event)
    audit.record(
        session,
        actor,
        "artifact.hand_over",
        "artifact",
        artifact_id,
        correlation_id=artifact_id,
        now=now,
    )
    return artifact
