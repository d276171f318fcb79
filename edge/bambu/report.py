"""Merging the printer's messages and reading the result; pure."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from contracts.loaded import Loaded, LoadedFilament
from edge.bambu.hms import error_fault, hms_fault
from edge.bambu.messages import HealthItem, Json, PushStatus, Tray, Version, model_of_serial
from edge.printer import Echo, Fault, PrinterReport, PrinterState

FULL = 0
"""The `msg` of a full report; 1 is a delta. [K PYB, STU]"""
EXTERNAL_SLOT = 254
_KEYED_LISTS = frozenset({"ams", "tray"})
"""A delta may carry part of these; their items are known by id. [S BDY, PYB]"""
_UPDATE_OVER = frozenset({"", "IDLE", "UPGRADE_SUCCESS"})

STAGES = {
    1: "levelling the bed",
    2: "heating the bed",
    3: "measuring vibrations",
    4: "changing the filament",
    5: "paused by the program",
    6: "paused: the filament ran out",
    7: "heating the nozzle",
    8: "calibrating the flow",
    13: "homing",
    14: "cleaning the nozzle",
    15: "checking the nozzle's temperature",
    16: "paused by a person",
    17: "paused: the front cover fell off",
    19: "calibrating the extrusion",
    20: "paused: the nozzle's temperature",
    21: "paused: the bed's temperature",
    22: "unloading filament",
    23: "paused: a motor lost steps",
    24: "loading filament",
    25: "calibrating the motors' noise",
    26: "paused: the AMS is gone",
    27: "paused: the heatbreak fan",
    29: "cooling the chamber",
    30: "paused by the program",
    32: "paused: the nozzle is covered",
    33: "paused: the cutter",
    34: "paused: the first layer",
    35: "paused: the nozzle is clogged",
}
_BUSY = frozenset({PrinterState.PREPARE, PrinterState.RUNNING, PrinterState.PAUSE})


def merge(state: Json, message: Json) -> Json:
    """Return the state after a message: a full report replaces it, a delta changes its keys."""
    if message.get("msg") == FULL:
        return message
    return _merge_objects(state, message)


def _merge_objects(old: Json, new: Json) -> Json:
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            merged[key] = _merge_objects(before, value)
        elif key in _KEYED_LISTS and isinstance(value, list) and isinstance(before, list):
            merged[key] = _merge_by_id(before, value)
        else:
            merged[key] = value
    return merged


def _merge_by_id(old: list[Any], new: list[Any]) -> list[Any]:
    by_id = {item["id"]: item for item in old if isinstance(item, dict) and "id" in item}
    for item in new:
        if not isinstance(item, dict) or "id" not in item:
            return new
        before = by_id.get(item["id"], {})
        # An item with nothing but its id is an empty slot.
        by_id[item["id"]] = _merge_objects(before, item) if len(item) > 1 else item
    return list(by_id.values())


@dataclass(frozen=True)
class Stamp:
    """Where and when a report came in; boot clock seconds."""

    session: str
    received_at: float
    full_at: float
    is_full: bool


def read_report(state: Json, stamp: Stamp, *, serial: str, version: Version) -> PrinterReport:
    """Return the merged state in our words; what is missing or malformed is None or unknown."""
    wire = PushStatus.model_validate(state)
    printer_state = _state_of(wire.gcode_state)
    is_busy = printer_state in _BUSY
    return PrinterReport(
        session=stamp.session,
        received_at=stamp.received_at,
        full_at=stamp.full_at,
        is_full=stamp.is_full,
        state=printer_state,
        subtask_name=wire.subtask_name,
        subtask_id=wire.subtask_id,
        percent=None if wire.mc_percent is None else min(max(wire.mc_percent, 0), 100),
        layer=_not_negative(wire.layer_num),
        total_layers=_not_negative(wire.total_layer_num),
        minutes_left=_not_negative(wire.mc_remaining_time),
        # Idle printers have shown stage 0 after boot: it means something only at work. [K PYB]
        stage=STAGES.get(wire.stg_cur or 0) if is_busy else None,
        nozzle_c=_celsius(wire.nozzle_temper),
        nozzle_target_c=_celsius(wire.nozzle_target_temper),
        bed_c=_celsius(wire.bed_temper),
        bed_target_c=_celsius(wire.bed_target_temper),
        faults=_faults_of(wire),
        loaded=_loaded_of(wire, serial, version),
        firmware=version.firmware,
        has_storage=wire.sdcard is not False,
        is_updating=str(wire.upgrade_state.get("status", "")) not in _UPDATE_OVER,
        light_on=_light_of(wire),
        speed_level=wire.spd_lvl,
        skipped_objects=tuple(i for i in wire.s_obj if isinstance(i, int)),
    )


def read_echo(body: Json, session: str) -> Echo | None:
    """Return the acknowledgement in a message; None if it is none."""
    result, sequence_id = body.get("result"), body.get("sequence_id")
    if not isinstance(result, str) or sequence_id is None:
        return None
    code = body.get("err_code")
    return Echo(
        session=session,
        sequence_id=str(sequence_id),
        is_failure=result.lower() != "success",
        reason=str(body.get("reason", ""))[:500],
        fault=error_fault(code) if isinstance(code, int) else None,
    )


def _state_of(word: str) -> PrinterState:
    try:
        return PrinterState(word)
    except ValueError:
        return PrinterState.UNKNOWN


def _not_negative(value: int | None) -> int | None:
    return None if value is None else max(value, 0)


def _celsius(value: float | None) -> float | None:
    """Return a temperature that a printer may have; anything else is a wrong reading."""
    return value if value is not None and -50 <= value <= 1000 else None


def _faults_of(wire: PushStatus) -> tuple[Fault, ...]:
    faults = []
    error = error_fault(wire.print_error or 0)
    if error is not None:
        faults.append(error)
    for entry in wire.hms:
        try:
            item = HealthItem.model_validate(entry)
        except ValidationError:
            continue
        if item.attr is not None and item.code is not None:
            faults.append(hms_fault(item.attr, item.code))
    return tuple(faults)


def _light_of(wire: PushStatus) -> bool | None:
    for light in wire.lights_report:
        if isinstance(light, dict) and light.get("node") == "chamber_light":
            return light.get("mode") == "on"
    return None


def _loaded_of(wire: PushStatus, serial: str, version: Version) -> Loaded:
    units = wire.ams.get("ams")
    filaments = []
    for unit in units if isinstance(units, list) else []:
        filaments += _filaments_of(unit)
    has_ams = bool(units)
    spool = _filament(EXTERNAL_SLOT, wire.vt_tray)
    if spool is not None:
        filaments.append(spool)
    return Loaded(
        model=version.model or model_of_serial(serial),
        nozzle_mm=_not_below_zero(wire.nozzle_diameter),
        has_ams=has_ams,
        filaments=tuple(filaments),
    )


def _not_below_zero(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _filaments_of(unit: object) -> list[LoadedFilament]:
    if not isinstance(unit, dict) or not str(unit.get("id", "")).isdecimal():
        return []
    found = []
    trays = unit.get("tray")
    for tray in trays if isinstance(trays, list) else []:
        if isinstance(tray, dict) and str(tray.get("id", "")).isdecimal():
            slot = int(unit["id"]) * 4 + int(tray["id"])
            filament = _filament(slot, tray) if slot < EXTERNAL_SLOT else None
            if filament is not None:
                found.append(filament)
    return found


def _filament(slot: int, tray: object) -> LoadedFilament | None:
    try:
        wire = Tray.model_validate(tray)
    except ValidationError:
        return None
    if not wire.tray_type:
        return None
    color = f"#{wire.tray_color[:6].upper()}" if len(wire.tray_color) >= 6 else ""
    return LoadedFilament(
        slot=slot, type=wire.tray_type[:32], color=color, remaining_g=_remaining_g(wire)
    )


def _remaining_g(tray: Tray) -> float | None:
    """Return what is left on a spool, to the percent that the AMS tells; None if it doesn't."""
    remain, weight = tray.remain, tray.tray_weight
    if remain is None or weight is None or not 0 <= remain <= 100 or weight <= 0:
        return None
    return round(weight * remain / 100, 1)
