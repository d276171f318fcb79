"""Why queued jobs wait: what a claim that passed them over writes onto them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from sqlalchemy import ARRAY, String, Uuid, any_, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col, or_, select

from contracts.waiting import WaitReason
from services.db.database import Transaction
from services.db.prepared import Prepared, slot
from services.db.tables.work import Job

NO_REASON: Mapping[str, None] = {"wait_reason": None, "wait_code": None, "wait_params": None}
"""The columns of a job that waits for nothing."""


@dataclass
class Skipped:
    """The jobs that a claim passed over, by reason."""

    _by_text: dict[str, tuple[WaitReason, list[UUID]]] = field(default_factory=dict)

    @property
    def texts(self) -> tuple[str, ...]:
        """Return each reason once, as a sentence."""
        return tuple(self._by_text)

    def add(self, job_id: UUID, reason: WaitReason) -> None:
        """Remember that this job was passed over."""
        self._by_text.setdefault(reason.text, (reason, []))[1].append(job_id)

    async def tell(self, transaction: Transaction) -> None:
        """Write the reasons onto the jobs, but for those that somebody is deciding about."""
        for reason, ids in self._by_text.values():
            await transaction.execute(
                _reasons(), ids=ids, text=reason.text, code=reason.code, params=reason.params
            )


@cache
def _reasons() -> Prepared:
    """Return the update of jobs that another reason holds up than they say."""
    text = slot("text", String())
    unlocked = (
        select(Job.id)
        .where(
            col(Job.id) == any_(slot("ids", ARRAY(Uuid()))),
            or_(col(Job.wait_reason).is_(None), col(Job.wait_reason) != text),
        )
        .with_for_update(skip_locked=True)
    )
    values = {
        "wait_reason": text,
        "wait_code": slot("code", String()),
        "wait_params": slot("params", JSONB()),
    }
    return Prepared(update(Job).where(col(Job.id).in_(unlocked)).values(**values))


def forget(job: Job) -> None:
    """Take the reason off a job: it waits no longer."""
    job.wait_reason, job.wait_code, job.wait_params = None, None, None


def reason_of(
    text: str | None, code: str | None, params: Mapping[str, str | int | float] | None
) -> WaitReason | None:
    """Return the reason in these columns; one without a code is an older release's."""
    if text is None:
        return None
    return WaitReason(code=code or "other", params=dict(params or {}), text=text)
