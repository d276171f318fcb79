"""Merging the printer's messages and reading the result; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from contracts.loaded import Loaded, LoadedFilament
from contracts.sentences import Sentence
from edge.bambu.codes.decode import error_fault, hms_fault
from edge.bambu.messages import HealthItem, Json, PushStatus, Version, model_of_serial
from edge.bambu.parts import UPDATE_OVER, read_parts
from edge.parts import Parts, Spool
from edge.printer import Echo, Fault, PrinterReport, PrinterState

FULL = 0
"""The `msg` of a full report; 1 is a delta. [K PYB, STU]"""
_KEYED_LISTS = frozenset({"ams", "tray"})
"""A delta may carry part of these; their items are known by id. [S BDY, PYB]"""

STAGES: Mapping[int, str] = {
    1: "levelling the bed",
    2: "heating the bed",
    3: "measuring vibrations",
    4: "changing the filament",
    5: Sentence.PAUSED_BY_PROGRAM,
    6: Sentence.PAUSED_FILAMENT_OUT,
    7: "heating the nozzle",
    8: "calibrating the flow",
    13: "homing",
    14: "cleaning the nozzle",
    15: "checking the nozzle's temperature",
    16: Sentence.PAUSED_BY_PERSON,
    17: Sentence.PAUSED_FRONT_COVER,
    19: "calibrating the extrusion",
    20: Sentence.PAUSED_NOZZLE_TEMPERATURE,
    21: Sentence.PAUSED_BED_TEMPERATURE,
    22: "unloading filament",
    23: Sentence.PAUSED_LOST_STEPS,
    24: "loading filament",
    25: "calibrating the motors' noise",
    26: Sentence.PAUSED_NO_AMS,
    27: Sentence.PAUSED_FAN,
    28: Sentence.PAUSED_CHAMBER_TEMPERATURE,
    29: "cooling the chamber",
    30: Sentence.PAUSED_BY_PROGRAM,
    32: Sentence.PAUSED_NOZZLE_COVERED,
    33: Sentence.PAUSED_CUTTER,
    34: Sentence.PAUSED_FIRST_LAYER,
    35: Sentence.PAUSED_NOZZLE_CLOGGED,
}
_NO_STAGES = frozenset({0, 255, -1})
"""Printing, and the idle of P1 and X1."""
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
    parts = read_parts(wire)
    return PrinterReport(
        session=stamp.session,
        received_at=stamp.received_at,
        full_at=stamp.full_at,
        is_full=stamp.is_full,
        state=printer_state,
        subtask_name=wire.subtask_name,
        subtask_id=wire.subtask_id,
        task_id=wire.task_id,
        file_name=wire.gcode_file,
        print_kind=wire.print_type,
        percent=None if wire.mc_percent is None else min(max(wire.mc_percent, 0), 100),
        layer=_not_negative(wire.layer_num),
        total_layers=_not_negative(wire.total_layer_num),
        minutes_left=_not_negative(wire.mc_remaining_time),
        # Idle printers have shown stage 0 after boot: it means something only at work. [K PYB]
        stage=_stage(wire.stg_cur) if is_busy else None,
        stages_ahead=tuple(STAGES[n] for n in wire.stg if isinstance(n, int) and n in STAGES),
        nozzle_c=_celsius(wire.nozzle_temper),
        nozzle_target_c=_celsius(wire.nozzle_target_temper),
        bed_c=_celsius(wire.bed_temper),
        bed_target_c=_celsius(wire.bed_target_temper),
        faults=_faults_of(wire),
        loaded=_loaded_of(wire, parts, serial, version),
        firmware=version.firmware,
        has_storage=wire.sdcard is not False,
        is_updating=wire.upgrade_state.status not in UPDATE_OVER,
        light_on=_light_of(wire),
        speed_level=wire.spd_lvl,
        speed_percent=_not_negative(wire.spd_mag),
        skipped_objects=tuple(i for i in wire.s_obj if isinstance(i, int)),
        parts=parts,
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


def _stage(number: int | None) -> str | None:
    """Return what a stage means; one that no P1S is known to show keeps its number."""
    if number is None or number in _NO_STAGES:
        return None
    return STAGES.get(number, f"stage {number}")


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


def _loaded_of(wire: PushStatus, parts: Parts, serial: str, version: Version) -> Loaded:
    return Loaded(
        model=version.model or model_of_serial(serial),
        nozzle_mm=_not_below_zero(wire.nozzle_diameter),
        has_ams=bool(wire.ams.ams),
        filaments=tuple(_filament(spool) for spool in parts.spools),
    )


def _not_below_zero(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _filament(spool: Spool) -> LoadedFilament:
    color = spool.colors[0] if spool.colors else ""
    return LoadedFilament(
        slot=spool.slot, type=spool.material, color=color, remaining_g=_remaining_g(spool)
    )


def _remaining_g(spool: Spool) -> float | None:
    """Return what is left on a spool, to the percent that the AMS tells; None if it doesn't."""
    if spool.full_g is None or spool.remaining_percent is None:
        return None
    return round(spool.full_g * spool.remaining_percent / 100, 1)
