"""What a line of G-code from outside changes in the report: heat and fans. Pure. [S] BLA"""

import re
from typing import Any

MAX_NOZZLE_C, MAX_BED_C = 300, 100
FAN_STEPS, FAN_FULL = 15, 255
_HEAT = re.compile(r"^M(104|109|140|190)\b[^;\n]*?\bS(\d+(?:\.\d+)?)")
_FAN = re.compile(r"^M106\b[^;\n]*?\bS(\d+(?:\.\d+)?)")
_FAN_OFF = re.compile(r"^M107\b")
_FAN_NUMBER = re.compile(r"\bP([123])\b")
_NOZZLE = frozenset({"104", "109"})
_FANS = {"1": "cooling_fan_speed", "2": "big_fan1_speed", "3": "big_fan2_speed"}


def changes_by(gcode: str) -> dict[str, Any]:
    """Return the report's keys that these lines change, the last one counting."""
    changes: dict[str, Any] = {}
    for line in gcode.upper().splitlines():
        if heat := _HEAT.match(line):
            is_nozzle = heat[1] in _NOZZLE
            limit_c = MAX_NOZZLE_C if is_nozzle else MAX_BED_C
            key = "nozzle_target_temper" if is_nozzle else "bed_target_temper"
            changes[key] = min(round(float(heat[2])), limit_c)
        elif fan := _FAN.match(line):
            share = min(float(fan[1]), FAN_FULL) / FAN_FULL
            changes[_fan_of(line)] = str(round(share * FAN_STEPS))
        elif _FAN_OFF.match(line):
            changes[_fan_of(line)] = "0"
    return changes


def _fan_of(line: str) -> str:
    number = _FAN_NUMBER.search(line)
    return _FANS[number[1] if number else "1"]
