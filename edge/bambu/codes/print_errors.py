"""The print_error codes that a P1S can show, in our words. [K PYB, BDY, STU]

Codes of an AMS stand in `ams`: they repeat for each unit.
"""

from collections.abc import Mapping
from typing import Final

from edge.bambu.codes.numbers import DEVELOPER_MODE, Meaning

_LOAD_FILAMENT = "Load filament at the printer, then resume."
_SLICE_AGAIN = "Slice the file again for this printer and submit it as a new job."
_CHECK_CARD = "Check that the memory card is in, not full, not write-protected and FAT32."
_CLEAN_NOZZLE = "Clean the nozzle, then resume or cancel."
_LOOK = "Look at the print, then resume or cancel."
_RESTART = "Switch the printer off and on; if it comes back, have it looked at."
_FAN = "Look whether something blocks the fan and whether its plug sits."
_UPDATE = "Update the firmware at the printer's screen."
_CLOUD = "Layerline doesn't need the maker's cloud: nothing to do for its prints."
_NETWORK = "Move the printer nearer to the router, or check the router's settings."

CANCELLED: Final = frozenset({"0300-400C", "0500-400E"})
"""They tell a cancelled print from a failed one. [K]"""
REFUSED: Final = frozenset({"0500-4004", "0502-4007"})
"""Nothing was done of what was asked."""

_CLOUD_CODES = tuple(f"{part:04X}-{0x4017 + n:04X}" for part in (0x0500, 0x0501) for n in range(19))
_AMS_UPDATE_CODES = ("0500-400F", "0500-4010", "0500-4011", "0500-4012", "0500-4013")
_WIFI_CODES = ("0500-402A", "0500-402B", "0500-402C")
_DRYING_CODES = ("0300-4013", "0500-4040", "0500-4041", "0500-4042", "0500-4043")
BESIDE_THE_PRINT: Final = frozenset(
    {"0500-4001", *_CLOUD_CODES, *_AMS_UPDATE_CODES, *_WIFI_CODES, *_DRYING_CODES}
)
"""By their number errors, but none of a print on the LAN: the cloud, updates, drying, Wi-Fi."""

_MOTION: dict[str, Meaning] = {
    "0300-4000": Meaning("Homing the Z axis failed.", "Check that the plate is empty and seated."),
    "0300-4001": Meaning(
        "The nozzle did not cool down in time to home.", "Wait until it is cool, then try again."
    ),
    "0300-4002": Meaning("Bed levelling failed.", "Clean the plate and the nozzle."),
    "0300-4005": Meaning("The hotend's fan does not turn as it should.", _FAN),
    "0300-4006": Meaning("The nozzle is clogged.", "Clean the nozzle."),
    "0300-4008": Meaning("The AMS could not change the filament.", "Check the AMS."),
    "0300-4009": Meaning(
        "Homing the X and Y axes failed.", "Check that the toolhead moves freely."
    ),
    "0300-400A": Meaning("Measuring the vibrations failed.", _RESTART),
    "0300-400B": Meaning("The printer's parts don't understand each other.", _RESTART),
    "0300-400C": Meaning("The print was cancelled."),
    "0300-400D": Meaning("The print could not go on after a power cut."),
    "0300-400E": Meaning("The motors' self-check failed.", _RESTART),
    "0300-4013": Meaning("The AMS is drying filament.", "Wait until it is done, or end it there."),
    "0300-4014": Meaning("Homing the Z axis failed: the temperature is not held.", _RESTART),
    "0300-4020": Meaning("The printer finds no nozzle.", "Check that the hotend is seated."),
    "0300-4067": Meaning("A calibration came out beyond its limits.", "Calibrate again."),
    "0300-8000": Meaning("The printer paused and doesn't say why.", _LOOK),
    "0300-8001": Meaning("The print was paused at the printer.", "Resume when ready."),
    "0300-8003": Meaning("The camera sees spaghetti.", _LOOK),
    "0300-8004": Meaning("The filament has run out.", _LOAD_FILAMENT),
    "0300-8005": Meaning("The toolhead's front cover fell off.", "Put it back, then resume."),
    "0300-8007": Meaning(
        "A print was interrupted by a power cut.", "Answer on the printer's screen."
    ),
    "0300-8008": Meaning("The nozzle's temperature is not what it should be.", _RESTART),
    "0300-8009": Meaning("The bed's temperature is not what it should be.", _RESTART),
    "0300-800B": Meaning("The filament cutter is stuck.", "Pull its handle out, then resume."),
    "0300-800C": Meaning(
        "A motor lost steps; the printer has set itself right.", "Look for shifted layers."
    ),
    "0300-800D": Meaning("The extruder does not push filament as it should.", _CLEAN_NOZZLE),
    "0300-800E": Meaning("The print's file can't be read.", _CHECK_CARD),
    "0300-800F": Meaning("The door seems to be open.", "Close the door, then resume."),
    "0300-8010": Meaning("The hotend's fan does not turn as it should.", _FAN),
    "0300-8013": Meaning("The print was paused at the printer.", "Resume when ready."),
    "0300-8014": Meaning(
        "The nozzle is covered with filament, or the plate is crooked.", _CLEAN_NOZZLE
    ),
    "0300-8015": Meaning("The external spool has run out.", _LOAD_FILAMENT),
    "0300-8016": Meaning("The nozzle is clogged.", _CLEAN_NOZZLE),
    "0300-8017": Meaning("Something lies on the bed.", "Clear the bed, then resume or cancel."),
    "0300-8018": Meaning("The chamber's temperature is not what it should be.", _LOOK),
    "0300-8019": Meaning("There is no plate on the bed.", "Put the plate on, then resume."),
}
_MAINBOARD: dict[str, Meaning] = {
    "0500-4001": Meaning("The printer can't reach its maker's cloud.", _CLOUD),
    "0500-4002": Meaning("The printer can't use the file's path or name."),
    "0500-4003": Meaning("The printer can't read the file.", _SLICE_AGAIN),
    "0500-4004": Meaning("The printer is busy with another print."),
    "0500-4005": Meaning("The printer takes no print while it is updated.", "Wait, then retry."),
    "0500-4006": Meaning("The printer's storage failed.", _CHECK_CARD),
    "0500-4007": Meaning("The printer must be updated before it prints.", _UPDATE),
    "0500-4008": Meaning("The printer could not start the print.", _RESTART),
    "0500-4009": Meaning("The printer takes no print while it sends its logs.", "Wait, retry."),
    "0500-400A": Meaning("The printer can't use the file's name."),
    "0500-400B": Meaning("The printer could not fetch the file."),
    "0500-400C": Meaning("The printer has no memory card.", _CHECK_CARD),
    "0500-400D": Meaning("The printer wants a self-test first.", "Run it at its screen."),
    "0500-400E": Meaning("The print was cancelled."),
    "0500-4014": Meaning("Slicing in the cloud failed.", _SLICE_AGAIN),
    "0500-4015": Meaning("The printer's memory card is full.", _CHECK_CARD),
    "0500-4016": Meaning("The printer's memory card is write-protected.", _CHECK_CARD),
    "0500-402D": Meaning("The printer reports a fault of its own.", _RESTART),
    "0500-402E": Meaning("The printer's memory card is not FAT32.", _CHECK_CARD),
    "0500-402F": Meaning("The printer's memory card is damaged.", "Format or replace the card."),
    "0500-4030": Meaning("The printer is being updated.", "Wait, then retry."),
    "0500-4031": Meaning("An attached part's firmware does not fit the printer's.", _UPDATE),
    "0500-4033": Meaning("The AMS's firmware does not fit the printer's.", _UPDATE),
    "0500-4037": Meaning("The file was sliced for another printer model.", _SLICE_AGAIN),
    "0500-4038": Meaning("The file was sliced for another nozzle.", _SLICE_AGAIN),
    "0500-4040": Meaning("There is too little power for the AMS to dry.", None),
    "0500-4041": Meaning("The AMS can't dry while a print runs.", None),
    "0500-4042": Meaning("Drying would take the power from the printer.", None),
    "0500-4043": Meaning("Only one AMS can dry on the printer's power.", None),
    "0500-8013": Meaning("The print's file can't be read.", _CHECK_CARD),
    "0500-8036": Meaning("The file was sliced for another printer model.", _SLICE_AGAIN),
    "0500-803C": Meaning("The file was sliced for another nozzle.", _SLICE_AGAIN),
    "0500-C010": Meaning("The printer can't read or write its memory card.", _CHECK_CARD),
    "0500-C011": Meaning("The memory card has become slow.", "Format or replace the card."),
    "0501-4034": Meaning("Slicing in the cloud stands still.", _SLICE_AGAIN),
    "0502-4001": Meaning("The filament is in use: its settings can't be changed now."),
    "0502-4004": Meaning("The printer's firmware can't do that.", _UPDATE),
    "0502-4007": Meaning("The printer takes no orders from the LAN.", DEVELOPER_MODE),
    "0502-400D": Meaning(
        "The printer is still loading or unloading filament.", "Wait until it is done, then retry."
    ),
}

PRINT_ERRORS: Final[Mapping[str, Meaning]] = (
    dict.fromkeys(_CLOUD_CODES, Meaning("The printer can't use its maker's cloud.", _CLOUD))
    | dict.fromkeys(
        _AMS_UPDATE_CODES, Meaning("The AMS can't be updated now.", "Wait until it is idle.")
    )
    | dict.fromkeys(_WIFI_CODES, Meaning("The printer has no Wi-Fi.", _NETWORK))
    | {"07FF-8011": Meaning("The external filament has run out.", _LOAD_FILAMENT)}
    | _MOTION
    | _MAINBOARD
)
