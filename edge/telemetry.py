"""What a node tells of a printer as it changes: for eyes, stored nowhere; pure."""

from datetime import datetime

from contracts.ids import NodeName, PrinterId
from contracts.telemetry import MAX_MESSAGES, PrinterMessage, PrinterTelemetry
from edge.printer import Fault, FaultKind, PrinterReport
from edge.records import RunRecord


def telemetry_of(
    report: PrinterReport,
    *,
    printer: tuple[NodeName, PrinterId],
    run: RunRecord | None,
    at: datetime,
    upload_percent: int | None,
) -> PrinterTelemetry:
    """Return the news of a printer; `run` is the one that is not over yet."""
    node, printer_id = printer
    is_printing = run is not None and run.identity.is_in(report)
    levels = [unit.humidity_level for unit in report.parts.ams if unit.humidity_level]
    return PrinterTelemetry(
        node=node,
        printer_id=printer_id,
        run_id=run.run_id if run is not None else None,
        at=at,
        nozzle_c=report.nozzle_c,
        nozzle_target_c=report.nozzle_target_c,
        bed_c=report.bed_c,
        bed_target_c=report.bed_target_c,
        percent=report.percent if is_printing else None,
        layer=report.layer if is_printing else None,
        total_layers=report.total_layers if is_printing else None,
        minutes_left=report.minutes_left if is_printing else None,
        stage=report.stage,
        upload_percent=upload_percent,
        part_fan=report.parts.fans.part,
        speed_percent=report.speed_percent,
        wifi_dbm=report.parts.wifi_dbm,
        active_slot=report.parts.feed.active_slot,
        humidity_level=min(levels, default=None),
        messages=tuple(_message(fault) for fault in report.faults[:MAX_MESSAGES]),
    )


def _message(fault: Fault) -> PrinterMessage:
    return PrinterMessage(
        code=fault.code,
        text=fault.text,
        advice=fault.advice,
        is_error=fault.kind is not FaultKind.NOTICE,
    )
