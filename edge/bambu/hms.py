"""The printer's error numbers: how they are written, and what the known ones mean.

Two kinds: `print_error`, one number that stays until it is cleared, and `hms`, a list of
health messages that vanish with their condition. [K PYB, STU]
"""

from edge.printer import Fault, FaultKind

_DEVELOPER_MODE = (
    "On the printer's screen: Settings, then Network, switch on LAN Only Mode and then Developer "
    "Mode. The access code changes: enter the new one in the node's settings."
)
_LOAD_FILAMENT = "Load filament at the printer, then resume."
_SLICE_AGAIN = "Slice the file again for this printer and submit it as a new job."
_CHECK_CARD = "Check that the memory card is in, not full, not write-protected and FAT32."

VERIFICATION_FAILED = "0500-0500-0001-0007"
"""The health message beside 0502-4007: Authorization Control without Developer Mode. [K BBR]"""

_C, _R, _P, _E, _N = (
    FaultKind.CANCELLED,
    FaultKind.COMMAND_REFUSED,
    FaultKind.PAUSE,
    FaultKind.ERROR,
    FaultKind.NOTICE,
)
_KNOWN: dict[str, tuple[FaultKind, str, str | None]] = {
    "0300-400C": (_C, "The print was cancelled.", None),
    "0500-400E": (_C, "The print was cancelled.", None),
    "0502-4007": (_R, "The printer takes no orders from the LAN.", _DEVELOPER_MODE),
    VERIFICATION_FAILED: (_R, "The printer takes no orders from the LAN.", _DEVELOPER_MODE),
    "0500-4004": (_R, "The printer is busy with another print.", None),
    "0300-8001": (_P, "The print was paused at the printer.", "Resume when ready."),
    "0300-8003": (_P, "The camera sees spaghetti.", "Look at the print, then resume or cancel."),
    "0300-8004": (_P, "The filament has run out.", _LOAD_FILAMENT),
    "0300-8005": (_P, "The toolhead's front cover fell off.", "Put it back, then resume."),
    "0300-8007": (_P, "A print was interrupted by a power cut.", "Answer on the printer's screen."),
    "0300-800E": (_P, "The print's file can't be read.", _CHECK_CARD),
    "0300-8015": (_P, "The external spool has run out.", _LOAD_FILAMENT),
    "0300-8016": (_P, "The nozzle is clogged.", "Clean the nozzle, then resume or cancel."),
    "0500-8013": (_P, "The print's file can't be read.", _CHECK_CARD),
    "0700-8011": (_P, "The AMS filament has run out.", _LOAD_FILAMENT),
    "07FF-8011": (_P, "The external filament has run out.", _LOAD_FILAMENT),
    "0700-8012": (_P, "The printer has no usable AMS mapping.", "Check the AMS slots."),
    "07FF-8012": (_P, "The printer has no usable AMS mapping.", "Check the AMS slots."),
    "0300-4000": (_E, "Homing the Z axis failed.", "Check that the plate is empty and seated."),
    "0300-4001": (_E, "The printer waited too long for an axis.", None),
    "0300-4002": (_E, "Bed levelling failed.", "Clean the plate and the nozzle."),
    "0300-4006": (_E, "The nozzle is clogged.", "Clean the nozzle."),
    "0300-4008": (_E, "The AMS could not change the filament.", "Check the AMS."),
    "0300-400D": (_E, "The print could not go on after a power cut.", None),
    "0500-4002": (_E, "The printer can't use the file's path or name.", None),
    "0500-4003": (_E, "The printer can't read the file.", _SLICE_AGAIN),
    "0500-4006": (_E, "The printer's storage failed.", _CHECK_CARD),
    "0500-400A": (_E, "The printer can't use the file's name.", None),
    "0500-400B": (_E, "The printer could not fetch the file.", None),
    "0500-400C": (_E, "The printer has no memory card.", _CHECK_CARD),
    "0500-4015": (_E, "The printer's memory card is full.", _CHECK_CARD),
    "0500-4016": (_E, "The printer's memory card is write-protected.", _CHECK_CARD),
    "0500-402E": (_E, "The printer's memory card is not FAT32.", _CHECK_CARD),
    "0500-4037": (_E, "The file was sliced for another printer model.", _SLICE_AGAIN),
    "0500-4038": (_E, "The file was sliced for another nozzle.", _SLICE_AGAIN),
    "0500-C010": (_E, "The printer can't read or write its memory card.", _CHECK_CARD),
    "0C00-0300-0003-0006": (_N, "The purged filament may have piled up.", "Empty the chute."),
    "0500-0100-0003-0004": (_N, "The memory card is nearly full.", _CHECK_CARD),
}
_SEVERE_HMS = 2
"""Severity 1 is fatal, 2 serious, 3 common, 4 info. [K PYB]"""


def error_code(print_error: int) -> str:
    """Return a print_error as AAAA-BBBB: 50348044 is 0300-400C."""
    return f"{print_error >> 16 & 0xFFFF:04X}-{print_error & 0xFFFF:04X}"


def hms_code(attr: int, code: int) -> str:
    """Return a health message as AAAA-AAAA-CCCC-CCCC."""
    return f"{error_code(attr)}-{error_code(code)}"


def error_fault(print_error: int) -> Fault | None:
    """Return what a print_error means; None for 0."""
    if not print_error:
        return None
    code = error_code(print_error)
    return _known(code) or Fault(code, _kind_of(print_error), f"The printer says {code}.", None)


def hms_fault(attr: int, code: int) -> Fault:
    """Return what a health message means."""
    name = hms_code(attr, code)
    # Only what fails or pauses a print counts as its error, and print_error says that too.
    text = "A serious health message" if code >> 16 <= _SEVERE_HMS else "A health message"
    return _known(name) or Fault(name, FaultKind.NOTICE, f"{text} of the printer: {name}.", None)


def _known(code: str) -> Fault | None:
    found = _KNOWN.get(code)
    return Fault(code, *found) if found else None


def _kind_of(print_error: int) -> FaultKind:
    # Below 0x4000 notices, from 0x8000 pauses with a dialog, 0xC0xx storage. [S BDY]
    low = print_error & 0xFFFF
    if low < 0x4000:
        return FaultKind.NOTICE
    if 0x8000 <= low < 0xC000:
        return FaultKind.PAUSE
    return FaultKind.ERROR
