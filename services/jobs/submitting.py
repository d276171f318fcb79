"""Artifacts on their way in and submissions: everything before a decision."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.events import ArtifactUploaded
from contracts.ids import ArtifactId, CorrelationId, EventId, UserId
from contracts.lifecycle import ArtifactState, JobState
from contracts.loaded import PlateSummary
from contracts.units import GIB
from services.db import outbox
from services.db.tables.work import Artifact, Job, Queue, Submission
from services.jobs import audit, quotas
from services.jobs.actors import Actor
from services.jobs.decisions import submitted_event
from services.jobs.errors import Conflict, Malformed, Unknown
from services.jobs.fit import too_long
from services.jobs.shop import ShopSettings, shop_of

MAX_JOBS = 100
"""The most jobs that one submission may make."""

_LOCK_BITS = 2**62 - 1
_SUFFIXES = re.compile(r"(\.gcode)?\.3mf$", re.IGNORECASE)


@dataclass(frozen=True)
class FileOnItsWay:
    """A file as its sender describes it, and where its bytes would land if they are new."""

    artifact_id: UUID
    filename: str
    size_bytes: int
    sha256: str
    incoming_key: str


@dataclass(frozen=True)
class Copies:
    """How often to print one plate."""

    plate: int
    copies: int


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


async def submit(
    session: AsyncSession,
    actor: Actor,
    artifact_id: UUID,
    orders: Sequence[Copies],
    *,
    note: str | None,
    wish: str | None = None,
    queue: str,
    now: datetime,
) -> Submission:
    """Make a submission and its jobs, which wait for approval."""
    artifact = await ready_artifact(session, actor, artifact_id)
    plates = plates_of(artifact)
    _must_make_sense(orders, plates)
    if await session.get(Queue, queue) is None:
        raise Malformed("no-such-queue", f"There is no queue {queue!r}. Choose another.")
    shop = await shop_of(session)
    _must_be_short_enough(shop, [plates[order.plate] for order in orders], queue)
    if not shop.may_exceed_quota:
        await _must_be_within_quota(session, actor, orders, plates, now)
    submission = Submission(
        id=uuid4(),
        owner_id=actor.id,
        artifact_id=artifact_id,
        note=note or None,
        wish=wish or None,
        created_at=now,
    )
    session.add(submission)
    await session.flush()
    for order in orders:
        for copy_no in range(1, order.copies + 1):
            job = _new_job(submission, artifact, plates, order.plate, copy_no, queue)
            session.add(job)
            await outbox.add_event(session, submitted_event(job, now))
    audit.record(
        session,
        actor,
        "submission.create",
        "submission",
        submission.id,
        correlation_id=submission.id,
        now=now,
    )
    await session.flush()
    return submission


async def submit_all(
    session: AsyncSession, actor: Actor, artifact: Artifact, queue: str, now: datetime
) -> Submission:
    """Submit every plate of a ready artifact once, as a slicer asked for that sent it."""
    found = map(PlateSummary.model_validate, artifact.inspection.get("plates", ()))
    orders = [Copies(plate.index, 1) for plate in found]
    return await submit(session, actor, artifact.id, orders, note=None, queue=queue, now=now)


async def ready_artifact(session: AsyncSession, actor: Actor, artifact_id: UUID) -> Artifact:
    """Return a checked file of the actor's own."""
    artifact = await session.get(Artifact, artifact_id)
    if artifact is None or artifact.owner_id != actor.id:
        raise Unknown("artifact")
    if artifact.state == ArtifactState.READY:
        return artifact
    if artifact.state == ArtifactState.REFUSED:
        raise Conflict("artifact-refused", f"This file was refused: {artifact.refusal}")
    raise Conflict(
        "artifact-not-ready", "This file has not been checked yet. Wait until it is ready."
    )


def plates_of(artifact: Artifact) -> dict[int, PlateSummary]:
    """Return the sliced plates of a file by their number."""
    plates = map(PlateSummary.model_validate, artifact.inspection.get("plates", ()))
    return {plate.index: plate for plate in plates}


def name_of_file(filename: str) -> str:
    """Return what a job of this file is called."""
    return _SUFFIXES.sub("", filename) or filename


async def _must_be_within_quota(
    session: AsyncSession,
    actor: Actor,
    orders: Sequence[Copies],
    plates: dict[int, PlateSummary],
    now: datetime,
) -> None:
    allowance = await quotas.allowance_of(await session.connection(), actor.id, now)
    wanted = [(quotas.amounts(plates[order.plate]), order.copies) for order in orders]
    grams = sum(each[0] * copies for each, copies in wanted)
    hours = sum(each[1] * copies for each, copies in wanted)
    if allowance.is_over_with(grams, hours):
        raise Conflict(
            "over-quota",
            f"This is more than you have left until {allowance.resets_at:%d %B}. "
            "Print less, or ask an admin for more.",
        )


def _must_be_short_enough(shop: ShopSettings, plates: Sequence[PlateSummary], queue: str) -> None:
    limit_s = shop.longest_print_s(queue)
    for plate in plates:
        reason = too_long(plate, limit_s)
        if reason is not None:
            raise Conflict("print-too-long", f"Plate {plate.index}: {reason.text}")


def _must_make_sense(orders: Sequence[Copies], plates: dict[int, PlateSummary]) -> None:
    wished = [order.plate for order in orders]
    unknown = sorted(set(wished) - set(plates))
    if unknown:
        known = ", ".join(map(str, sorted(plates)))
        raise Malformed(
            "no-such-plate", f"The file has no sliced plate {unknown[0]}. It has: {known}."
        )
    if len(set(wished)) != len(wished):
        raise Malformed("plate-twice", "Name each plate once and say how many copies.")
    total = sum(order.copies for order in orders)
    if total > MAX_JOBS:
        raise Malformed("too-many-jobs", f"{total} jobs at once are too many: at most {MAX_JOBS}.")


def _new_job(
    submission: Submission,
    artifact: Artifact,
    plates: dict[int, PlateSummary],
    plate: int,
    copy_no: int,
    queue: str,
) -> Job:
    return Job(
        id=uuid4(),
        submission_id=submission.id,
        artifact_id=artifact.id,
        owner_id=submission.owner_id,
        correlation_id=uuid4(),
        name=name_of_file(artifact.filename),
        plate=plate,
        copy_no=copy_no,
        needs=plates[plate].model_dump(mode="json"),
        queue=queue,
        state=JobState.SUBMITTED,
        version=1,
        rank=None,
        not_before=None,
        rung_at=None,
        run_id=None,
        wait_reason=None,
        wait_code=None,
        wait_params=None,
        cancel_requested_at=None,
        cancel_requested_by=None,
        decided_at=None,
        decided_by=None,
        decision=None,
        created_at=submission.created_at,
    )
