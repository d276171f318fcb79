"""What the printer's error numbers mean to a run and to a person."""

from typing import Final

from edge.bambu.codes.ams import ams_error, ams_health
from edge.bambu.codes.health import HEALTH
from edge.bambu.codes.numbers import error_code, hms_code, severity_of, wiki_advice
from edge.bambu.codes.print_errors import BESIDE_THE_PRINT, CANCELLED, PRINT_ERRORS, REFUSED
from edge.printer import Fault, FaultKind, Severity

VERIFICATION_FAILED: Final = "0500-0500-0001-0007"
"""The health message beside 0502-4007: Authorization Control without Developer Mode. [K BBR]"""
_MODULES = {0x03: "motion", 0x05: "mainboard", 0x07: "AMS", 0x08: "toolhead", 0x0C: "camera"}
"""What speaks in a health message: the first byte of `attr`. [K PYB]"""
_LOUD = frozenset({Severity.FATAL, Severity.SERIOUS})


def error_fault(print_error: int) -> Fault | None:
    """Return what a print_error means; None for 0."""
    if not print_error:
        return None
    code = error_code(print_error)
    meaning = PRINT_ERRORS.get(code) or ams_error(print_error)
    if meaning is None:
        text = f"The printer says {code}."
        return Fault(code, _kind_of(print_error), text, wiki_advice(code))
    return Fault(code, _known_kind(code, print_error), meaning.text, meaning.advice)


def hms_fault(attr: int, code: int) -> Fault:
    """Return what a health message means.

    Only what fails or pauses a print counts as its error, and print_error says that too:
    a health message is a notice, but for the one that says that orders are refused.
    """
    name, severity = hms_code(attr, code), severity_of(code)
    kind = FaultKind.COMMAND_REFUSED if name == VERIFICATION_FAILED else FaultKind.NOTICE
    meaning = HEALTH.get(name) or ams_health(attr, code)
    if meaning is not None:
        return Fault(name, kind, meaning.text, meaning.advice, severity)
    return Fault(name, kind, _unknown_health(attr, name, severity), wiki_advice(name), severity)


def _unknown_health(attr: int, name: str, severity: Severity | None) -> str:
    module = _MODULES.get(attr >> 24 & 0xFF)
    kind = "A serious health message" if severity in _LOUD else "A health message"
    return f"{kind} of the printer{f' ({module})' if module else ''}: {name}."


def _known_kind(code: str, print_error: int) -> FaultKind:
    if code in CANCELLED:
        return FaultKind.CANCELLED
    if code in REFUSED:
        return FaultKind.COMMAND_REFUSED
    return FaultKind.NOTICE if code in BESIDE_THE_PRINT else _kind_of(print_error)


def _kind_of(print_error: int) -> FaultKind:
    # Below 0x4000 notices, from 0x8000 pauses with a dialog, 0xC0xx storage. [S BDY]
    low = print_error & 0xFFFF
    if low < 0x4000:
        return FaultKind.NOTICE
    if 0x8000 <= low < 0xC000:
        return FaultKind.PAUSE
    return FaultKind.ERROR
