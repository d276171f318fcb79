"""The answer to get_version, by firmware. Pure. [K] PYB, values partly from a P1P capture"""

from typing import Any

from edge.simulator.switches import version_of

_NEW_SHAPE_FROM = (1, 8)
_PROJECT_NAMES = {"ota": "C12", "esp32": "C12", "mc": "P1", "th": "P1"}
PRODUCT = "Bambu Lab P1S"


def version_modules(serial: str, firmware: str, *, has_ams: bool) -> list[dict[str, Any]]:
    """Return the modules: with product_name from 01.08 on, with project_name before."""
    rows = [
        ("ota", firmware, "OTA", "00.00.00.00", serial),
        ("esp32", "01.11.35.64", "AP04", "00.00.00.00", f"{serial[:3]}E{serial[4:]}"),
        ("mc", "00.01.32.85", "MC07", "00.00.00.23", f"{serial[:3]}M{serial[4:]}"),
        ("th", "00.00.09.95", "TH09", "00.00.00.14", f"{serial[:3]}T{serial[4:]}"),
    ]
    if has_ams:
        rows.append(("ams/0", "00.00.06.49", "AMS08", "00.00.00.00", f"006{serial[3:]}"))
    is_new = version_of(firmware) >= _NEW_SHAPE_FROM
    return [_module(row, is_new=is_new) for row in rows]


def _module(row: tuple[str, str, str, str, str], *, is_new: bool) -> dict[str, Any]:
    name, sw_ver, hw_ver, loader_ver, sn = row
    module: dict[str, Any] = {
        "name": name,
        "sw_ver": sw_ver,
        "hw_ver": hw_ver,
        "loader_ver": loader_ver,
        "sn": sn,
    }
    if is_new:
        is_ota = name == "ota"
        flag = 3 if is_ota else 0
        return module | {
            "product_name": PRODUCT if is_ota else "",
            "visible": is_ota,
            "flag": flag,
        }
    if name in _PROJECT_NAMES:
        module["project_name"] = _PROJECT_NAMES[name]
    return module
