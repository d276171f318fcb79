"""What befalls a print: errors with their codes and what the printer does then. Pure."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

EXTERNAL_FEEDS_OUT = 0x07FF8011
AMS_FEEDS_OUT = 0x07008011
RUNOUT_STAGE = 6
USER_PAUSE_STAGE = 16
CARD_REMOVED = 0x0300800E


class HmsEntry(BaseModel):
    """One entry of `hms`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attr: int
    code: int


class Incident(BaseModel):
    """Strikes at a percent or layer of the running print, or at once when neither is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_percent: int | None = None
    at_layer: int | None = None
    outcome: Literal["pause", "failed", "none"] = "pause"
    print_error: int = 0
    hms: tuple[HmsEntry, ...] = ()
    stage: int = USER_PAUSE_STAGE
    needs_filament: bool = False
    """A runout: it can be resumed only after filament was loaded."""

    @property
    def is_immediate(self) -> bool:
        """Whether it waits for nothing."""
        return self.at_percent is None and self.at_layer is None

    def is_due(self, percent: int, layer: int) -> bool:
        """Whether the print has come to where it strikes."""
        has_percent = self.at_percent is not None and percent >= self.at_percent
        return has_percent or (self.at_layer is not None and layer >= self.at_layer)


def named_incidents() -> dict[str, Incident]:
    """Return incidents by name. Codes [K] PYB, tables."""
    return {
        "runout": Incident(stage=RUNOUT_STAGE, needs_filament=True),
        "nozzle-clog": Incident(print_error=0x03008016, stage=35),
        "cover-fell": Incident(print_error=0x03008005, stage=17),
        "step-loss": Incident(print_error=0x03008001, stage=23),
        "spaghetti": Incident(print_error=0x03008003, hms=(_hms(0x0C000300, 0x00030006),)),
        "homing-failed": Incident(outcome="failed", print_error=0x03004000),
        "bed-temperature": Incident(
            outcome="failed", print_error=0x03004006, hms=(_hms(0x03000100, 0x00010007),)
        ),
        "filament-change-failed": Incident(outcome="failed", print_error=0x03004008),
        "error-while-idle": Incident(outcome="none", print_error=0x05004001),
    }


def runout_codes(tray_now: str, external_error: int) -> tuple[int, tuple[HmsEntry, ...]]:
    """Return print_error and hms of a runout, by what fed the nozzle. [K] codes, [U] choice"""
    if not tray_now.isdecimal() or int(tray_now) >= 16:
        return external_error, ()
    unit, slot = divmod(int(tray_now), 4)
    attr = 0x07002000 | unit << 16 | slot << 8
    return AMS_FEEDS_OUT | unit << 16, (_hms(attr, 0x00020001),)


def _hms(attr: int, code: int) -> HmsEntry:
    return HmsEntry(attr=attr, code=code)
