"""Jobs as people see them, and what people say about them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from contracts.ids import QueueName
from contracts.lifecycle import JobState, Resolution, RunState, Status
from contracts.loaded import NeededFilament
from contracts.waiting import WaitReason
from services.api.schemas import In, Note, Out, Reason

MAX_COPIES = 50
MAX_PLATES = 50
MAX_UNDO_S = 60


class JobAbility(StrEnum):
    """What the viewer can do with a job as it is now."""

    APPROVE = "approve"
    REJECT = "reject"
    RETURN = "return"
    RESUBMIT = "resubmit"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    TAKE_BACK_APPROVAL = "take_back_approval"
    PAUSE = "pause"
    RESUME = "resume"
    SPEED = "speed"
    SKIP = "skip"
    RESOLVE = "resolve"


class Owner(Out):
    """Who submitted it."""

    id: UUID
    name: str
    avatar_url: str | None


class PrinterRef(Out):
    """The printer of a run."""

    id: UUID
    name: str


class Job(Out):
    """A request to print one plate once, with its latest run."""

    id: UUID
    submission_id: UUID
    artifact_id: UUID
    name: str
    plate: int
    copy_no: int
    owner: Owner
    queue: str
    status: Status
    state: JobState
    phase: RunState | None
    run_id: UUID | None
    run_no: int | None
    printer: PrinterRef | None
    percent: int | None
    layer: int | None
    total_layers: int | None
    minutes_left: int | None
    finish_at: datetime | None
    stale_since: datetime | None = Field(description="nothing was heard of its print since then")
    note: str | None
    reason: str | None = Field(description="why it is as it is: a person's or the printer's words")
    code: str | None
    advice: str | None
    wait_reason: WaitReason | None = Field(description="why a claim passed it over")
    not_before: datetime | None
    estimate_s: int | None
    weight_g: float | None
    filaments: list[NeededFilament]
    cancel_requested_at: datetime | None
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    started_at: datetime | None
    ended_at: datetime | None
    version: int
    allowed_actions: list[JobAbility]


class JobPage(Out):
    """Some jobs; `next_cursor` asks for the following ones, null at the end."""

    items: list[Job]
    next_cursor: str | None


class JobEvent(Out):
    """One fact about a job, as the log has it."""

    gseq: int
    type: str
    occurred_at: datetime
    run_id: UUID | None
    body: dict[str, Any]


class PlateOrder(In):
    """How often to print one plate."""

    plate: int = Field(ge=1, le=999)
    copies: int = Field(ge=1, le=MAX_COPIES)


class SubmissionRequest(In):
    """What a person sends in one go."""

    artifact_id: UUID
    plates: list[PlateOrder] = Field(min_length=1, max_length=MAX_PLATES)
    note: Note | None = None
    queue: QueueName = "main"


class Submission(Out):
    """One artifact, chosen plates x copies: that many jobs."""

    id: UUID
    note: str | None
    created_at: datetime
    jobs: list[Job]


class VersionOnly(In):
    """The version of the job that the person saw."""

    version: int = Field(ge=1)


class Approval(VersionOnly):
    undo_s: int = Field(
        default=0, ge=0, le=MAX_UNDO_S, description="no claim before so many seconds"
    )


class Rejection(VersionOnly):
    reason: Reason


class Return(VersionOnly):
    comment: Reason


class SpeedChoice(In):
    level: int = Field(ge=1, le=4, description="1 silent, 2 normal, 3 sport, 4 ludicrous")


class ObjectChoice(In):
    """Things on the plate, by the ids of the artifact's plate."""

    object_ids: set[Annotated[int, Field(ge=0, le=2**31 - 1)]] = Field(min_length=1, max_length=64)


class Resolving(In):
    """A person's word on a run that needs attention."""

    outcome: Resolution
    reason: Reason
