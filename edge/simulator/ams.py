"""What is loaded: the AMS's trays and the external spool, as reports show them. Pure."""

from dataclasses import dataclass, replace
from typing import Any

TRAYS_PER_AMS = 4
EXTERNAL, NONE_LOADED = "254", "255"
FEEDING = ("tray_tar", "tray_now", "tray_pre")
"""Which filament is in the extruder, will be, and was."""
_TRAY: dict[str, Any] = {
    "remain": -1,
    "k": 0.02,
    "n": 1,
    "cali_idx": -1,
    "tag_uid": "0000000000000000",
    "tray_id_name": "",
    "tray_info_idx": "GFL99",
    "tray_type": "PLA",
    "tray_sub_brands": "",
    "tray_color": "161616FF",
    "tray_weight": "0",
    "tray_diameter": "0.00",
    "tray_temp": "0",
    "tray_time": "0",
    "bed_temp_type": "0",
    "bed_temp": "0",
    "nozzle_temp_max": "240",
    "nozzle_temp_min": "190",
    "xcam_info": "000000000000000000000000",
    "tray_uuid": "00000000000000000000000000000000",
}


@dataclass(frozen=True)
class Filament:
    """A spool: material and RRGGBBAA."""

    kind: str
    color: str
    info_idx: str = "GFL99"
    nozzle_min_c: str = "190"
    nozzle_max_c: str = "240"


DEFAULT_SPOOL = Filament("PLA", "161616FF")


@dataclass(frozen=True)
class Loaded:
    """What is loaded."""

    trays: tuple[Filament | None, ...] = ()
    """The trays of one AMS, None for an empty slot; no trays at all means no AMS."""
    spool: Filament | None = DEFAULT_SPOOL
    """On the external holder, as somebody has said it: nothing senses it."""
    reads_on_insert: bool = True
    reads_at_start: bool = False

    @property
    def has_ams(self) -> bool:
        """Whether an AMS is attached."""
        return bool(self.trays)

    def holds(self, tray: int) -> bool:
        """Whether this global tray has filament."""
        return 0 <= tray < len(self.trays) and self.trays[tray] is not None

    def with_tray(self, tray: int, filament: Filament | None) -> "Loaded":
        """Return it with one tray filled or emptied; raise ValueError if there is no such tray."""
        if not 0 <= tray < len(self.trays):
            raise ValueError(f"no tray {tray}")
        trays = list(self.trays)
        trays[tray] = filament
        return replace(self, trays=tuple(trays))


def spool_or_none(text: str) -> Filament | None:
    """Return the filament in "TYPE:RRGGBB[AA]", None for "none"; raise ValueError."""
    kind, _, color = text.partition(":")
    if text == "none":
        return None
    if not kind or len(color) not in {6, 8}:
        raise ValueError("TYPE:RRGGBB is expected")
    return Filament(kind, color.upper().ljust(8, "F"))


def loaded(filaments: tuple[Filament, ...]) -> Loaded:
    """Return an AMS with these in its first slots; no filaments mean no AMS."""
    if not filaments:
        return Loaded()
    return Loaded(tuple(filaments) + (None,) * (TRAYS_PER_AMS - len(filaments)))


def ams_block(content: Loaded, *, tray_now: str = "") -> dict[str, Any]:
    """Return the `ams` object; an empty slot has nothing but its id. [K1] PYB tests"""
    bits = sum(1 << slot for slot in range(len(content.trays)) if content.holds(slot))
    trays = [
        {"id": str(slot)} if filament is None else {"id": str(slot), **_tray(filament)}
        for slot, filament in enumerate(content.trays)
    ]
    units = [{"id": "0", "humidity": "3", "temp": "0.0", "tray": trays}] if trays else []
    resting = NONE_LOADED if content.has_ams else EXTERNAL
    return {
        "ams": units,
        "ams_exist_bits": "1" if units else "0",
        "tray_exist_bits": f"{bits:x}",
        "tray_is_bbl_bits": "0",
        "tray_tar": tray_now or NONE_LOADED,
        "tray_now": tray_now or resting,
        "tray_pre": tray_now or resting,
        "tray_read_done_bits": "0",
        "tray_reading_bits": "0",
        "version": 1,
        "insert_flag": content.reads_on_insert,
        "power_on_flag": content.reads_at_start,
    }


def external_spool(content: Loaded) -> dict[str, Any]:
    """Return the `vt_tray` object."""
    nothing = {"tray_type": "", "tray_info_idx": "", "tray_color": "00000000"}
    return {"id": EXTERNAL, **_TRAY, "remain": 0, **_own(content.spool, nothing)}


def user_setting(content: Loaded, request: dict[str, Any]) -> Loaded:
    """Return the content after an ams_user_setting: when trays are read by their tags. [S]"""
    return replace(
        content,
        reads_on_insert=request.get("tray_read_option", content.reads_on_insert) is True,
        reads_at_start=request.get("startup_read_option", content.reads_at_start) is True,
    )


def filament_setting(content: Loaded, request: dict[str, Any]) -> Loaded | None:
    """Return the content after an ams_filament_setting, None if there is no such tray."""
    tray, unit = request.get("tray_id"), request.get("ams_id")
    if not isinstance(tray, int):
        return None
    if str(unit) == NONE_LOADED or str(tray) == EXTERNAL:
        return replace(content, spool=_set(content.spool, request))
    if unit != 0 or not 0 <= tray < len(content.trays):
        return None
    return content.with_tray(tray, _set(content.trays[tray], request))


def _set(old: Filament | None, request: dict[str, Any]) -> Filament:
    old = old or Filament("", "161616FF")
    return Filament(
        str(request.get("tray_type", old.kind)),
        str(request.get("tray_color", old.color)),
        str(request.get("tray_info_idx", old.info_idx)),
        str(request.get("nozzle_temp_min", old.nozzle_min_c)),
        str(request.get("nozzle_temp_max", old.nozzle_max_c)),
    )


def _tray(filament: Filament) -> dict[str, Any]:
    return {**_TRAY, **_own(filament, {}), "ctype": 0, "cols": [filament.color]}


def _own(filament: Filament | None, nothing: dict[str, Any]) -> dict[str, Any]:
    if filament is None:
        return nothing
    return {
        "tray_info_idx": filament.info_idx,
        "tray_type": filament.kind,
        "tray_color": filament.color,
        "nozzle_temp_max": filament.nozzle_max_c,
        "nozzle_temp_min": filament.nozzle_min_c,
    }
