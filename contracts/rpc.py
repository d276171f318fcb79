"""What a node asks dispatch, and the answers: claim, artifact URL, watermark."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from contracts.ids import (
    ClaimId,
    CorrelationId,
    JobId,
    JournalId,
    NodeName,
    PrinterId,
    RunId,
    Sha256Hex,
)
from contracts.loaded import Loaded, NeededFilament
from contracts.units import Bytes, Instant, Seconds


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ClaimRequest(_Wire):
    """A node asking, for a free printer, for the next job of its queue."""

    claim_id: ClaimId
    node: NodeName
    printer_id: PrinterId
    printer_epoch: int = Field(ge=0, description="0: not yet told")
    journal_id: JournalId
    node_seq: int = Field(ge=0, description="the last fact published")
    open_runs: tuple[RunId, ...]
    loaded: Loaded


class ArtifactRef(_Wire):
    """Where the bytes are, and which bytes they must be."""

    sha256: Sha256Hex
    size_bytes: Bytes
    url: str
    url_expires_at: Instant


class JobSpec(_Wire):
    """What is to be printed."""

    job_id: JobId
    name: str
    plate: int
    gcode_path: str
    model: str | None
    nozzle_mm: float | None
    estimate_s: int | None
    filaments: tuple[NeededFilament, ...]
    use_ams: bool
    ams_mapping: tuple[int, ...] = Field(
        description="per project filament: slot, or -1 where the plate doesn't use it"
    )


class RunOffer(_Wire):
    """The claim made a run; the same claim_id gets the same run again."""

    answer: Literal["run"] = "run"
    claim_id: ClaimId
    run_id: RunId
    run_no: int
    sid: int
    printer_epoch: int
    start_within_s: Seconds
    transfer_within_s: Seconds
    spec: JobSpec
    artifact: ArtifactRef
    correlation_id: CorrelationId
    server_time: Instant


class NoJob(_Wire):
    """Nothing to print now: wait for the next moment to claim."""

    answer: Literal["none"] = "none"
    claim_id: ClaimId
    printer_epoch: int
    reasons: tuple[str, ...]
    server_time: Instant


class Behind(_Wire):
    """The projection has not reached `node_seq`: ask again with back-off."""

    answer: Literal["behind"] = "behind"
    claim_id: ClaimId
    watermark: int
    server_time: Instant


class RefusalCode(StrEnum):
    UNKNOWN_PRINTER = "unknown_printer"
    NOT_YOUR_PRINTER = "not_your_printer"
    STALE_EPOCH = "stale_epoch"
    PRINTER_HAS_RUN = "printer_has_run"
    MALFORMED = "malformed"
    UNAVAILABLE = "unavailable"


class Refused(_Wire):
    """The question can't be answered; `printer_epoch` is the current one where it is known."""

    answer: Literal["refused"] = "refused"
    claim_id: ClaimId | None
    code: RefusalCode
    reason: str
    printer_epoch: int | None
    server_time: Instant


ClaimAnswer = Annotated[RunOffer | NoJob | Behind | Refused, Field(discriminator="answer")]
CLAIM_ANSWER_ADAPTER: TypeAdapter[RunOffer | NoJob | Behind | Refused] = TypeAdapter(ClaimAnswer)


class ArtifactRequest(_Wire):
    """A node asking for a fresh URL of the artifact of an open run of its own."""

    node: NodeName
    run_id: RunId


class ArtifactAnswer(_Wire):
    answer: Literal["artifact"] = "artifact"
    artifact: ArtifactRef
    server_time: Instant


ARTIFACT_ANSWER_ADAPTER: TypeAdapter[ArtifactAnswer | Refused] = TypeAdapter(
    Annotated[ArtifactAnswer | Refused, Field(discriminator="answer")]
)


class WatermarkRequest(_Wire):
    """A node asking how much of its journal the projector has confirmed."""

    node: NodeName
    journal_id: JournalId


class WatermarkAnswer(_Wire):
    answer: Literal["watermark"] = "watermark"
    contiguous_seq: int = Field(ge=0, description="every fact up to here is in the log")
    server_time: Instant


WATERMARK_ANSWER_ADAPTER: TypeAdapter[WatermarkAnswer | Refused] = TypeAdapter(
    Annotated[WatermarkAnswer | Refused, Field(discriminator="answer")]
)
