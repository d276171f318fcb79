"""What in a report shows that an order was carried out; pure. An echo shows nothing."""

from typing import assert_never

from edge.printer import (
    AT_WORK_STATES,
    FREE_STATES,
    ClearError,
    FaultKind,
    Order,
    Pause,
    PrinterReport,
    PrinterState,
    Resume,
    SetLight,
    SetSpeed,
    SkipObjects,
    Start,
    Stop,
)

_ERROR_CODE_CHARS = 9
"""AAAA-BBBB: an error with a dialog; health messages are longer."""


def has_effect(order: Order, report: PrinterReport) -> bool:
    """Tell whether the printer is as the order wants it."""
    match order:
        case Start(sid, name):
            is_ours = report.subtask_name == name or report.subtask_id == str(sid)
            shown = is_ours and report.state in AT_WORK_STATES
        case Pause():
            shown = report.state is PrinterState.PAUSE
        case Resume():
            shown = report.state in {PrinterState.RUNNING, PrinterState.PREPARE}
        case Stop():
            is_told = any(fault.kind is FaultKind.CANCELLED for fault in report.faults)
            shown = is_told or report.state in FREE_STATES
        case SetLight(on):
            shown = report.light_on is on
        case SetSpeed(level):
            shown = report.speed_level == level
        case SkipObjects(ids):
            shown = set(ids) <= set(report.skipped_objects)
        case ClearError():
            shown = all(len(code) != _ERROR_CODE_CHARS for code in report.codes)
        case _:
            assert_never(order)
    return shown
