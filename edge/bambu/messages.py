"""The messages to and from the printer, as they stand on the wire."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from edge.printer import (
    ClearError,
    Order,
    Pause,
    Resume,
    SetLight,
    SetSpeed,
    SkipObjects,
    Start,
    Stop,
)

Json = dict[str, Any]
MAX_REQUEST_BYTES = 4000
"""The printer's buffer holds about 4 KB. [K1 ADR2]"""

_OBJECT: TypeAdapter[Json] = TypeAdapter(Json)


def parse_message(payload: bytes) -> Json | None:
    """Return the object in a message; None if there is none.

    Bad UTF-8 becomes U+FFFD, and control characters may stand in texts. [S BDY]
    """
    try:
        text = payload.decode(errors="replace")
        return _OBJECT.validate_python(json.loads(text, strict=False))
    except (ValueError, ValidationError, RecursionError):
        return None


def get_version(sequence_id: str) -> Json:
    """Ask for firmware and product name."""
    return {"info": {"sequence_id": sequence_id, "command": "get_version"}}


def push_all(sequence_id: str) -> Json:
    """Ask for one full report; at most every 5 minutes, for it slows the printer. [K OBA]"""
    body = {"sequence_id": sequence_id, "command": "pushall", "version": 1, "push_target": 1}
    return {"pushing": body}


def push_start(sequence_id: str) -> Json:
    """Ask for the stream of changes again after silence. [K PYB]"""
    return {"pushing": {"sequence_id": sequence_id, "command": "start"}}


def message_of(order: Order, sequence_id: str) -> Json:
    """Return the message that carries an order."""
    if isinstance(order, Start):
        return project_file(order, sequence_id)
    if isinstance(order, SetLight):
        return _light(order, sequence_id)
    body: Json = {"sequence_id": sequence_id}
    match order:
        case Pause():
            body |= {"command": "pause", "param": ""}
        case Resume():
            body |= {"command": "resume", "param": ""}
        case Stop():
            body |= {"command": "stop", "param": ""}
        case SetSpeed(level):
            body |= {"command": "print_speed", "param": str(level)}
        case SkipObjects(ids):
            body |= {"command": "skip_objects", "obj_list": list(ids)}
        case ClearError():
            body |= {"command": "clean_print_error"}
    return {"print": body}


def project_file(order: Start, sequence_id: str) -> Json:
    """Return the one message that starts a print; ids are strings below 2^31. [K BDY#1042]"""
    sid = str(order.sid)
    return {
        "print": {
            "sequence_id": sequence_id,
            "command": "project_file",
            "param": order.gcode_path,
            "url": f"ftp:///{order.file_name}",
            "file": order.file_name,
            "md5": "",
            "project_id": "0",
            "profile_id": "0",
            "task_id": sid,
            "subtask_id": sid,
            "subtask_name": order.name,
            "bed_type": "auto",
            "timelapse": False,
            "bed_leveling": True,
            "flow_cali": False,
            "vibration_cali": True,
            "layer_inspect": False,
            "use_ams": order.use_ams,
            "ams_mapping": list(order.ams_mapping),
        }
    }


def _light(order: SetLight, sequence_id: str) -> Json:
    # All timing fields are needed. [K]
    return {
        "system": {
            "sequence_id": sequence_id,
            "command": "ledctrl",
            "led_node": "chamber_light",
            "led_mode": "on" if order.on else "off",
            "led_on_time": 500,
            "led_off_time": 500,
            "loop_times": 0,
            "interval_time": 0,
        }
    }


def _int_or_none(value: object) -> int | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float | str):
        try:
            return int(float(value))
        except (ValueError, OverflowError):
            return None
    return None


def _float_or_none(value: object) -> float | None:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = float(value)
        except ValueError:
            return None
        return number if abs(number) < 1e6 else None
    return None


def _text(value: object) -> str:
    return str(value)[:500] if isinstance(value, str | int) else ""


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


LenientInt = Annotated[int | None, BeforeValidator(_int_or_none)]
LenientFloat = Annotated[float | None, BeforeValidator(_float_or_none)]
LenientText = Annotated[str, BeforeValidator(_text)]
LenientList = Annotated[list[Any], BeforeValidator(_items)]
LenientObject = Annotated[Json, BeforeValidator(_mapping)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class HealthItem(_Wire):
    """One entry of `hms`."""

    attr: LenientInt = None
    code: LenientInt = None


class Tray(_Wire):
    """A filament's place; an empty one has only its id."""

    id: LenientText = ""
    tray_type: LenientText = ""
    tray_color: LenientText = ""
    remain: LenientInt = None
    """Percent; -1: the AMS can't tell. [K PYB]"""
    tray_weight: LenientFloat = None
    """Grams of filament on a full spool; 0: not known, here and below."""
    tray_info_idx: LenientText = ""
    tray_sub_brands: LenientText = ""
    cols: LenientList = Field(default_factory=list)
    tray_diameter: LenientFloat = None
    nozzle_temp_min: LenientFloat = None
    nozzle_temp_max: LenientFloat = None
    bed_temp: LenientFloat = None
    tray_temp: LenientFloat = None
    """To dry it at, °C."""
    tray_time: LenientFloat = None
    """To dry it for, hours."""
    k: LenientFloat = None
    tag_uid: LenientText = ""


class Ams(_Wire):
    """One unit in `ams.ams`, without its trays."""

    id: LenientInt = None
    humidity: LenientInt = None
    temp: LenientFloat = None


class AmsSystem(_Wire):
    """The object `ams`: the units and what is fed from them."""

    ams: LenientList = Field(default_factory=list)
    tray_now: LenientInt = None
    tray_tar: LenientInt = None


class Upgrade(_Wire):
    """The object `upgrade_state`."""

    status: LenientText = ""
    progress: LenientText = ""
    message: LenientText = ""
    module: LenientText = ""


class PushStatus(_Wire):
    """The merged `print` object; a field of a wrong type counts as missing.

    What is left out says nothing of a P1S that anybody acts on: the cloud's fields
    (project_id, profile_id, gcode_file_prepare_percent, upload, queue_*), chamber_temper
    (there is no sensor: always 5), fan_gear, flag3, k and the versions of single parts. [K]
    """

    gcode_state: LenientText = ""
    subtask_name: LenientText = ""
    subtask_id: LenientText = ""
    task_id: LenientText = ""
    gcode_file: LenientText = ""
    print_type: LenientText = ""
    mc_percent: LenientInt = None
    mc_remaining_time: LenientInt = None
    layer_num: LenientInt = None
    total_layer_num: LenientInt = None
    stg_cur: LenientInt = None
    nozzle_temper: LenientFloat = None
    nozzle_target_temper: LenientFloat = None
    bed_temper: LenientFloat = None
    bed_target_temper: LenientFloat = None
    print_error: LenientInt = None
    hms: LenientList = Field(default_factory=list)
    nozzle_diameter: LenientFloat = None
    sdcard: Any = None
    nozzle_type: LenientText = ""
    spd_lvl: LenientInt = None
    spd_mag: LenientInt = None
    cooling_fan_speed: LenientInt = None
    big_fan1_speed: LenientInt = None
    big_fan2_speed: LenientInt = None
    heatbreak_fan_speed: LenientInt = None
    home_flag: LenientInt = None
    hw_switch_state: LenientInt = None
    mc_print_line_number: LenientInt = None
    wifi_signal: LenientText = ""
    lights_report: LenientList = Field(default_factory=list)
    s_obj: LenientList = Field(default_factory=list)
    stg: LenientList = Field(default_factory=list)
    net: LenientObject = Field(default_factory=dict)
    ipcam: LenientObject = Field(default_factory=dict)
    ams: Annotated[AmsSystem, BeforeValidator(_mapping)] = AmsSystem()
    vt_tray: LenientObject = Field(default_factory=dict)
    upgrade_state: Annotated[Upgrade, BeforeValidator(_mapping)] = Upgrade()


class Version(_Wire):
    """What `get_version` told."""

    firmware: str | None
    model: str | None


_MODEL_OF_PRODUCT = {"Bambu Lab P1S": "C12", "Bambu Lab P1P": "C11"}
_MODEL_OF_SERIAL = {"01P": "C12", "01S": "C11"}


def model_of_serial(serial: str) -> str:
    """Return the maker's model id from the serial's prefix, or "unknown". [K PYB, BPM]"""
    return _MODEL_OF_SERIAL.get(serial[:3].upper(), "unknown")


def parse_version(info: Json) -> Version:
    """Return firmware and model from the answer; the shape changed with firmware 01.08. [K]"""
    for module in _items(info.get("module")):
        entry = _mapping(module)
        if entry.get("name") == "ota":
            product = _text(entry.get("product_name"))
            model = _MODEL_OF_PRODUCT.get(product) or _text(entry.get("project_name"))[:32] or None
            return Version(firmware=_text(entry.get("sw_ver"))[:32] or None, model=model)
    return Version(firmware=None, model=None)
