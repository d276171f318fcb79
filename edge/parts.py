"""What a printer says of its parts, beside the print; None where it doesn't say."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Fans:
    """How fast the fans turn, each 0-100 %."""

    part: int | None = None
    """Blows at what was just printed."""
    auxiliary: int | None = None
    chamber: int | None = None
    heatbreak: int | None = None


class Card(StrEnum):
    """What the printer says of its memory card."""

    PRESENT = "present"
    MISSING = "missing"
    FAULTY = "faulty"


@dataclass(frozen=True)
class AmsUnit:
    """One box that feeds filament: 0 is the first; `humidity_level` 1 (wet) to 5 (dry)."""

    index: int
    humidity_level: int | None
    temperature_c: float | None


@dataclass(frozen=True)
class Spool:
    """A filament and its place; slots as in Loaded. None: not told."""

    slot: int
    material: str
    material_id: str | None
    """The maker's number of the material: GFL99 is any PLA."""
    brand: str | None
    colors: tuple[str, ...]
    """#RRGGBB; several for a filament of many colours."""
    full_g: float | None
    remaining_percent: int | None
    diameter_mm: float | None
    nozzle_min_c: float | None
    nozzle_max_c: float | None
    bed_c: float | None
    drying_c: float | None
    drying_h: float | None
    pressure_advance: float | None
    tag: str | None
    """The number of the tag on the maker's own spools."""


@dataclass(frozen=True)
class Feed:
    """Which filament is in the extruder; slots as in Loaded, None for none."""

    active_slot: int | None = None
    target_slot: int | None = None
    is_at_extruder: bool | None = None
    """What the sensor at the extruder says."""


@dataclass(frozen=True)
class FirmwareUpdate:
    """A firmware update that runs, in the printer's words; `percent` 0-100."""

    module: str
    message: str
    percent: int | None


@dataclass(frozen=True)
class Parts:
    """All of it."""

    fans: Fans = Fans()
    card: Card = Card.PRESENT
    ams: tuple[AmsUnit, ...] = ()
    spools: tuple[Spool, ...] = ()
    feed: Feed = Feed()
    program_line: int | None = None
    """Where in the file's program it is."""
    homed: frozenset[str] = frozenset()
    """Which of "x", "y" and "z" know where they are."""
    wifi_dbm: int | None = None
    address: str | None = None
    """The IPv4 address that the printer says it has."""
    nozzle_material: str | None = None
    records: bool | None = None
    """Whether the camera's pictures are recorded."""
    records_timelapse: bool | None = None
    update: FirmwareUpdate | None = None
