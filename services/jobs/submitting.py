"""Submissions: chosen plates of a checked file become jobs that wait for a decision."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import String, Uuid, select
from sqlmodel import col

from contracts.lifecycle import ArtifactState, JobState
from contracts.loaded import PlateSummary
from services.db import outbox
from services.db.database import Transaction
from services.db.prepared import Prepared, insertion, slot
from services.db.tables.shop import Shop
from services.db.tables.work import Artifact, Job, Queue, Submission
from services.jobs import audit, quotas
from services.jobs.actors import Actor
from services.jobs.decisions import submitted_event
from services.jobs.errors import Conflict, Malformed, Unknown
from services.jobs.fit import too_long
from services.jobs.shop import THE_ONE, ShopSettings

MAX_JOBS = 100
"""The most jobs that one submission may make."""

_SUFFIXES = re.compile(r"(\.gcode)?\.3mf$", re.IGNORECASE)


@dataclass(frozen=True)
class Copies:
    """How often to print one plate."""

    plate: int
    copies: int


class Sent(NamedTuple):
    """A submission that was made."""

    id: UUID
    owner_id: UUID
    artifact_id: UUID
    note: str | None
    wish: str | None
    created_at: datetime


class _NewJob(NamedTuple):
    """A job that waits for approval; nothing else is known of it yet."""

    id: UUID
    submission_id: UUID
    artifact_id: UUID
    owner_id: UUID
    correlation_id: UUID
    name: str
    plate: int
    copy_no: int
    needs: Mapping[str, Any]
    queue: str
    state: JobState
    version: int
    created_at: datetime


@dataclass(frozen=True)
class ReadyFile:
    """A checked file and its sliced plates by their number."""

    id: UUID
    filename: str
    plates: Mapping[int, PlateSummary]


async def submit(
    transaction: Transaction,
    actor: Actor,
    artifact_id: UUID,
    orders: Sequence[Copies],
    *,
    note: str | None,
    wish: str | None = None,
    queue: str,
    now: datetime,
) -> Sent:
    """Make a submission and its jobs, which wait for approval."""
    file = await ready_file(transaction, actor, artifact_id)
    plates = file.plates
    _must_make_sense(orders, plates)
    shop = await _shop_with(transaction, queue)
    _must_be_short_enough(shop, [plates[order.plate] for order in orders], queue)
    if not shop.may_exceed_quota:
        await _must_be_within_quota(transaction, actor, orders, plates, now)
    sent = Sent(
        id=uuid4(),
        owner_id=actor.id,
        artifact_id=artifact_id,
        note=note or None,
        wish=wish or None,
        created_at=now,
    )
    await transaction.write(_submission(), **sent._asdict())
    for order in orders:
        for copy_no in range(1, order.copies + 1):
            job = _new_job(sent, file, order.plate, copy_no, queue)
            await transaction.write(_job(), **job._asdict())
            await outbox.add_event(transaction, submitted_event(job, now))
    await audit.write(
        transaction,
        actor,
        "submission.create",
        "submission",
        sent.id,
        correlation_id=sent.id,
        now=now,
    )
    return sent


async def submit_all(
    transaction: Transaction, actor: Actor, artifact_id: UUID, queue: str, now: datetime
) -> Sent:
    """Submit every plate of a ready artifact once, as a slicer asked for that sent it."""
    file = await ready_file(transaction, actor, artifact_id)
    orders = [Copies(plate, 1) for plate in file.plates]
    return await submit(transaction, actor, artifact_id, orders, note=None, queue=queue, now=now)


async def ready_file(transaction: Transaction, actor: Actor, artifact_id: UUID) -> ReadyFile:
    """Return a checked file of the actor's own."""
    row = await transaction.fetchrow(_artifact(), artifact_id=artifact_id)
    if row is None or row["owner_id"] != actor.id:
        raise Unknown("artifact")
    if row["state"] == ArtifactState.READY:
        plates = map(PlateSummary.model_validate, row["plates"] or ())
        return ReadyFile(artifact_id, row["filename"], {plate.index: plate for plate in plates})
    if row["state"] == ArtifactState.REFUSED:
        raise Conflict("artifact-refused", f"This file was refused: {row['refusal']}")
    raise Conflict(
        "artifact-not-ready", "This file has not been checked yet. Wait until it is ready."
    )


def name_of_file(filename: str) -> str:
    """Return what a job of this file is called."""
    return _SUFFIXES.sub("", filename) or filename


async def _must_be_within_quota(
    transaction: Transaction,
    actor: Actor,
    orders: Sequence[Copies],
    plates: Mapping[int, PlateSummary],
    now: datetime,
) -> None:
    allowance = await quotas.allowance_of(transaction, actor.id, now)
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


def _must_make_sense(orders: Sequence[Copies], plates: Mapping[int, PlateSummary]) -> None:
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


async def _shop_with(transaction: Transaction, queue: str) -> ShopSettings:
    """Return the shop's settings; raise Malformed when it has no such queue."""
    row = await transaction.fetchrow(_queue(), name=queue)
    if row is None:
        raise Malformed("no-such-queue", f"There is no queue {queue!r}. Choose another.")
    return ShopSettings.model_validate(row["shop"] or {})


@cache
def _artifact() -> Prepared:
    columns = (getattr(Artifact, name) for name in ("owner_id", "filename", "state", "refusal"))
    plates = col(Artifact.inspection)["plates"].label("plates")
    this = col(Artifact.id) == slot("artifact_id", Uuid())
    return Prepared(select(*columns, plates).where(this))


@cache
def _queue() -> Prepared:
    """Return the question whether there is a queue, and for the shop's settings."""
    shop = select(col(Shop.content)).where(col(Shop.id) == THE_ONE).scalar_subquery()
    return Prepared(select(shop.label("shop")).where(col(Queue.name) == slot("name", String())))


@cache
def _submission() -> Prepared:
    return insertion(Submission, only=Sent._fields)


@cache
def _job() -> Prepared:
    return insertion(Job, only=_NewJob._fields)


def _new_job(sent: Sent, file: ReadyFile, plate: int, copy_no: int, queue: str) -> _NewJob:
    return _NewJob(
        id=uuid4(),
        submission_id=sent.id,
        artifact_id=file.id,
        owner_id=sent.owner_id,
        correlation_id=uuid4(),
        name=name_of_file(file.filename),
        plate=plate,
        copy_no=copy_no,
        needs=file.plates[plate].model_dump(mode="json"),
        queue=queue,
        state=JobState.SUBMITTED,
        version=1,
        created_at=sent.created_at,
    )
