"""Bed and nozzle: how fast they heat and cool. Pure. Rates are estimates. [E]"""

import math
from dataclasses import dataclass

AMBIENT_C = 23.0
NOZZLE_C_PER_S, BED_C_PER_S = 4.0, 0.6
NOZZLE_COOLING_S, BED_COOLING_S = 150.0, 600.0
"""Time constants of the fall towards the room."""
STEP = 32
"""Reports show 1/32 °C. [K1] fixtures"""
WOBBLE_C = 0.4


@dataclass(frozen=True)
class Heater:
    """One heated part."""

    now_c: float
    rate_c_per_s: float
    cooling_s: float

    def after(self, seconds: float, target_c: float) -> "Heater":
        """Return it after this time at this target."""
        if target_c > self.now_c:
            now_c = min(target_c, self.now_c + self.rate_c_per_s * seconds)
        else:
            floor_c = max(target_c, AMBIENT_C)
            excess_c = (self.now_c - AMBIENT_C) * math.exp(-seconds / self.cooling_s)
            now_c = max(floor_c, AMBIENT_C + excess_c) if self.now_c > floor_c else self.now_c
        return Heater(now_c, self.rate_c_per_s, self.cooling_s)

    def seconds_to(self, target_c: float) -> float:
        """Return how long heating up takes."""
        return max(0.0, target_c - self.now_c) / self.rate_c_per_s

    def shown(self, at_s: float) -> float:
        """Return what a report shows: 1/32 steps with a little unrest."""
        wobble_c = WOBBLE_C * math.sin(at_s / 7.0) if self.now_c > AMBIENT_C + 15 else 0.0
        return round((self.now_c + wobble_c) * STEP) / STEP


def cold_nozzle() -> Heater:
    """Return a nozzle at room temperature."""
    return Heater(25.9, NOZZLE_C_PER_S, NOZZLE_COOLING_S)


def cold_bed() -> Heater:
    """Return a bed at room temperature."""
    return Heater(23.1, BED_C_PER_S, BED_COOLING_S)


def wifi_dbm(at_s: float) -> str:
    """Return the signal, the noisiest field of all. [K1] ADR2"""
    return f"{-45 + round(4 * math.sin(at_s * 1.7))}dBm"
