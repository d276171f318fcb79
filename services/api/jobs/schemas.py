"""Jobs as people see them, and what people say about them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from contracts.ids import QueueName
from contracts.lifecycle import JobState, Resolution, RunState, Status
from contracts.loaded import NeededFilament
from contracts.sentences import Saying
from contracts.waiting import WaitReason
from services.api.schemas import Count, In, Note, Out, Reason, Wish

MAX_COPIES = 50
MAX_PLATES = 50
MAX_UNDO_S = 60
MAX_AT_ONCE = 100


class JobAbility(StrEnum):
    """What the viewer can do with a job as it is now."""

    APPROVE = "approve"
    REJECT = "reject"
    RETURN = "return"
    RESUBMIT = "resubmit"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    TAKE_BACK_APPROVAL = "take_back_approval"
    MOVE = "move"
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


class EarlierPlate(Out):
    """What the job was before its owner changed it."""

    plate: int
    estimate_s: int | None
    weight_g: float | None


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
    wish: str | None = Field(description="which filament its owner would like")
    earlier: EarlierPlate | None
    reason: str | None = Field(description="why it is as it is: a person's or the printer's words")
    said: Saying | None = Field(description="which sentence the reason is, unless a person's")
    code: str | None = Field(description="the maker's code, or why a run was given back")
    advice: str | None
    wait_reason: WaitReason | None = Field(description="the one thing that keeps it from starting")
    place: int | None = Field(description="its place among those that wait in its queue, from 1")
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
    said: Saying | None = Field(description="which sentence the body's reason is")


class PlateOrder(In):
    """How often to print one plate."""

    plate: int = Field(ge=1, le=999)
    copies: int = Field(ge=1, le=MAX_COPIES)


class SubmissionRequest(In):
    """What a person sends in one go."""

    artifact_id: UUID
    plates: list[PlateOrder] = Field(min_length=1, max_length=MAX_PLATES)
    note: Note | None = None
    wish: Wish | None = None
    queue: QueueName = "main"


class Submission(Out):
    """One artifact, chosen plates x copies: that many jobs."""

    id: UUID
    note: str | None
    created_at: datetime
    jobs: list[Job]


class VersionOnly(In):
    """The version of the job that the person saw."""

    version: Count = Field(ge=1)


class Approval(VersionOnly):
    undo_s: int = Field(
        default=0, ge=0, le=MAX_UNDO_S, description="no claim before so many seconds"
    )
    is_first: bool = Field(default=False, description="before all that wait in its queue")


class OtherPlate(In):
    """What shall be printed instead: a plate of a file of one's own."""

    artifact_id: UUID
    plate: int = Field(ge=1, le=999)


class Resubmission(VersionOnly):
    """A job that was sent back, as it is or changed; `comment` goes into its thread."""

    change: OtherPlate | None = None
    comment: Reason | None = None


class SeenJob(VersionOnly):
    """A job as the person saw it."""

    job_id: UUID


class ManyDecision(StrEnum):
    """What can be decided about several jobs at once."""

    APPROVE = "approve"
    REJECT = "reject"
    RETURN = "return"


class ManyDecisions(In):
    """One decision about several jobs; `words` are needed unless they are approved."""

    decision: ManyDecision
    jobs: list[SeenJob] = Field(min_length=1, max_length=MAX_AT_ONCE)
    words: Reason | None = None
    undo_s: int = Field(default=0, ge=0, le=MAX_UNDO_S)

    @model_validator(mode="after")
    def _must_say_why(self) -> Self:
        if self.decision is not ManyDecision.APPROVE and self.words is None:
            raise ValueError("say why, in words")
        return self


class DecidedJob(Out):
    """What became of one job; `code` and `detail` say why nothing was changed."""

    job_id: UUID
    job: Job | None
    code: str | None
    detail: str | None


class DecidedJobs(Out):
    items: list[DecidedJob]


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
