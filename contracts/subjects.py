"""Streams, subjects, consumers: the only place where they are spelled."""

from dataclasses import dataclass
from typing import Final

from contracts.events import AnyEvent, JobApproved, JobRequeued
from contracts.ids import NodeName, PrinterId, QueueName

DAY_S: Final = 86_400.0
MIB: Final = 1024 * 1024


@dataclass(frozen=True)
class StreamSpec:
    """A JetStream stream: file storage, limits retention, discard old."""

    name: str
    subjects: tuple[str, ...]
    max_age_s: float
    max_bytes: int
    duplicate_window_s: float
    deny_delete: bool


JOBS = StreamSpec(
    "JOBS",
    ("job.>", "artifact.>", "node.>", "run.>", "queue.>"),
    30 * DAY_S,
    256 * MIB,
    DAY_S,
    True,
)
EDGE = StreamSpec("EDGE", ("edge.*.>",), 30 * DAY_S, 1024 * MIB, DAY_S, True)
COMMANDS = StreamSpec("COMMANDS", ("command.*.>",), 30 * DAY_S, 64 * MIB, DAY_S, True)
ADVISORIES = StreamSpec(
    "ADVISORIES",
    (
        "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>",
        "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>",
        "$JS.EVENT.ADVISORY.STREAM.>",
    ),
    14 * DAY_S,
    64 * MIB,
    120.0,
    False,
)
STREAMS: Final = (JOBS, EDGE, COMMANDS, ADVISORIES)

PROJECTOR_JOBS: Final = "projector_jobs"
PROJECTOR_EDGE: Final = "projector_edge"
INSPECTOR: Final = "inspector"
INSPECTOR_FILTER: Final = "artifact.uploaded.>"

RPC_CLAIM: Final = "rpc.*.claim"
RPC_ARTIFACT: Final = "rpc.*.artifact"
RPC_WATERMARK: Final = "rpc.*.watermark"
RPC_QUEUE_GROUP: Final = "dispatch"
TELEMETRY_ALL: Final = "telemetry.*.>"
PULL_S: Final = 120.0
"""How long a node's pull waits at the broker for a message."""


def event_subject(event: AnyEvent) -> str:
    """Return the subject on JOBS of a service event.

    A bell carries its queue, so that a node's consumer can filter; the rest end in the id of
    what they are about.
    """
    if isinstance(event, JobApproved | JobRequeued):
        return f"{event.type}.{event.queue}.{event.job_id}"
    for field in ("job_id", "artifact_id", "node", "queue"):
        subject_id = getattr(event, field, None)
        if subject_id is not None:
            return f"{event.type}.{subject_id}"
    raise ValueError(f"{event.type} is not a service event")


def kind_of_subject(subject: str) -> str:
    """Return the event's type in a subject of JOBS or EDGE; "command" for one of COMMANDS."""
    words = subject.split(".")
    if words[0] == "command":
        return words[0]
    return ".".join(words[2:] if words[0] == "edge" else words[:2])


def fact_subject(node: NodeName, event_type: str) -> str:
    """Return the subject on EDGE of a node's fact."""
    return f"edge.{node}.{event_type}"


def node_of_subject(subject: str) -> str:
    """Return the node's name in a subject of EDGE, COMMANDS, rpc or telemetry."""
    return subject.split(".")[1]


def command_subject(node: NodeName, printer: PrinterId) -> str:
    """Return the subject on COMMANDS for one printer of a node."""
    return f"command.{node}.{printer}"


def claim_subject(node: NodeName) -> str:
    """Return where a node asks for a job."""
    return f"rpc.{node}.claim"


def artifact_subject(node: NodeName) -> str:
    """Return where a node asks for a fresh URL."""
    return f"rpc.{node}.artifact"


def watermark_subject(node: NodeName) -> str:
    """Return where a node asks for its journal's watermark."""
    return f"rpc.{node}.watermark"


def telemetry_subject(node: NodeName, printer: PrinterId) -> str:
    """Return where a node tells a printer's telemetry."""
    return f"telemetry.{node}.{printer}"


def camera_subject(node: NodeName) -> str:
    """Return where a node hears that somebody looks."""
    return f"live.{node}.camera"


def picture_subject(node: NodeName, printer: PrinterId) -> str:
    """Return where a node shows a picture of a printer's camera; the message is a JPEG."""
    return f"telemetry.{node}.camera.{printer}"


def bell_consumer(node: NodeName) -> str:
    """Return the node's durable consumer on JOBS."""
    return f"bell_{node}"


def bell_filters(queues: tuple[QueueName, ...]) -> tuple[str, ...]:
    """Return the subjects that ring a node serving these queues."""
    return tuple(f"{kind}.{q}.>" for q in queues for kind in ("job.approved", "job.requeued"))


def command_consumer(node: NodeName) -> str:
    """Return the node's durable consumer on COMMANDS."""
    return f"command_{node}"


def command_filter(node: NodeName) -> str:
    """Return the subjects of a node's commands."""
    return f"command.{node}.>"


def inbox_prefix(node: NodeName) -> str:
    """Return the node's private inbox: dispatch answers to nothing else."""
    return f"_INBOX_{node}"
