"""The health messages (HMS) of a P1S itself, in our words. [K PYB, BDY, STU]"""

from collections.abc import Iterator, Mapping
from typing import Final

from edge.bambu.codes.numbers import DEVELOPER_MODE, Meaning

_SERVICE = "Switch the printer off and on; if it comes back, have it repaired before printing."
_RESTART = "Switch the printer off and on."
_PLUG = "Look whether the plug sits and nothing blocks it."
_PLATE = "Seat the plate properly and clean under it."
_CLEAN = "Clean the nozzle, then resume or cancel."
_BELT = "Tighten the belt and calibrate again."
_FREE = "Look whether something blocks the way, and clean the rods."
_CARD = "Check that the memory card is in, not full, not write-protected and FAT32."
_CLOUD = "Layerline doesn't need the maker's cloud: nothing to do for its prints."
_UPDATE = "Update the firmware at the printer's screen."
_DOOR = "Open the door or the lid."

_MOTORS: Final = {
    0x06: "motor A",
    0x07: "motor B",
    0x08: "the Z motor",
    0x09: "the extruder's motor",
}
_CURRENT_SENSORS: Final = {0x13: 0x06, 0x14: 0x07, 0x15: 0x08, 0x16: 0x09}
_FORCE_SENSORS: Final = {0x0A: 1, 0x0B: 2, 0x0C: 3}
_HEATERS: Final = {
    0x01: ("bed", "heater", "sensor"),
    0x02: ("nozzle", "heater", "sensor"),
    0x91: ("chamber", "first heater", "first heater's sensor"),
    0x92: ("chamber", "second heater", "second heater's sensor"),
}
_FANS: Final = {0x03: "hotend's", 0x17: "hotend's", 0x31: "part cooling", 0x04: "part cooling"}


def _motion(part: int, code: int) -> str:
    return f"0300-{part:02X}00-{code >> 16:04X}-{code & 0xFFFF:04X}"


def _motors() -> Iterator[tuple[str, Meaning]]:
    for part, name in _MOTORS.items():
        motor = name[0].upper() + name[1:]
        yield _motion(part, 0x0001_0001), Meaning(f"{motor} has an open circuit.", _SERVICE)
        yield _motion(part, 0x0001_0002), Meaning(f"{motor} has a short circuit.", _SERVICE)
        yield _motion(part, 0x0001_0003), Meaning(f"{motor}'s resistance is wrong.", _SERVICE)
    for part, motor_part in _CURRENT_SENSORS.items():
        text = f"The current sensor of {_MOTORS[motor_part]} is faulty."
        yield _motion(part, 0x0001_0001), Meaning(text, _SERVICE)


def _heaters() -> Iterator[tuple[str, Meaning]]:
    for part, (place, heater, sensor) in _HEATERS.items():
        for low, what in (
            (0x1, f"its {heater} may have a short circuit"),
            (0x2, f"its {heater} may have an open circuit"),
            (0x3, f"its {heater} is too hot"),
            (0x6, f"its {sensor} may have a short circuit"),
            (0x7, f"its {sensor} may have an open circuit"),
            (0x8, "it does not heat up as it should"),
            (0xA, "its power board may be broken"),
            (0xB, "its control may be faulty"),
            (0xC, "it has heated at full power for too long"),
        ):
            text = f"The {place}'s temperature is wrong: {what}."
            yield _motion(part, 0x0001_0000 + low), Meaning(text, _SERVICE)


def _fans() -> Iterator[tuple[str, Meaning]]:
    for part, fan in _FANS.items():
        stopped = Meaning(f"The {fan} fan turns too slowly or not at all.", _PLUG)
        yield _motion(part, 0x0001_0001), stopped
        yield _motion(part, 0x0002_0001), stopped
        yield _motion(part, 0x0002_0002), Meaning(f"The {fan} fan turns slowly.", _PLUG)


def _force_sensors() -> Iterator[tuple[str, Meaning]]:
    for part, number in _FORCE_SENSORS.items():
        for low, what in (
            (1, "feels too much: the bed may sit too tight"),
            (2, "feels too little"),
            (3, "feels nothing: its wire may be broken"),
            (4, "was disturbed: the bed may have touched something"),
            (5, "is pressed without end: the bed may be stuck"),
        ):
            text = f"The bed's force sensor {number} {what}."
            yield _motion(part, 0x0001_0000 + low), Meaning(text, _SERVICE)


def _plates() -> Iterator[tuple[str, Meaning]]:
    for low in range(0x3, 0xB):
        meaning = Meaning("The plate does not lie properly.", _PLATE)
        yield _motion(0x0D, 0x0001_0000 + low), meaning
        yield _motion(0x0D, 0x0002_0000 + low), meaning


def _chamber() -> Iterator[tuple[str, Meaning]]:
    for low, what in (
        (0x01, "its heater blows no hot air"),
        (0x02, "it may be open, or the room too cold"),
        (0x03, "its power supply is too hot"),
        (0x04, "its fan turns too slowly"),
        (0x05, "its heat does not get away"),
        (0x10, "its controller does not answer"),
    ):
        yield _motion(0x90, 0x0001_0000 + low), Meaning(f"The chamber does not heat: {what}.", None)
    for low in range(1, 9):
        text = "The chamber's temperature is wrong: a sensor of its heater is faulty."
        yield _motion(0x93, 0x0001_0000 + low), Meaning(text, _SERVICE)


_BED_OFTEN = Meaning("The bed had trouble with heating before.", _SERVICE)
_SINGLE: Final[dict[str, Meaning]] = {
    "0300-0100-0001-000D": _BED_OFTEN,
    "0300-0100-0003-0008": Meaning("The bed is limited to its highest temperature.", None),
    "0300-0200-0001-0009": Meaning("The hotend may not be installed.", "Seat the hotend."),
    "0300-0500-0001-0001": Meaning("The motors' driver is too hot.", _SERVICE),
    "0300-0D00-0001-0002": Meaning("Homing the bed failed: the table shakes.", "Set it firmly."),
    "0300-0D00-0001-000B": Meaning("The Z motor seems to be stuck.", _FREE),
    "0300-0D00-0001-000C": Meaning("The bed's levelling makes no sense.", _PLATE),
    "0300-0D00-0002-0001": Meaning("Homing the bed was doubtful.", _CLEAN),
    "0300-0F00-0001-0001": Meaning("The vibration sensor is not to be trusted.", _RESTART),
    "0300-1000-0002-0001": Meaning("The X axis swings slowly: a belt may be loose.", _BELT),
    "0300-1000-0002-0002": Meaning("The X axis swings unlike at its calibration.", _BELT),
    "0300-1100-0002-0001": Meaning("The Y axis swings slowly: a belt may be loose.", _BELT),
    "0300-1100-0002-0002": Meaning("The Y axis swings unlike at its calibration.", _BELT),
    "0300-1200-0002-0001": Meaning("The toolhead's front cover fell off.", "Put it back."),
    "0300-1800-0001-0005": Meaning("The Z motor was stuck while it moved.", _FREE),
    "0300-1800-0001-0006": Meaning("The bed's levelling makes no sense.", _PLATE),
    "0300-1A00-0002-0001": Meaning("The nozzle is covered, or the plate is crooked.", _CLEAN),
    "0300-1A00-0002-0002": Meaning("The nozzle is clogged.", _CLEAN),
    "0300-1B00-0001-0001": Meaning("The bed's vibration sensor is weak.", _SERVICE),
    "0300-1B00-0001-0002": Meaning("The bed's vibration sensor was disturbed.", _PLUG),
    "0300-1B00-0001-0003": Meaning("The bed's vibration sensor is pressed.", _SERVICE),
    "0300-1C00-0001-0001": Meaning("The extruder's motor driver is faulty.", _SERVICE),
    "0300-1D00-0001-0001": Meaning("The extruder's position sensor is faulty.", _PLUG),
    "0300-2000-0001-0001": Meaning("Homing the X axis failed: it moves too hard.", _FREE),
    "0300-2000-0001-0002": Meaning("Homing the Y axis failed: it moves too hard.", _FREE),
    "0300-2000-0001-0003": Meaning("Homing the X axis failed: a belt may be loose.", _BELT),
    "0300-2000-0001-0004": Meaning("Homing the Y axis failed: a belt may be loose.", _BELT),
    "0300-4000-0002-0001": Meaning("The printer's parts don't understand each other.", _RESTART),
    "0300-4100-0001-0001": Meaning("The mains voltage is unsteady.", "Use another socket."),
    "0300-9400-0002-0003": Meaning("The chamber did not get warm; the print goes on.", None),
    "0300-9400-0003-0001": Meaning("The chamber cools slowly.", _DOOR),
    "0300-9400-0003-0002": Meaning("The chamber's temperature was set too high.", None),
    "0300-9600-0001-0003": Meaning("The door's sensor does not work.", _PLUG),
    "0500-0100-0002-0001": Meaning("The printer's video does not work.", _RESTART),
    "0500-0100-0002-0002": Meaning("The camera has no contact.", _PLUG),
    "0500-0100-0003-0004": Meaning("The memory card is nearly full.", _CARD),
    "0500-0100-0003-0005": Meaning("The memory card is write-protected.", _CARD),
    "0500-0100-0003-0006": Meaning("The memory card is not formatted.", _CARD),
    "0500-0100-0003-0007": Meaning("No memory card: timelapses can't be recorded.", _CARD),
    "0500-0300-0001-0001": Meaning("The motion controller does not work.", _SERVICE),
    "0500-0300-0001-0002": Meaning("The toolhead does not work.", _SERVICE),
    "0500-0300-0001-0003": Meaning("The AMS does not work.", _RESTART),
    "0500-0300-0001-0004": Meaning("The filament buffer does not work.", _RESTART),
    "0500-0300-0001-000A": Meaning("The printer is confused.", "Restore its factory settings."),
    "0500-0300-0001-000B": Meaning("The printer's screen does not work.", _RESTART),
    "0500-0300-0001-000E": Meaning("An attached part's firmware does not fit.", _UPDATE),
    "0500-0300-0001-0023": Meaning("The chamber's controller does not work.", _RESTART),
    "0500-0300-0001-0024": Meaning("It is too cold to print.", "Warm the room above 10 °C."),
    "0500-0300-0001-0025": Meaning("The firmware is damaged.", _UPDATE),
    "0500-0300-0002-000C": Meaning("The printer's Wi-Fi does not work.", _RESTART),
    "0500-0300-0002-000D": Meaning("The card reader does not work.", _RESTART),
    "0500-0300-0002-000E": Meaning("An attached part's firmware does not fit.", _UPDATE),
    "0500-0300-0002-0020": Meaning("The memory card is too small for print files.", _CARD),
    "0500-0300-0003-0022": Meaning("The memory card has become slow.", _CARD),
    "0500-0400-0001-0003": Meaning("The print's file can't be read.", "Submit it again."),
    "0500-0400-0001-0004": Meaning("The printer does not accept the print's file.", None),
    "0500-0400-0001-0006": Meaning("The interrupted print could not go on.", None),
    "0500-0400-0001-0049": Meaning("The AMS does not answer as it should.", _PLUG),
    "0500-0400-0002-0007": Meaning("The bed is hot enough to soften the filament.", _DOOR),
    "0500-0400-0003-0008": Meaning("The door seems to be open.", "Close the door."),
    "0500-0400-0003-0009": Meaning("The bed is hot enough to soften the filament.", _DOOR),
    "0500-0500-0001-0001": Meaning("The mainboard's own data is damaged.", _SERVICE),
    "0500-0500-0001-0006": Meaning("The mainboard's own data is damaged.", _SERVICE),
    "0500-0500-0001-0007": Meaning("The printer takes no orders from the LAN.", DEVELOPER_MODE),
    "0500-0500-0001-000F": Meaning("An attached part's firmware does not fit.", _UPDATE),
    "0500-0500-0001-0021": Meaning("The timelapse kit is not accepted.", _PLUG),
    "0500-0500-0003-0002": Meaning("The printer is in the maker's service state.", None),
    "0C00-0100-0002-0008": Meaning("The camera gives no picture to watch the print.", _PLUG),
    "0C00-0300-0002-0010": Meaning("Something lies on the bed.", "Clear the bed."),
    "0C00-0300-0003-0006": Meaning("The purged filament may have piled up.", "Empty the chute."),
}
_INTERNAL: Final = (
    *(f"0500-0300-0001-{low:04X}" for low in (0x5, 0x6, 0x8, 0x9)),
    *(f"0300-1800-0001-{low:04X}" for low in (0x1, 0x2, 0x3, 0x4)),
)
_CLOUD_TROUBLE: Final = (
    *(f"0500-0200-0002-{low:04X}" for low in range(1, 9)),
    "0500-0300-0002-0055",
    "0500-0400-0001-0001",
    "0500-0400-0001-0002",
)

HEALTH: Final[Mapping[str, Meaning]] = (
    dict(_motors())
    | dict(_heaters())
    | dict(_fans())
    | dict(_force_sensors())
    | dict(_plates())
    | dict(_chamber())
    | dict.fromkeys(_INTERNAL, Meaning("A part inside the printer does not work.", _RESTART))
    | dict.fromkeys(_CLOUD_TROUBLE, Meaning("The printer can't use its maker's cloud.", _CLOUD))
    | _SINGLE
)
"""By code, AAAA-AAAA-CCCC-CCCC."""
