"""Wishes addressed to one node; answered by the facts command.done and command.refused."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from contracts.ids import CommandId, CorrelationId, JournalId, NodeName, PrinterId, RunId, UserId
from contracts.units import Instant


class CommandKind(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    CLEAR_BED = "clear_bed"
    UNCLEAR_BED = "unclear_bed"
    LIGHT = "light"
    SPEED = "speed"
    SKIP = "skip"
    CLEAR_ERROR = "clear_error"
    RESOLVE = "resolve"


EXPIRY_S = 30.0
"""Pause, resume, light, speed, skip and clear_error are for now or never."""

NEVER_EXPIRES = frozenset(
    {CommandKind.CANCEL, CommandKind.CLEAR_BED, CommandKind.UNCLEAR_BED, CommandKind.RESOLVE}
)
"""They name their run or bed_seq, so an old one can't hit something new."""


class Command(BaseModel):
    """A wish of a person for one printer of one node's journal.

    `run_id` is required for pause, resume, cancel, speed, skip and resolve; `bed_seq` (what the
    person saw) for clear_bed and unclear_bed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: CommandId
    kind: CommandKind
    node: NodeName
    journal_id: JournalId
    printer_id: PrinterId
    run_id: RunId | None
    bed_seq: int | None
    value: str | None = Field(
        max_length=500, description="on|off, speed 1-4, object ids, or a Resolution, by kind"
    )
    by: UserId
    issued_at: Instant
    expires_at: Instant | None = Field(description="by the services' clock")
    correlation_id: CorrelationId


def parse_command(body: bytes) -> Command:
    """Return the command in `body`; raise pydantic.ValidationError if it is not one."""
    return Command.model_validate_json(body)
