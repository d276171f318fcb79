"""Which event is worth a notice, and whose it is: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from contracts.events import (
    AnyEvent,
    ArtifactRefused,
    JobApproved,
    JobCancelled,
    JobDone,
    JobFailed,
    JobRejected,
    JobReturned,
    JobSubmitted,
    JobWithdrawn,
    RunAttention,
    RunOverdue,
    RunStarted,
)
from services.notices.kinds import NoticeKind


@dataclass(frozen=True)
class Notice:
    """What is to be told once to each who wishes to know."""

    kind: NoticeKind
    about: str
    """The same target is told of it once."""
    reason: str | None = None
    job_id: UUID | None = None
    artifact_id: UUID | None = None
    by: UUID | None = None
    """Who did it: they know."""
    to_owner: bool = True
    to_approvers: bool = False


def notice_of(event: AnyEvent) -> Notice | None:
    """Return the notice that an event is worth; None for most."""
    about = str(event.id)
    match event:
        case JobSubmitted():
            return Notice(
                NoticeKind.SUBMITTED,
                f"submission:{event.submission_id}",
                job_id=event.job_id,
                by=event.owner_id,
                to_owner=False,
                to_approvers=True,
            )
        case ArtifactRefused():
            return Notice(NoticeKind.REFUSED, about, event.reason, artifact_id=event.artifact_id)
        case RunAttention() | RunOverdue():
            return Notice(
                NoticeKind.ATTENTION, about, event.reason, event.job_id, to_approvers=True
            )
        case _:
            return _of_job(event, about)


_OF_JOB: Final[Mapping[type[AnyEvent], tuple[NoticeKind, str | None]]] = {
    JobApproved: (NoticeKind.APPROVED, None),
    JobReturned: (NoticeKind.RETURNED, "comment"),
    JobRejected: (NoticeKind.REJECTED, "reason"),
    JobWithdrawn: (NoticeKind.WITHDRAWN, "reason"),
    JobCancelled: (NoticeKind.CANCELLED, "reason"),
    RunStarted: (NoticeKind.STARTED, None),
    JobDone: (NoticeKind.DONE, None),
    JobFailed: (NoticeKind.FAILED, "reason"),
}
"""What its owner is told, and where the event says why."""


def _of_job(event: AnyEvent, about: str) -> Notice | None:
    found = _OF_JOB.get(type(event))
    if found is None:
        return None
    kind, why = found
    return Notice(
        kind,
        about,
        getattr(event, why) if why else None,
        job_id=getattr(event, "job_id", None),
        by=getattr(event, "by", None),
    )
