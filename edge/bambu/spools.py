"""Reading what an AMS or a person says of each spool; pure."""

from pydantic import ValidationError

from edge.bambu.messages import PushStatus, Tray
from edge.parts import Spool

TRAYS_PER_UNIT = 4
EXTERNAL_SLOT = 254
_NO_TAG = frozenset({"", "0" * 16})


def read_spools(wire: PushStatus) -> tuple[Spool, ...]:
    """Return every spool that is told of, AMS first; an empty place is none."""
    found = [spool for unit in wire.ams.ams for spool in _of_unit(unit)]
    outside = _spool(EXTERNAL_SLOT, wire.vt_tray)
    return tuple(found if outside is None else [*found, outside])


def slot_of(unit: object, tray: object) -> int | None:
    """Return the place that two ids from the wire name, None for no place of an AMS."""
    if not (str(unit).isdecimal() and str(tray).isdecimal()):
        return None
    slot = int(str(unit)) * TRAYS_PER_UNIT + int(str(tray))
    return slot if slot < EXTERNAL_SLOT else None


def _of_unit(unit: object) -> list[Spool]:
    trays = unit.get("tray") if isinstance(unit, dict) else None
    if not isinstance(unit, dict) or not isinstance(trays, list):
        return []
    found = []
    for tray in trays:
        slot = slot_of(unit.get("id"), tray.get("id")) if isinstance(tray, dict) else None
        spool = None if slot is None else _spool(slot, tray)
        if spool is not None:
            found.append(spool)
    return found


def _spool(slot: int, tray: object) -> Spool | None:
    try:
        wire = Tray.model_validate(tray)
    except ValidationError:
        return None
    if not wire.tray_type:
        return None
    return Spool(
        slot=slot,
        material=wire.tray_type[:32],
        material_id=wire.tray_info_idx[:32] or None,
        brand=wire.tray_sub_brands[:64] or None,
        colors=_colors(wire),
        full_g=_above_zero(wire.tray_weight),
        remaining_percent=wire.remain if wire.remain in range(101) else None,
        diameter_mm=_above_zero(wire.tray_diameter),
        nozzle_min_c=_above_zero(wire.nozzle_temp_min),
        nozzle_max_c=_above_zero(wire.nozzle_temp_max),
        bed_c=_above_zero(wire.bed_temp),
        drying_c=_above_zero(wire.tray_temp),
        drying_h=_above_zero(wire.tray_time),
        pressure_advance=_above_zero(wire.k),
        tag=None if wire.tag_uid in _NO_TAG else wire.tag_uid[:64],
    )


def _colors(wire: Tray) -> tuple[str, ...]:
    several = [text for text in wire.cols if isinstance(text, str)]
    told = several if len(several) > 1 else [wire.tray_color]
    return tuple(f"#{text[:6].upper()}" for text in told if len(text) >= len("RRGGBB"))


def _above_zero(value: float | None) -> float | None:
    """Return what is told; 0 stands for "not known". [K1 PYB tests]"""
    return value if value is not None and value > 0 else None
