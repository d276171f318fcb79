"""What a replay tells: moments in the order of time, and how many messages there were; pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a moment is about."""

    SESSION = "session"
    STATE = "state"
    FAULT = "fault"
    FAULT_GONE = "fault_gone"
    REQUEST = "request"
    ECHO = "echo"
    BED = "bed"
    DECISION = "decision"
    GAP = "gap"
    UNREADABLE = "unreadable"


class Decision(StrEnum):
    """What the driver would have decided about a print."""

    SENT = "sent"
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    ATTENTION = "attention"


ENDS = frozenset({Decision.DONE, Decision.CANCELLED, Decision.FAILED})


@dataclass(frozen=True)
class Moment:
    """One line of the timeline."""

    at: datetime
    kind: Kind
    text: str
    decision: Decision | None = None
    name: str | None = None
    """The print that it is about."""
    code: str | None = None
    """The printer's code, if one is its reason."""
    advice: str | None = None


@dataclass
class Count:
    """How many of what a capture holds."""

    reports: int = 0
    full_reports: int = 0
    requests: int = 0
    sessions: int = 0
    unreadable: int = 0
    lost: int = 0


@dataclass(frozen=True)
class Timeline:
    """Everything that a replay found."""

    moments: tuple[Moment, ...]
    count: Count
    last_decisions: dict[str, Decision] = field(default_factory=dict)
    """Of each print, by its name."""
