"""The printer's report: the key set and value types of an ESP32 printer, and its deltas. Pure.

[K1] PYB tests: both P1P fixtures have these 63 keys in this order.
"""

import copy
from typing import Any

Report = dict[str, Any]

_TRAY: Report = {
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
TRAYS_PER_AMS = 4


def little_endian_ip(host: str) -> int:
    """Return an IPv4 address as the report shows it. [K] PYB"""
    return int.from_bytes(bytes(int(part) for part in host.split(".")), "little")


def ams_block(filaments: tuple[tuple[str, str], ...]) -> Report:
    """Return the `ams` object for one AMS with these (type, RRGGBBAA), or for none."""
    block: Report = {
        "ams": [],
        "ams_exist_bits": "0",
        "tray_exist_bits": "0",
        "tray_is_bbl_bits": "0",
        "tray_tar": "255",
        "tray_now": "254",
        "tray_pre": "254",
        "tray_read_done_bits": "0",
        "tray_reading_bits": "0",
        "version": 1,
        "insert_flag": True,
        "power_on_flag": False,
    }
    if not filaments:
        return block
    trays: list[Report] = []
    bits = 0
    for slot in range(TRAYS_PER_AMS):
        if slot >= len(filaments):
            trays.append({"id": str(slot)})
            continue
        kind, color = filaments[slot]
        bits |= 1 << slot
        trays.append(
            {
                "id": str(slot),
                **_TRAY,
                "tray_type": kind,
                "tray_color": color,
                "ctype": 0,
                "cols": [color],
            }
        )
    block["ams"] = [{"id": "0", "humidity": "3", "temp": "0.0", "tray": trays}]
    block.update(ams_exist_bits="1", tray_exist_bits=f"{bits:x}", tray_now="255")
    return block


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
    "wifi_signal": "-42dBm",
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
    "home_flag": 224477464,
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
    "vt_tray": {"id": "254", **_TRAY, "remain": 0},
    "lights_report": [{"node": "chamber_light", "mode": "on"}],
}


def idle_report(host: str, filaments: tuple[tuple[str, str], ...]) -> Report:
    """Return the full report of a printer that has just booted."""
    report = copy.deepcopy(_TEMPLATE)
    report["net"]["info"] = [{"ip": little_endian_ip(host), "mask": 16777215}]
    report["ams"] = ams_block(filaments)
    return report


def delta(before: Report, after: Report) -> Report:
    """Return the keys that changed: P1 printers send nothing else in a delta. [K1] OBA"""
    return {key: value for key, value in after.items() if before.get(key) != value}


def snapshot(report: Report) -> Report:
    """Return a copy that later changes don't reach."""
    return copy.deepcopy(report)


def version_modules(serial: str, firmware: str, *, has_ams: bool) -> list[Report]:
    """Return the modules of get_version in the shape of firmware >= 01.08. [K] PYB"""
    rows = [
        ("ota", firmware, "OTA", "00.00.00.00", serial, "Bambu Lab P1S", True, 3),
        ("esp32", "01.11.35.64", "AP04", "00.00.00.00", "", "", False, 0),
        ("mc", "00.01.32.85", "MC07", "00.00.00.23", "", "", False, 0),
        ("th", "00.00.09.95", "TH09", "00.00.00.14", "", "", False, 0),
    ]
    if has_ams:
        rows.append(("ams/0", "00.00.06.49", "AMS08", "00.00.00.00", "", "", False, 0))
    keys = ("name", "sw_ver", "hw_ver", "loader_ver", "sn", "product_name", "visible", "flag")
    return [dict(zip(keys, row, strict=True)) for row in rows]
