"""Printers and wishes to printers."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from contracts.commands import CommandKind
from contracts.events import PrinterActivity
from contracts.lifecycle import BedState
from contracts.loaded import Loaded
from contracts.sentences import Saying
from services.api.jobs.schemas import Job
from services.api.schemas import Count, In, Out


class PrinterAbility(StrEnum):
    """What the viewer can ask of a printer as it is now."""

    CLEAR_BED = "clear_bed"
    UNCLEAR_BED = "unclear_bed"
    LIGHT = "light"
    CLEAR_ERROR = "clear_error"
    CAMERA = "camera"


class JobOnBed(Out):
    """The job whose print lies there; its picture is the plate's of the artifact."""

    id: UUID
    name: str
    artifact_id: UUID
    plate: int


class Bed(Out):
    """What lies on the bed; `seq` is what a word about it must name."""

    state: BedState
    seq: int
    since: datetime | None
    by: str | None = Field(description="who said so")
    reason: str | None
    said: Saying | None = Field(description="which sentence the reason is")
    last_job: JobOnBed | None


class Printer(Out):
    """A printer and what its node last said of it."""

    id: UUID
    name: str
    queue: str
    node: str
    is_enabled: bool = Field(description="false: out of service, it gets no jobs")
    model: str | None = Field(description="the maker's model id")
    model_name: str | None = Field(description="as people know it: C12 is the P1S")
    firmware: str | None
    is_online: bool
    activity: PrinterActivity
    detail: str | None
    said: Saying | None = Field(description="which sentence the detail is")
    code: str | None
    bed: Bed
    loaded: Loaded | None
    current_job: Job | None
    last_fact_at: datetime | None
    allowed_actions: list[PrinterAbility]


class BedWord(In):
    """A person's word about the bed that they saw."""

    bed_seq: Count


class LightSwitch(In):
    on: bool


class CommandAnswer(StrEnum):
    DONE = "done"
    REFUSED = "refused"


class Command(Out):
    """A wish to a printer and its answer; null until the node has answered."""

    id: UUID
    kind: CommandKind
    printer_id: UUID
    run_id: UUID | None
    issued_at: datetime
    expires_at: datetime | None
    answered_at: datetime | None
    answer: CommandAnswer | None
    answer_reason: str | None
    said: Saying | None = Field(description="which sentence the reason is")
