"""What every event carries, whoever publishes it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.ids import CorrelationId, EventId, JobId, JournalId, NodeName, PrinterId, RunId
from contracts.units import Instant

MAX_EVENT_BYTES = 256 * 1024
"""A node's connection accepts no larger payload."""


class Event(BaseModel):
    """A fact in the past tense.

    Unknown fields are ignored, so that an older reader understands a newer writer; `v` rises
    only when a reader must change.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: EventId
    v: Literal[1] = 1
    occurred_at: Instant = Field(description="by the publisher's clock: for people, not for order")
    correlation_id: CorrelationId


class NodeFact(Event):
    """A fact that a node saw; ordered by `node_seq`, never by a clock."""

    node: NodeName
    journal_id: JournalId
    node_seq: int = Field(ge=1, description="gapless within its journal")
    printer_id: PrinterId


class RunFact(NodeFact):
    """A fact about one run."""

    job_id: JobId
    run_id: RunId
    run_seq: int = Field(ge=1, description="rises within the run")
