"""What nodes and services say to each other besides events, with fixed values."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, TypeAdapter

from contracts.commands import Command, CommandKind, parse_command
from contracts.enrolment import NodeCredentials
from contracts.loaded import Loaded, LoadedFilament, NeededFilament
from contracts.rpc import (
    ARTIFACT_ANSWER_ADAPTER,
    CLAIM_ANSWER_ADAPTER,
    WATERMARK_ANSWER_ADAPTER,
    ArtifactAnswer,
    ArtifactRef,
    ArtifactRequest,
    Behind,
    ClaimRequest,
    JobSpec,
    NoJob,
    RefusalCode,
    Refused,
    RunOffer,
    WatermarkAnswer,
    WatermarkRequest,
)
from contracts.telemetry import CameraLease, PrinterMessage, PrinterTelemetry

Reader = Callable[[bytes], BaseModel]
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _id(number: int) -> Any:
    return UUID(int=0x5F0F5C0C8F2E4B558D0C000000000000 + number)


def _adapter(adapter: TypeAdapter[Any]) -> Reader:
    return adapter.validate_json


def _model(cls: type[BaseModel]) -> Reader:
    return cls.model_validate_json


_ARTIFACT = ArtifactRef(
    sha256="ab" * 32, size_bytes=123_456, url="https://files/x?sig", url_expires_at=NOON
)
_SPEC = JobSpec(
    job_id=_id(5),
    name="bracket",
    plate=1,
    gcode_path="Metadata/plate_1.gcode",
    model="C12",
    nozzle_mm=0.4,
    estimate_s=5935,
    filaments=(
        NeededFilament(
            index=1,
            type="PLA",
            color="#F2754E",
            used_g=34.9,
            used_m=11.7,
            in_ams=True,
            is_support=False,
        ),
    ),
    use_ams=True,
    ams_mapping=(2,),
)

MESSAGES: dict[str, tuple[BaseModel, Reader]] = {
    "command": (
        Command(
            id=_id(10),
            kind=CommandKind.CLEAR_BED,
            node="workshop-pi",
            journal_id=_id(11),
            printer_id=_id(7),
            run_id=None,
            bed_seq=3,
            value=None,
            by=_id(12),
            issued_at=NOON,
            expires_at=None,
            correlation_id=_id(2),
        ),
        parse_command,
    ),
    "claim.request": (
        ClaimRequest(
            claim_id=_id(9),
            node="workshop-pi",
            printer_id=_id(7),
            printer_epoch=1,
            journal_id=_id(11),
            node_seq=42,
            open_runs=(_id(6),),
            loaded=Loaded(
                model="C12",
                nozzle_mm=0.4,
                has_ams=True,
                filaments=(LoadedFilament(slot=2, type="PLA", color="#F2754E"),),
            ),
        ),
        _model(ClaimRequest),
    ),
    "claim.run": (
        RunOffer(
            claim_id=_id(9),
            run_id=_id(6),
            run_no=1,
            sid=184467,
            printer_epoch=1,
            start_within_s=14_400.0,
            transfer_within_s=305.0,
            spec=_SPEC,
            artifact=_ARTIFACT,
            correlation_id=_id(2),
            server_time=NOON,
        ),
        _adapter(CLAIM_ANSWER_ADAPTER),
    ),
    "claim.none": (
        NoJob(claim_id=_id(9), printer_epoch=1, reasons=("empty",), server_time=NOON),
        _adapter(CLAIM_ANSWER_ADAPTER),
    ),
    "claim.behind": (
        Behind(claim_id=_id(9), watermark=41, server_time=NOON),
        _adapter(CLAIM_ANSWER_ADAPTER),
    ),
    "claim.refused": (
        Refused(
            claim_id=_id(9),
            code=RefusalCode.STALE_EPOCH,
            reason="The printer was given to another node.",
            printer_epoch=2,
            server_time=NOON,
        ),
        _adapter(CLAIM_ANSWER_ADAPTER),
    ),
    "artifact.request": (
        ArtifactRequest(node="workshop-pi", run_id=_id(6)),
        _model(ArtifactRequest),
    ),
    "artifact.answer": (
        ArtifactAnswer(artifact=_ARTIFACT, server_time=NOON),
        _adapter(ARTIFACT_ANSWER_ADAPTER),
    ),
    "watermark.request": (
        WatermarkRequest(node="workshop-pi", journal_id=_id(11)),
        _model(WatermarkRequest),
    ),
    "watermark.answer": (
        WatermarkAnswer(contiguous_seq=42, server_time=NOON),
        _adapter(WATERMARK_ANSWER_ADAPTER),
    ),
    "camera.lease": (CameraLease(printer_id=_id(7)), _model(CameraLease)),
    "telemetry": (
        PrinterTelemetry(
            node="workshop-pi",
            printer_id=_id(7),
            run_id=_id(6),
            at=NOON,
            nozzle_c=219.5,
            nozzle_target_c=220.0,
            bed_c=55.0,
            bed_target_c=55.0,
            percent=62,
            layer=77,
            total_layers=124,
            minutes_left=43,
            stage="printing",
            upload_percent=None,
            messages=(
                PrinterMessage(code="0300-4006", text="Clogged.", advice=None, is_error=True),
            ),
        ),
        _model(PrinterTelemetry),
    ),
    "node.credentials": (
        NodeCredentials(
            node="workshop-pi",
            jwt="aaaa.bbbb.cccc",
            nats_url="wss://nodes.example.org:443",
            issued_at=NOON,
            expires_at=datetime(2026, 3, 31, 12, 0, tzinfo=UTC),
        ),
        _model(NodeCredentials),
    ),
}


def later(value: Any) -> Any:
    """Return JSON as a later release might say it: one more field in every object."""
    if isinstance(value, dict):
        grown = {name: later(inner) for name, inner in value.items()}
        return {**grown, "from_the_future": {"x": [1]}}
    if isinstance(value, list):
        return [later(inner) for inner in value]
    return value


def as_bytes(value: Any) -> bytes:
    """Return it as a message's body."""
    return json.dumps(value).encode()
