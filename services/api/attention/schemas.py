"""What is known of a run that needs a person's decision."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from contracts.events import AttentionCause, PrinterActivity
from contracts.lifecycle import Resolution
from contracts.sentences import Saying
from services.api.jobs.schemas import Job
from services.api.schemas import Out


class Witness(StrEnum):
    """Who knows it."""

    PRINTER = "printer"
    LAYERLINE = "layerline"
    PERSON = "person"


class EvidenceKind(StrEnum):
    """What is known; the words are the web's."""

    BEFORE = "before"
    """The last report before the order to start."""
    SENT = "sent"
    NOT_SENT = "not_sent"
    STARTED = "started"
    PROGRESS = "progress"
    PAUSED = "paused"
    RESUMED = "resumed"
    CHANGED = "changed"
    """The printer's state changed."""
    CONNECTED = "connected"
    CUT_OFF = "cut_off"
    RELEASED = "released"
    DOUBT = "doubt"
    DECIDED = "decided"
    """A person's earlier word on this run."""
    NOW = "now"
    """What the printer last said."""


class Evidence(Out):
    """One thing that is known, and from whom; what does not apply is null."""

    at: datetime
    kind: EvidenceKind
    witness: Witness
    activity: PrinterActivity | None
    print_name: str | None
    file_name: str | None
    percent: int | None
    code: str | None
    text: str | None
    said: Saying | None = Field(description="which sentence the text is, unless a person's")
    outcome: Resolution | None
    by: str | None


class Objection(StrEnum):
    """What is known that speaks against a choice."""

    PRINTER_PRINTS = "printer_prints"
    PRINTER_IS_IDLE = "printer_is_idle"
    NODE_FORGOT = "node_forgot"
    """The node has another journal now and would not tell how the print ends."""


class Choice(Out):
    """What a person can say; one that is not open would be refused now."""

    outcome: Resolution
    is_open: bool
    objection: Objection | None


class Attention(Out):
    """A run that needs a decision: since when, why, what is known, what can be said."""

    job: Job
    cause: AttentionCause | None
    since: datetime
    evidence: list[Evidence]
    choices: list[Choice]
