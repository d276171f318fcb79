"""One event of each type, with fixed values: what the golden payloads are made from."""

import inspect
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

from contracts import events
from contracts.events import AnyEvent
from contracts.findings import Finding, Severity
from contracts.lifecycle import BedState, Resolution, RunState
from contracts.loaded import (
    Loaded,
    LoadedFilament,
    NeededFilament,
    PlateObject,
    PlateSummary,
)
from contracts.waiting import RequeueReason

EVENT_CLASSES: dict[str, type[Any]] = {
    cls.model_fields["type"].default: cls for cls in get_args(AnyEvent)
}


def _id(number: int) -> UUID:
    return UUID(int=0x5F0F5C0C8F2E4B558D0C000000000000 + number)


_PLA = {"type": "PLA", "color": "#F2754E"}
_SAID = events.PrinterSaid(
    activity=events.PrinterActivity.FINISHED,
    print_name="case-top",
    print_id="184466",
    codes=("0300-8004",),
)
_VALUES: dict[str, Any] = {
    "before": _SAID,
    "seen": _SAID,
    "id": _id(1),
    "occurred_at": datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC),
    "correlation_id": _id(2),
    "artifact_id": _id(3),
    "owner_id": _id(4),
    "job_id": _id(5),
    "run_id": _id(6),
    "printer_id": _id(7),
    "submission_id": _id(8),
    "claim_id": _id(9),
    "command_id": _id(10),
    "journal_id": _id(11),
    "by": _id(12),
    "by_user": _id(12),
    "by_run": _id(6),
    "node": "workshop-pi",
    "node_seq": 42,
    "run_seq": 7,
    "run_no": 1,
    "sid": 184467,
    "printer_epoch": 1,
    "epoch": 2,
    "releases_before": 0,
    "deadline_at": datetime(2026, 3, 1, 12, 10, tzinfo=UTC),
    "filename": "bracket.gcode.3mf",
    "size_bytes": 123_456,
    "sha256": "ab" * 32,
    "incoming_key": "incoming/1",
    "name": "bracket",
    "plate": 1,
    "queue": "main",
    "comment": "thicker walls, then again",
    "not_before": None,
    "outcome": Resolution.DONE,
    "in_state": RunState.STARTING,
    "cause": events.AttentionCause.START_NOT_SEEN,
    "percent": 62,
    "layer": 77,
    "total_layers": 124,
    "minutes_left": 43,
    "duration_s": 6_240.5,
    "advice": "Load filament, then press resume.",
    "serial": "01P00A000000001",
    "firmware": "01.08.02.00",
    "activity": events.PrinterActivity.PRINTING,
    "detail": None,
    "bed": BedState.OCCUPIED,
    "bed_seq": 3,
    "loaded": Loaded(
        model="C12", nozzle_mm=0.4, has_ams=True, filaments=(LoadedFilament(slot=2, **_PLA),)
    ),
    "plates": (
        PlateSummary(
            index=1,
            gcode_path="Metadata/plate_1.gcode",
            model="C12",
            nozzle_mm=0.4,
            estimate_s=5935,
            weight_g=34.9,
            project_filaments=1,
            filaments=(
                NeededFilament(
                    index=1, used_g=34.9, used_m=11.7, in_ams=False, is_support=False, **_PLA
                ),
            ),
            name="bracket",
            layers=124,
            layer_height_mm=0.2,
            height_mm=24.8,
            bed_type="Textured PEI Plate",
            has_supports=False,
            objects=(PlateObject(id=206, name="bracket.stl"),),
            bounds_mm=(100.0, 100.0, 0.2, 156.0, 156.0, 24.8),
            findings=(
                Finding(
                    severity=Severity.NOTE,
                    code="layers_not_announced",
                    text="The program does not say which layer it prints.",
                    line=None,
                    count=1,
                ),
            ),
        ),
    ),
}
_OWN: dict[str, dict[str, Any]] = {
    "artifact.refused": {"code": "not_sliced", "reason": "The file is not sliced."},
    "job.requeued": {"reason": RequeueReason.RELEASED},
    "run.released": {"code": events.ReleaseCode.PRINTER_STORAGE, "reason": "The card is full."},
    "job.failed": {"code": "0300-8004", "reason": "Filament ran out."},
    "run.paused": {"code": None, "reason": "Paused at the printer."},
    "printer.state_changed": {"code": None},
    "command.refused": {"code": "stale_bed_seq", "reason": "The bed has changed since."},
}


def sample(event_type: str) -> AnyEvent:
    """Return the sample of this type."""
    cls = EVENT_CLASSES[event_type]
    own = _OWN.get(event_type, {})
    wanted = [name for name in inspect.signature(cls).parameters if name not in {"type", "v"}]
    values = {name: own.get(name, _VALUES.get(name, "because of that")) for name in wanted}
    event: AnyEvent = cls(**values)
    return event
