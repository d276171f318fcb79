"""The complete list of events, one class each, and the parser for bytes off the bus."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

from contracts.envelope import Event, NodeFact, RunFact
from contracts.ids import (
    ArtifactId,
    ClaimId,
    CommandId,
    JobId,
    JournalId,
    NodeName,
    PrinterId,
    QueueName,
    RunId,
    Sha256Hex,
    SubmissionId,
    UserId,
)
from contracts.lifecycle import BedState, Resolution, RunState
from contracts.loaded import Loaded, PlateSummary
from contracts.units import Bytes, Instant, Minutes, Percent, Seconds
from contracts.waiting import RequeueReason

Sentence = Annotated[str, Field(max_length=2000)]


class ArtifactUploaded(Event):
    type: Literal["artifact.uploaded"] = "artifact.uploaded"
    artifact_id: ArtifactId
    owner_id: UserId
    filename: str
    size_bytes: Bytes
    sha256: Sha256Hex
    incoming_key: str


class ArtifactReady(Event):
    type: Literal["artifact.ready"] = "artifact.ready"
    artifact_id: ArtifactId
    owner_id: UserId
    plates: tuple[PlateSummary, ...]


class ArtifactRefused(Event):
    type: Literal["artifact.refused"] = "artifact.refused"
    artifact_id: ArtifactId
    owner_id: UserId
    code: str
    reason: Sentence


class _JobEvent(Event):
    job_id: JobId
    owner_id: UserId


class JobSubmitted(_JobEvent):
    type: Literal["job.submitted"] = "job.submitted"
    submission_id: SubmissionId
    artifact_id: ArtifactId
    name: str
    plate: int
    queue: QueueName


class JobReturned(_JobEvent):
    type: Literal["job.returned"] = "job.returned"
    by: UserId
    comment: Sentence


class JobApproved(_JobEvent):
    type: Literal["job.approved"] = "job.approved"
    by: UserId
    queue: QueueName
    not_before: Instant | None


class JobApprovalTakenBack(_JobEvent):
    type: Literal["job.approval_taken_back"] = "job.approval_taken_back"
    by: UserId


class JobRejected(_JobEvent):
    type: Literal["job.rejected"] = "job.rejected"
    by: UserId
    reason: Sentence


class JobCommented(_JobEvent):
    type: Literal["job.commented"] = "job.commented"
    by: UserId
    text: Sentence


class JobWithdrawn(_JobEvent):
    type: Literal["job.withdrawn"] = "job.withdrawn"
    by: UserId | None = Field(description="None: it expired")
    reason: Sentence


class JobRequeued(_JobEvent):
    type: Literal["job.requeued"] = "job.requeued"
    queue: QueueName
    reason: RequeueReason


class JobClaimed(_JobEvent):
    type: Literal["job.claimed"] = "job.claimed"
    run_id: RunId
    run_no: int = Field(ge=1)
    claim_id: ClaimId
    sid: int
    printer_id: PrinterId
    printer_epoch: int
    node: NodeName
    journal_id: JournalId
    releases_before: int = Field(ge=0, description="releases of this job in a row before this run")
    deadline_at: Instant = Field(description="when the transfer is overdue")


class JobCancelRequested(_JobEvent):
    type: Literal["job.cancel_requested"] = "job.cancel_requested"
    run_id: RunId
    by: UserId


class JobCancelled(Event):
    """Without node and run: a decision on a job that no run had. With them: a node's fact."""

    type: Literal["job.cancelled"] = "job.cancelled"
    job_id: JobId
    by: UserId | None
    reason: Sentence
    node: NodeName | None = None
    journal_id: JournalId | None = None
    node_seq: int | None = Field(default=None, ge=1)
    printer_id: PrinterId | None = None
    run_id: RunId | None = None
    run_seq: int | None = Field(default=None, ge=1)


class RunTransferring(RunFact):
    type: Literal["run.transferring"] = "run.transferring"
    size_bytes: Bytes


class PrinterActivity(StrEnum):
    """What a printer does, by its own report."""

    IDLE = "idle"
    BUSY = "busy"
    PRINTING = "printing"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    UNKNOWN = "unknown"


class PrinterSaid(BaseModel, frozen=True):
    """What a printer's report said at a moment that a person may have to judge by."""

    activity: PrinterActivity
    print_name: str
    print_id: str
    codes: tuple[str, ...]


class RunStarting(RunFact):
    """INTENT is on disk: from here on the order to start may have reached the printer."""

    type: Literal["run.starting"] = "run.starting"
    sid: int
    before: PrinterSaid | None = Field(default=None, description="just before the order")


class RunStarted(RunFact):
    type: Literal["run.started"] = "run.started"


class RunPaused(RunFact):
    type: Literal["run.paused"] = "run.paused"
    reason: Sentence
    code: str | None


class RunResumed(RunFact):
    type: Literal["run.resumed"] = "run.resumed"


class ReleaseCode(StrEnum):
    ARTIFACT_UNAVAILABLE = "artifact_unavailable"
    ARTIFACT_CHANGED = "artifact_changed"
    PRINTER_BUSY = "printer_busy"
    PRINTER_LOST = "printer_lost"
    PRINTER_STORAGE = "printer_storage"
    BED_NOT_CLEAR = "bed_not_clear"
    DOES_NOT_FIT = "does_not_fit"
    NODE_STORAGE = "node_storage"
    TOO_LATE = "too_late"


class RunReleased(RunFact):
    """Provably ended before INTENT: nothing was started, the job is claimable again."""

    type: Literal["run.released"] = "run.released"
    code: ReleaseCode
    reason: Sentence


class AttentionCause(StrEnum):
    START_NOT_SEEN = "start_not_seen"
    RESTARTED_IN_START = "restarted_in_start"
    PRINTER_FORGOT = "printer_forgot"
    FOREIGN_PRINT = "foreign_print"
    TRANSFER_OVERDUE = "transfer_overdue"
    PRINT_OVERDUE = "print_overdue"
    RUN_UNKNOWN_TO_NODE = "run_unknown_to_node"
    RELEASED_TOO_OFTEN = "released_too_often"


class RunAttention(RunFact):
    type: Literal["run.attention"] = "run.attention"
    cause: AttentionCause
    reason: Sentence
    seen: PrinterSaid | None = Field(default=None, description="the report that left the doubt")


class RunResolved(Event):
    """A person's word on a run that needed attention."""

    type: Literal["run.resolved"] = "run.resolved"
    job_id: JobId
    run_id: RunId
    outcome: Resolution
    by: UserId | None = Field(description="None: dispatch proved that the node never had the run")
    reason: Sentence


class RunOverdue(Event):
    """A run needs a person: a deadline passed, or its node does not know it.

    Made by the projector for its log, or by dispatch at a claim.
    """

    type: Literal["run.overdue"] = "run.overdue"
    job_id: JobId
    run_id: RunId
    in_state: RunState
    cause: AttentionCause
    reason: Sentence


class JobProgress(RunFact):
    type: Literal["job.progress"] = "job.progress"
    percent: Percent
    layer: int | None = Field(ge=0)
    total_layers: int | None = Field(ge=0)
    minutes_left: Minutes | None


class JobDone(RunFact):
    type: Literal["job.done"] = "job.done"
    duration_s: Seconds | None


class JobFailed(RunFact):
    type: Literal["job.failed"] = "job.failed"
    reason: Sentence
    code: str | None = Field(description="the printer's code, AAAA-BBBB")
    advice: Sentence | None


class PrinterAnnounced(NodeFact):
    type: Literal["printer.announced"] = "printer.announced"
    serial: str
    name: str
    firmware: str | None
    loaded: Loaded


class PrinterOnline(NodeFact):
    type: Literal["printer.online"] = "printer.online"


class PrinterOffline(NodeFact):
    type: Literal["printer.offline"] = "printer.offline"
    reason: Sentence


class PrinterStateChanged(NodeFact):
    type: Literal["printer.state_changed"] = "printer.state_changed"
    activity: PrinterActivity
    detail: Sentence | None
    code: str | None


class PrinterBedChanged(NodeFact):
    type: Literal["printer.bed_changed"] = "printer.bed_changed"
    bed: BedState
    bed_seq: int = Field(ge=1)
    by_run: RunId | None
    by_user: UserId | None
    reason: Sentence


class CommandDone(NodeFact):
    type: Literal["command.done"] = "command.done"
    command_id: CommandId


class CommandRefused(NodeFact):
    type: Literal["command.refused"] = "command.refused"
    command_id: CommandId
    code: str
    reason: Sentence


class QueueChanged(Event):
    type: Literal["queue.changed"] = "queue.changed"
    queue: QueueName
    by: UserId


class NodeEnrolled(Event):
    type: Literal["node.enrolled"] = "node.enrolled"
    node: NodeName
    by: UserId | None


class NodeRevoked(Event):
    type: Literal["node.revoked"] = "node.revoked"
    node: NodeName
    by: UserId | None


class NodeGivenPrinter(Event):
    type: Literal["node.given_printer"] = "node.given_printer"
    node: NodeName
    printer_id: PrinterId
    epoch: int = Field(ge=1, description="in whose highest the printer is that node's alone")
    by: UserId | None


AnyRunFact = (
    RunTransferring
    | RunStarting
    | RunStarted
    | RunPaused
    | RunResumed
    | RunReleased
    | RunAttention
    | JobProgress
    | JobDone
    | JobFailed
)
AnyPrinterFact = (
    PrinterAnnounced | PrinterOnline | PrinterOffline | PrinterStateChanged | PrinterBedChanged
)
AnyNodeFact = AnyRunFact | AnyPrinterFact | CommandDone | CommandRefused | JobCancelled
AnyServiceEvent = (
    ArtifactUploaded
    | ArtifactReady
    | ArtifactRefused
    | JobSubmitted
    | JobReturned
    | JobApproved
    | JobApprovalTakenBack
    | JobRejected
    | JobCommented
    | JobWithdrawn
    | JobRequeued
    | JobClaimed
    | JobCancelRequested
    | JobCancelled
    | RunResolved
    | RunOverdue
    | QueueChanged
    | NodeEnrolled
    | NodeRevoked
    | NodeGivenPrinter
)
AnyEvent = AnyServiceEvent | AnyRunFact | AnyPrinterFact | CommandDone | CommandRefused

EVENT_ADAPTER: TypeAdapter[AnyEvent] = TypeAdapter(Annotated[AnyEvent, Field(discriminator="type")])


def parse_event(body: bytes) -> AnyEvent:
    """Return the event in `body`; raise pydantic.ValidationError if it is not one we know."""
    return EVENT_ADAPTER.validate_json(body)


def event_bytes(event: Event) -> bytes:
    """Return the one encoding of an event that goes on the bus and into the log."""
    return event.model_dump_json().encode()
