"""The course of a job from the first heat to the end, as moments of its own time. Pure.

Durations are estimates within what is known of real ones. [E], stages [S] PYB, BDY
"""

from dataclasses import dataclass, field
from typing import Any

from edge.simulator.orders import JobOrder
from edge.simulator.program import Program
from edge.simulator.thermal import Heater

PRINTING, LEVELLING, BED_HEATING, VIBRATION = 0, 1, 2, 3
FILAMENT_CHANGE, NOZZLE_HEATING, FLOW, HOMING, CLEANING = 4, 7, 8, 13, 14
MIN_HEATING_S = 20.0
HOMING_S, CLEANING_S, VIBRATION_S, FLOW_S, LEVELLING_S = 30.0, 50.0, 70.0, 80.0, 90.0
AMS_LOADING_S = 60.0
NOZZLE_STANDBY_C = 140.0
END_GCODE_S = 30.0
"""Park and cool, still RUNNING. [E] 20-60 s"""
AMS_ASSISTS = 768


@dataclass(frozen=True)
class Moment:
    """At `at_s` of the job's own time the report changes."""

    at_s: float
    changes: dict[str, Any] = field(default_factory=dict)
    pause_stage: int | None = None
    is_end: bool = False

    @property
    def is_news(self) -> bool:
        """Whether a report goes out at once."""
        return self.is_end or self.pause_stage is not None or "stg_cur" in self.changes


@dataclass(frozen=True)
class _Phase:
    stage: int
    seconds: float
    changes: dict[str, Any] = field(default_factory=dict)


def plan(
    order: JobOrder, program: Program, *, bed: Heater, nozzle: Heater, pause_stage: int
) -> tuple[Moment, ...]:
    """Return what happens, in order; the first moment is at 0 and the last is the end."""
    phases = _phases(order, program, bed, nozzle)
    first = {
        "stg": list(dict.fromkeys(phase.stage for phase in phases)),
        "mc_print_stage": "2",
        "total_layer_num": program.total_layers,
        "mc_remaining_time": round(program.duration_s / 60),
        "heatbreak_fan_speed": "15",
        **({"ams_status": AMS_ASSISTS} if order.uses_ams else {}),
    }
    moments: list[Moment] = []
    at_s = 0.0
    for phase in phases:
        moments.append(Moment(at_s, {**first, "stg_cur": phase.stage, **phase.changes}))
        first, at_s = {}, at_s + phase.seconds
    moments.append(Moment(at_s, {"stg_cur": PRINTING, "nozzle_target_temper": program.nozzle_c}))
    moments.extend(_printing(program, at_s, pause_stage))
    moments.append(Moment(at_s + program.duration_s + END_GCODE_S, is_end=True))
    return tuple(moments)


def _phases(order: JobOrder, program: Program, bed: Heater, nozzle: Heater) -> list[_Phase]:
    standby_c = min(NOZZLE_STANDBY_C, program.nozzle_c)
    phases = [
        _Phase(
            BED_HEATING,
            max(MIN_HEATING_S, bed.seconds_to(program.bed_c)),
            {"bed_target_temper": program.bed_c, "nozzle_target_temper": standby_c},
        ),
        _Phase(HOMING, HOMING_S),
        _Phase(
            NOZZLE_HEATING,
            max(MIN_HEATING_S, nozzle.seconds_to(program.nozzle_c)),
            {"nozzle_target_temper": program.nozzle_c},
        ),
    ]
    optional = (
        (order.uses_ams, _Phase(FILAMENT_CHANGE, AMS_LOADING_S)),
        (True, _Phase(CLEANING, CLEANING_S, {"nozzle_target_temper": standby_c})),
        (order.calibrates_vibration, _Phase(VIBRATION, VIBRATION_S)),
        (order.calibrates_flow, _Phase(FLOW, FLOW_S)),
        (order.levels_bed, _Phase(LEVELLING, LEVELLING_S)),
    )
    return phases + [phase for is_wanted, phase in optional if is_wanted]


def _printing(program: Program, from_s: float, pause_stage: int) -> list[Moment]:
    moments: list[Moment] = []
    shown: dict[str, Any] = {}
    for mark in program.marks:
        left_s = max(0.0, program.duration_s - mark.at_s)
        now = {
            "mc_percent": mark.percent,
            "layer_num": mark.layer,
            "mc_remaining_time": round(left_s / 60),
            "cooling_fan_speed": "15" if mark.layer > 1 else "0",
        }
        changes = {key: value for key, value in now.items() if shown.get(key) != value}
        shown = now
        if changes or mark.is_pause:
            stage = pause_stage if mark.is_pause else None
            moments.append(Moment(from_s + mark.at_s, changes, pause_stage=stage))
    return moments
