"""Whatever takes bytes from outside, as functions that may refuse them but never break."""

import contextlib
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from contracts.commands import parse_command
from contracts.rpc import (
    ARTIFACT_ANSWER_ADAPTER,
    CLAIM_ANSWER_ADAPTER,
    WATERMARK_ANSWER_ADAPTER,
    ArtifactRequest,
    ClaimRequest,
    WatermarkRequest,
)
from contracts.telemetry import PrinterTelemetry
from edge.bambu.messages import Version, parse_message, parse_version
from edge.bambu.report import Stamp, merge, read_echo, read_report
from services.inspection.archive import inspect
from services.inspection.machines import P1S
from services.inspection.program import scan
from services.inspection.refusal import Refusal
from services.preview.__main__ import GAVE_UP
from services.preview.meshes import ROOT, reduce_model
from services.preview.toolpath import HEADER, MAX_BYTES, reduce_program
from services.projector.reading import Message, Unreadable, read
from tests.unit.edge.builders import SERIAL
from tests.unit.edge.test_reports import FULL

_STAMP = Stamp("s", 5.0, 4.0, is_full=True)
_VERSION = Version(firmware="01.08.02.00", model="C12")
_FACT_SUBJECT, _SERVICE_SUBJECT = "edge.bench.printer.online", "job.approved.main.x"


def printer_report(data: bytes) -> None:
    """Take a message of a printer as the session does."""
    message = parse_message(data)
    if message is None:
        return
    for body in message.values():
        if isinstance(body, dict):
            read_echo(body, "s")
            parse_version(body)
            merged = merge(FULL, body)
            for state in (body, merged):
                read_report(state, _STAMP, serial=SERIAL, version=_VERSION)


def node_fact(data: bytes) -> None:
    """Take a fact as the projector does: a row, or a dead letter."""
    _read(_FACT_SUBJECT, data)


def service_event(data: bytes) -> None:
    """Take a service event as the projector does."""
    _read(_SERVICE_SUBJECT, data)


def _read(subject: str, data: bytes) -> None:
    try:
        entry = read(Message(subject, data))
    except Unreadable:
        return
    # What is logged must be what Postgres can store.
    assert "\\u0000" not in entry.body
    json.loads(entry.body)
    entry.body.encode()


def command(data: bytes) -> None:
    """Take a command as a node does."""
    _refusable(parse_command, data)


def question(data: bytes) -> None:
    """Take a node's question as dispatch does."""
    for kind in (ClaimRequest, ArtifactRequest, WatermarkRequest):
        _refusable(kind.model_validate_json, data)


def answer(data: bytes) -> None:
    """Take dispatch's answer as a node does."""
    for adapter in (CLAIM_ANSWER_ADAPTER, ARTIFACT_ANSWER_ADAPTER, WATERMARK_ANSWER_ADAPTER):
        _refusable(adapter.validate_json, data)


def telemetry(data: bytes) -> None:
    """Take telemetry as the API does."""
    _refusable(PrinterTelemetry.model_validate_json, data)


def artifact(data: bytes) -> None:
    """Take an uploaded file as the inspector does."""
    with tempfile.NamedTemporaryFile(suffix=".3mf") as file:
        file.write(data)
        file.flush()
        with contextlib.suppress(Refusal):
            inspect(Path(file.name))


def program(data: bytes) -> None:
    """Take the program of a plate as the inspector does."""
    with contextlib.suppress(Refusal):
        scan([data], P1S)


def toolpath(data: bytes) -> None:
    """Reduce the program of a plate to its preview."""
    with contextlib.suppress(Refusal):
        reduced = reduce_program([data])
        assert reduced is None or len(reduced) <= MAX_BYTES + HEADER.size


def model(data: bytes) -> None:
    """Reduce the meshes of a file to their preview, giving up where the previews' process does."""
    with contextlib.suppress(*GAVE_UP):
        reduce_model(lambda name: [data] if name == ROOT else None)


def _refusable(take: Callable[[bytes], object], data: bytes) -> None:
    try:
        take(data)
    except ValidationError:
        return


TARGETS: Mapping[str, Callable[[bytes], None]] = MappingProxyType(
    {
        target.__name__: target
        for target in (
            printer_report,
            node_fact,
            service_event,
            command,
            question,
            answer,
            telemetry,
            artifact,
            program,
            toolpath,
            model,
        )
    }
)
