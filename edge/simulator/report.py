"""The printer's report: the key set and value types of an ESP32 printer, and its deltas. Pure.

[K1] PYB tests: both P1P fixtures have these 63 keys in this order.
"""

import copy
import json
from typing import Any

from edge.simulator.ams import Loaded, ams_block, external_spool

Report = dict[str, Any]
HOME_FLAG_BASE = 224477464 & ~0x300
CARD_NORMAL = 0x100
URGENT = ("gcode_state", "stg_cur", "print_error", "hms")
NOISY = frozenset({"wifi_signal", "nozzle_temper", "bed_temper"})


def little_endian_ip(host: str) -> int:
    """Return an IPv4 address as the report shows it. [K] PYB"""
    return int.from_bytes(bytes(int(part) for part in host.split(".")), "little")


_TEMPLATE: Report = {
    "upgrade_state": {
        "sequence_id": 0,
        "progress": "",
        "status": "IDLE",
        "consistency_request": False,
        "dis_state": 0,
        "err_code": 0,
        "force_upgrade": False,
        "message": "0%, 0B/s",
        "module": "",
        "new_version_state": 2,
        "cur_state_code": 0,
        "idx2": 204412160,
        "new_ver_list": [],
    },
    "ipcam": {
        "ipcam_dev": "1",
        "ipcam_record": "enable",
        "timelapse": "disable",
        "resolution": "",
        "tutk_server": "disable",
        "mode_bits": 3,
    },
    "upload": {"status": "idle", "progress": 0, "message": ""},
    "net": {"conf": 0, "info": []},
    "nozzle_temper": 25.9,
    "nozzle_target_temper": 0,
    "bed_temper": 23.1,
    "bed_target_temper": 0,
    "chamber_temper": 5,
    "mc_print_stage": "1",
    "heatbreak_fan_speed": "0",
    "cooling_fan_speed": "0",
    "big_fan1_speed": "0",
    "big_fan2_speed": "0",
    "mc_percent": 0,
    "mc_remaining_time": 0,
    "ams_status": 0,
    "ams_rfid_status": 6,
    "hw_switch_state": 1,
    "spd_mag": 100,
    "spd_lvl": 2,
    "print_error": 0,
    "lifecycle": "product",
    "wifi_signal": "-45dBm",
    "gcode_state": "IDLE",
    "gcode_file_prepare_percent": "0",
    "queue_number": 0,
    "queue_total": 0,
    "queue_est": 0,
    "queue_sts": 0,
    "project_id": "0",
    "profile_id": "0",
    "task_id": "0",
    "subtask_id": "0",
    "subtask_name": "",
    "gcode_file": "",
    "stg": [],
    "stg_cur": 255,
    "print_type": "idle",
    "home_flag": HOME_FLAG_BASE | CARD_NORMAL,
    "mc_print_line_number": "0",
    "mc_print_sub_stage": 0,
    "sdcard": True,
    "force_upgrade": False,
    "mess_production_state": "active",
    "layer_num": 0,
    "total_layer_num": 0,
    "s_obj": [],
    "filam_bak": [],
    "fan_gear": 0,
    "nozzle_diameter": "0.4",
    "nozzle_type": "stainless_steel",
    "cali_version": 0,
    "k": "0.0200",
    "flag3": 671,
    "hms": [],
    "online": {"ahb": False, "rfid": False, "version": 1334604853},
    "ams": {},
    "vt_tray": {},
    "lights_report": [{"node": "chamber_light", "mode": "on"}],
}


def idle_report(host: str, content: Loaded, *, idle_stage: int, nozzle_mm: str) -> Report:
    """Return the full report of a printer that has just booted."""
    return copy.deepcopy(_TEMPLATE) | {
        "net": {"conf": 0, "info": [{"ip": little_endian_ip(host), "mask": 16777215}]},
        "stg_cur": idle_stage,
        "nozzle_diameter": nozzle_mm,
        "ams": ams_block(content),
        "vt_tray": external_spool(content),
    }


class ReportFeed:
    """Numbers the printer's messages and knows what it has told already."""

    def __init__(self) -> None:
        self._told: Report = {}
        self._number = 0

    def full(self, report: Report) -> Report:
        """Return a full push_status. [K] PYB, STU: msg 0"""
        self._told = copy.deepcopy(report)
        return self._message(self._told, 0)

    def delta(self, report: Report) -> Report | None:
        """Return what changed since the last message, None for nothing. [K1] OBA, ADR2"""
        changed = {key: value for key, value in report.items() if self._told.get(key) != value}
        if not changed:
            return None
        self._told.update(copy.deepcopy(changed))
        return self._message(copy.deepcopy(changed), 1)

    def has_news(self, report: Report) -> bool:
        """Whether anything but temperatures and signal has changed."""
        return any(
            self._told.get(key) != value for key, value in report.items() if key not in NOISY
        )

    def has_urgent_news(self, report: Report) -> bool:
        """Whether the state has changed: that never waits."""
        return any(self._told.get(key) != report[key] for key in URGENT)

    def restart(self, report: Report) -> None:
        """Begin to count anew, as after a boot; what stands now is not told unasked."""
        self._told, self._number = copy.deepcopy(report), 0

    def _message(self, body: Report, kind: int) -> Report:
        self._number += 1
        tail = {"command": "push_status", "msg": kind, "sequence_id": str(self._number)}
        return {"print": {**body, **tail}}


def encode(message: Report) -> bytes:
    """Return a message's bytes: answers are indented, reports compact. [S] BDY, PYB"""
    is_report = message.get("print", {}).get("command") == "push_status"
    layout: dict[str, Any] = {"separators": (",", ":")} if is_report else {"indent": 4}
    return json.dumps(message, ensure_ascii=False, **layout).encode(errors="replace")


def merge(state: Report, message: Report) -> None:
    """Fold a push_status into a whole state: objects merge, all else is replaced."""
    if message.get("msg") == 0:
        state.clear()
    for key, value in message.items():
        known = state.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            merge_object(known, value)
        else:
            state[key] = copy.deepcopy(value)


def merge_object(known: Report, value: Report) -> None:
    """Merge one object into another, recursively."""
    for key, inner in value.items():
        mine = known.get(key)
        if isinstance(mine, dict) and isinstance(inner, dict):
            merge_object(mine, inner)
        else:
            known[key] = copy.deepcopy(inner)
