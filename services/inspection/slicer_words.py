"""What slicers remark on in a plate: their keys, as sentences. Keys: [S] slicers' sources."""

from contracts.findings import Finding, Severity
from services.inspection.slice_info import SlicerWarning

_WARN, _NOTE = Severity.WARN, Severity.NOTE
_KNOWN: dict[str, tuple[str, Severity, str]] = {
    "bed_temperature_too_high_than_filament": (
        "slicer_bed_hot",
        _WARN,
        (
            "The slicer warns: the bed is hotter than this filament likes in a closed printer. "
            "Open the door or take the lid off, else the nozzle may clog."
        ),
    ),
    "the_actual_nozzle_hrc_smaller_than_the_required_nozzle_hrc": (
        "slicer_nozzle_soft",
        _WARN,
        "The slicer warns: this filament wears the nozzle down; it asks for a harder one.",
    ),
    "not_support_traditional_timelapse": (
        "slicer_timelapse",
        _NOTE,
        "The slicer says: a time-lapse would leave marks on this print.",
    ),
    "smooth_timelapse_without_prime_tower": (
        "slicer_timelapse",
        _NOTE,
        "The slicer says: a time-lapse would leave marks on this print.",
    ),
    "not_generate_timelapse": (
        "slicer_no_timelapse",
        _NOTE,
        "The slicer says: this print makes no time-lapse.",
    ),
    "activate_long_retraction_when_cut": (
        "slicer_long_retraction",
        _NOTE,
        "The slicer says: filament is pulled back far before it is cut.",
    ),
}


def said_by_slicer(warnings: list[SlicerWarning]) -> list[Finding]:
    """Return the slicer's warnings as findings, each key once."""
    found: dict[str, Finding] = {}
    for warning in warnings:
        if not warning.message.strip():
            continue
        code, severity, text = _KNOWN.get(warning.message, _unknown(warning))
        found.setdefault(
            f"{code} {text}",
            Finding(severity=severity, code=code, text=text, line=None, count=1),
        )
    return list(found.values())


def _unknown(warning: SlicerWarning) -> tuple[str, Severity, str]:
    words = warning.message.replace("_", " ").strip().rstrip(".")
    return "slicer_warning", _WARN if warning.level else _NOTE, f"The slicer warns: {words}."
