"""What an AMS says: the same codes for each unit and slot, which stand in the number. [K PYB, BDY]

In `attr` and in a print_error the second byte is the unit (0 is A; 0xFF the external spool);
in `attr` the low nibble of the third byte is the slot. [K PYB: 0700-2100 is unit A, slot 2]
"""

from collections.abc import Mapping
from typing import Final

from edge.bambu.codes.numbers import Meaning

AMS_MODULE: Final = 0x07
EXTERNAL: Final = 0xFF
UNITS: Final = 8
SLOTS: Final = 4

_LOAD = "Load filament into the same slot, then resume."
_UNTANGLE = "Look whether the filament is tangled or the spool sticks, then resume."
_CLEAN_NOZZLE = "Clean the nozzle and the extruder, then resume or cancel."
_CUTTER = "Pull the cutter's handle out and look at its blade, then resume."
_TUBE = "Look at the tubes in and behind the AMS, then resume."
_PLUG = "Look whether the plug sits; if it comes back, have the AMS looked at."
_RETRY = "Resume to try again; if it comes back, check the AMS slots."
_TAG = "Choose the filament at the printer's screen."
_RESTART = "Pull the filament out of the AMS and switch it off and on."
_WAIT = "Wait until it is done, then resume."
_DRYING = "It concerns drying, not the print."
_SERVICE = "Have the AMS looked at."
_FIRMWARE = "Update the firmware at the printer's screen."
_CABLE = "Plug the AMS's cable in again, or switch the printer off and on."

_ERRORS: Final[Mapping[int, Meaning]] = {
    0x4001: Meaning("{ams} is switched off but its filament is still loaded.", "Unload it."),
    0x4025: Meaning("{ams} can't read what filament it holds.", _TAG),
    0x8001: Meaning("{ams}: the filament could not be cut.", _CUTTER),
    0x8002: Meaning("{ams}: the cutter is stuck.", _CUTTER),
    0x8003: Meaning("{ams}: the filament does not come out of the extruder.", _CLEAN_NOZZLE),
    0x8004: Meaning("{ams} can't pull the filament back.", _UNTANGLE),
    0x8005: Meaning("{ams} can't push the filament out.", _TUBE),
    0x8006: Meaning("{ams} can't feed the filament into the extruder.", _UNTANGLE),
    0x8007: Meaning("{ams}: the extruder does not push the filament.", _CLEAN_NOZZLE),
    0x8010: Meaning("{ams}: its motor is overloaded.", _UNTANGLE),
    0x8011: Meaning("The {ams} filament has run out.", _LOAD),
    0x8012: Meaning("The printer has no usable AMS mapping.", _RETRY),
    0x8013: Meaning("{ams}: the old filament is not purged in time.", _CLEAN_NOZZLE),
    0x8016: Meaning("{ams}: the extruder does not push as it should.", _CLEAN_NOZZLE),
    0x8017: Meaning("{ams} is drying filament.", _WAIT),
    0x8023: Meaning("{ams} can't cool down.", "Let it stand in a cooler room."),
    0xC069: Meaning("{ams}: drying failed.", _DRYING),
    **dict.fromkeys(range(0xC06A, 0xC06F), Meaning("{ams} can't dry now.", _DRYING)),
}
"""Low half of a print_error of module 07."""

_MAINBOARD_ERRORS: Final[Mapping[int, Meaning]] = {
    0x4098: Meaning("The printer does not find {ams}.", _CABLE),
    0x409D: Meaning("The firmware of {ams} does not fit the printer's.", _FIRMWARE),
    0x40A3: Meaning("{ams} does not answer as it should.", _CABLE),
}
"""Low half of a print_error of module 05; its second byte is the unit."""

_ASSIST_MOTOR, _ODOMETER, _SLOT_MOTOR, _FILAMENT, _DRY_POWER, _TAG_READER = (
    0x01,
    0x02,
    0x10,
    0x20,
    0x25,
    0x30,
)
_SLOTTED = frozenset({_SLOT_MOTOR, _FILAMENT, _TAG_READER, 0x60})
_HEALTH: Final[Mapping[tuple[int, int], Meaning]] = {
    (_ASSIST_MOTOR, 0x0001_0001): Meaning("{ams}: its motor slips on the filament.", _UNTANGLE),
    (_ASSIST_MOTOR, 0x0001_0003): Meaning("{ams}: its motor's force is not under control.", _PLUG),
    (_ASSIST_MOTOR, 0x0001_0004): Meaning("{ams}: its motor's speed is not under control.", _PLUG),
    (_ASSIST_MOTOR, 0x0001_0005): Meaning("{ams}: its motor's current sensor is faulty.", _SERVICE),
    (_ASSIST_MOTOR, 0x0001_0011): Meaning("{ams}: its motor is not calibrated.", _RESTART),
    (_ASSIST_MOTOR, 0x0002_0002): Meaning("{ams}: its motor is overloaded.", _UNTANGLE),
    (_ASSIST_MOTOR, 0x0002_0006): Meaning("{ams}: its motor's wires have no contact.", _PLUG),
    (_ASSIST_MOTOR, 0x0002_0007): Meaning("{ams}: its motor's encoder has no contact.", _PLUG),
    (_ASSIST_MOTOR, 0x0002_0008): Meaning("{ams}: its motor has an open winding.", _SERVICE),
    (_ASSIST_MOTOR, 0x0002_0009): Meaning("{ams}: its motor's windings differ.", _SERVICE),
    (_ASSIST_MOTOR, 0x0002_0010): Meaning("{ams}: its motor's resistance is wrong.", _SERVICE),
    (_ASSIST_MOTOR, 0x0002_0011): Meaning("{ams}: its motor's settings are lost.", _RESTART),
    (_ODOMETER, 0x0001_0001): Meaning("{ams} measures the filament's way wrongly.", _SERVICE),
    (_ODOMETER, 0x0002_0002): Meaning("{ams}: the meter of the filament's way is mute.", _PLUG),
    (_SLOT_MOTOR, 0x0001_0001): Meaning("{slot}: its motor slips on the filament.", _UNTANGLE),
    (_SLOT_MOTOR, 0x0001_0003): Meaning("{slot}: its motor's force is not controlled.", _SERVICE),
    (_SLOT_MOTOR, 0x0002_0002): Meaning("{slot}: its motor is overloaded.", _UNTANGLE),
    (_SLOT_MOTOR, 0x0002_0004): Meaning("{slot}: its motor gives no signal.", _PLUG),
    (_FILAMENT, 0x0001_0081): Meaning("{slot}: the spool's tag can't be read.", _SERVICE),
    (_FILAMENT, 0x0001_0082): Meaning("{slot}: the spool's tag is another maker's.", _TAG),
    (_FILAMENT, 0x0001_0083): Meaning("{slot}: the spool's tag is damaged.", _TAG),
    (_FILAMENT, 0x0001_0084): Meaning("{slot}: the spool's tag can't be read.", _TAG),
    (_FILAMENT, 0x0001_0085): Meaning("{slot}: the spool's tag is not genuine.", _TAG),
    (_FILAMENT, 0x0001_0086): Meaning("{slot}: the spool does not turn.", _UNTANGLE),
    (_FILAMENT, 0x0002_0001): Meaning("{slot}: the filament has run out.", _LOAD),
    (_FILAMENT, 0x0002_0002): Meaning("{slot} is empty.", _LOAD),
    (_FILAMENT, 0x0002_0003): Meaning("{slot}: the filament broke in the AMS.", _RESTART),
    (_FILAMENT, 0x0002_0004): Meaning("{slot}: the filament broke in the toolhead.", _CLEAN_NOZZLE),
    (_FILAMENT, 0x0002_0005): Meaning(
        "{slot}: the filament ran out and its rest was not purged.", _CLEAN_NOZZLE
    ),
    (_FILAMENT, 0x0002_0006): Meaning("{ams}: a filament tube is broken or has come off.", _TUBE),
    (_FILAMENT, 0x0002_0007): Meaning("{slot}: the sensor at its exit is mute.", _PLUG),
    (_FILAMENT, 0x0002_0008): Meaning("{slot}: the sensor at its entry is mute.", _PLUG),
    (_FILAMENT, 0x0002_0009): Meaning("{slot}: the extruder does not push it.", _CLEAN_NOZZLE),
    (_FILAMENT, 0x0002_0010): Meaning("{slot}: the filament does not come out.", _TUBE),
    (_FILAMENT, 0x0002_0011): Meaning("{slot}: the filament can't be pulled back.", _UNTANGLE),
    (_FILAMENT, 0x0002_0012): Meaning("{slot}: its motor can't turn the spool.", _UNTANGLE),
    (_FILAMENT, 0x0002_0013): Meaning("{slot}: its motor gives no signal.", _PLUG),
    (_FILAMENT, 0x0002_0014): Meaning("{slot}: the meter of its way is mute.", _PLUG),
    (_FILAMENT, 0x0002_0015): Meaning("{slot}: the filament may be broken in the AMS.", _RESTART),
    (_FILAMENT, 0x0002_0016): Meaning("{slot}: the motor slips on worn filament.", _UNTANGLE),
    **{
        (_FILAMENT, 0x0002_0000 + low): Meaning("{slot}: the filament sticks in its tube.", _TUBE)
        for low in range(0x17, 0x23)
    },
    (_FILAMENT, 0x0002_0023): Meaning("{slot}: the tube in the AMS is broken.", _TUBE),
    (_FILAMENT, 0x0002_0024): Meaning("{slot}: the spool does not turn back.", _UNTANGLE),
    (_FILAMENT, 0x0002_0025): Meaning("{slot}: the filament runs too hard.", _TUBE),
    (_FILAMENT, 0x0003_0001): Meaning("{slot}: ran out; the old filament is purged.", None),
    (_FILAMENT, 0x0003_0002): Meaning(
        "{slot}: ran out; the print goes on from another slot with the same filament.",
        "Load a new spool when you can.",
    ),
    (_DRY_POWER, 0x0002_0001): Meaning("{ams} dries on the printer's power.", _DRYING),
    (_TAG_READER, 0x0001_0001): Meaning("{slot}: its tag reader is faulty.", _SERVICE),
    (_TAG_READER, 0x0001_0004): Meaning("{slot}: its tag reader's chip is faulty.", _SERVICE),
    (_TAG_READER, 0x0002_0002): Meaning("{slot}: the spool's tag can't be read.", _TAG),
    (_TAG_READER, 0x0003_0003): Meaning("{slot}: its tag reader does not work.", _SERVICE),
    (0x35, 0x0001_0001): Meaning("{ams}: the humidity sensor is faulty.", _SERVICE),
    (0x35, 0x0001_0002): Meaning("{ams}: the humidity sensor has no contact.", _PLUG),
    (0x40, 0x0002_0001): Meaning("{ams}: the filament buffer is mute.", _PLUG),
    (0x40, 0x0002_0002): Meaning("{ams}: the filament buffer's position is wrong.", _PLUG),
    (0x40, 0x0002_0003): Meaning("The AMS hub does not answer.", _PLUG),
    (0x40, 0x0002_0004): Meaning("{ams}: the filament buffer sticks.", _UNTANGLE),
    (0x45, 0x0002_0001): Meaning("The cutter's sensor does not work.", _PLUG),
    (0x45, 0x0002_0002): Meaning("The cutter was not where it should be.", "Home the printer."),
    (0x45, 0x0002_0003): Meaning("The cutter's handle has not come back.", _CUTTER),
    (0x50, 0x0002_0001): Meaning("{ams} does not answer as it should.", _CABLE),
    (0x51, 0x0003_0001): Meaning("{ams} is switched off.", "Use the external spool."),
    (0x56, 0x0003_0001): Meaning("{ams} is cooling down from drying.", _WAIT),
    (0x60, 0x0002_0001): Meaning("{slot} is overloaded.", _UNTANGLE),
    (0x70, 0x0002_0001): Meaning("The filament does not come out of the extruder.", _CLEAN_NOZZLE),
    (0x70, 0x0002_0002): Meaning("The filament does not reach the toolhead.", _UNTANGLE),
    (0x70, 0x0002_0003): Meaning("The extruder does not push the filament.", _CLEAN_NOZZLE),
    (0x70, 0x0002_0004): Meaning("The filament can't be pulled back to {ams}.", _UNTANGLE),
    (0x70, 0x0002_0005): Meaning("{ams} can't push the filament out.", _TUBE),
    (0x70, 0x0002_0006): Meaning("The old filament is not purged in time.", _CLEAN_NOZZLE),
    (0x70, 0x0002_0007): Meaning("The {ams} filament has run out.", _LOAD),
    (0x70, 0x0002_0008): Meaning("The printer has no usable AMS mapping.", _RETRY),
    (0x96, 0x0001_0001): Meaning("{ams} may overheat while it dries.", "Switch the AMS off now."),
}
_DRYER_PARTS = frozenset([0x80, 0x81, *range(0x90, 0x99)])
"""Heaters, valves, fans and supply of an AMS that can dry. [K PYB]"""
_FIRMWARE_HEALTH: Final[Mapping[tuple[int, int], Meaning]] = {
    (0x04, 0x0001_0044): Meaning("The firmware of {ams} does not fit the printer's.", _FIRMWARE),
    (0x05, 0x0001_0010): Meaning("The firmware of {ams} does not fit the printer's.", _FIRMWARE),
    (0x05, 0x0001_0014): Meaning("{ams} is not accepted by the printer.", _CABLE),
}
"""Part and code of a health message of module 05; its second byte is the unit."""
_UNKNOWN_TAGS = range(0x0002_0010, 0x0002_0020)
"""0500-0400: tags of slot 1 of A to slot 4 of D, one code each."""


def ams_error(print_error: int) -> Meaning | None:
    """Return what a print_error of an AMS says; None for what is none."""
    module, unit, low = _bytes_of(print_error)
    known = {AMS_MODULE: _ERRORS, 0x05: _MAINBOARD_ERRORS}.get(module, {})
    meaning = known.get(low)
    return _named(meaning, unit, slot=0) if meaning is not None and _is_unit(unit) else None


def ams_health(attr: int, code: int) -> Meaning | None:
    """Return what a health message of an AMS says; None for what is none."""
    module, unit, low = _bytes_of(attr)
    part = low >> 8
    if not _is_unit(unit) or low & 0xFF:
        return None
    if module == 0x05:
        if part == 0x04 and code in _UNKNOWN_TAGS:
            unit, slot = divmod(code - _UNKNOWN_TAGS.start, SLOTS)
            return _named(_HEALTH[_TAG_READER, 0x0002_0002], unit, slot)
        meaning = _FIRMWARE_HEALTH.get((part, code))
        return _named(meaning, unit, slot=0) if meaning else None
    if module != AMS_MODULE:
        return None
    group, slot = part & 0xF0, part & 0x0F
    if group not in _SLOTTED or slot >= SLOTS:
        group, slot = part, 0
    meaning = _HEALTH.get((group, code))
    if meaning is None and part in _DRYER_PARTS:
        meaning = Meaning("{ams}: its dryer needs attention.", _DRYING)
    return _named(meaning, unit, slot) if meaning else None


def _bytes_of(number: int) -> tuple[int, int, int]:
    return number >> 24 & 0xFF, number >> 16 & 0xFF, number & 0xFFFF


def _is_unit(unit: int) -> bool:
    return unit < UNITS or unit == EXTERNAL


def _named(meaning: Meaning, unit: int, slot: int) -> Meaning:
    is_external = unit == EXTERNAL
    ams = "external spool" if is_external else f"AMS {chr(ord('A') + unit)}"
    place = ams if is_external else f"{ams} slot {slot + 1}"
    text = meaning.text.format(ams=ams, slot=place)
    return Meaning(text[0].upper() + text[1:], meaning.advice)
