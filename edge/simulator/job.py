"""A job on the machine, what is counted of jobs, and the codes they end with. Pure."""

from dataclasses import dataclass, field
from typing import Any

from edge.simulator.incidents import Incident
from edge.simulator.orders import JobOrder
from edge.simulator.program import Program, Unprintable
from edge.simulator.switches import Switches
from edge.simulator.timeline import Moment

BUSY = frozenset({"PREPARE", "RUNNING", "PAUSE"})
ENDED = frozenset({"FINISH", "FAILED"})
ERROR_BUSY = 0x05004004
ERROR_CANCELLED = 0x0300400C
ERROR_NO_CARD = 0x0500400C
ERROR_PAUSED = 0x03008001
ERROR_POWER_LOSS = 0x03008007
ERROR_NO_MAPPING_AMS, ERROR_NO_MAPPING = 0x07008012, 0x07FF8012
OUTCOME = (
    "gcode_state",
    "subtask_name",
    "task_id",
    "subtask_id",
    "project_id",
    "profile_id",
    "mc_percent",
    "mc_remaining_time",
    "layer_num",
    "total_layer_num",
    "print_error",
)
"""What stays after a job until the next one. [K1] PYB fixtures"""
_TARGETS = ("bed_target_temper", "nozzle_target_temper")


@dataclass
class Tally:
    """What happened on the plate: no wire shows it."""

    part_on_plate: bool = False
    collisions: int = 0
    starts: dict[str, int] = field(default_factory=dict)

    def count_start(self, name: str) -> None:
        """Count a start, and a collision if the last part still lies there."""
        self.starts[name] = self.starts.get(name, 0) + 1
        self.collisions += self.part_on_plate


@dataclass
class Job:
    """An order on its way through its moments."""

    order: JobOrder
    outcome: Program | Unprintable
    moments: tuple[Moment, ...] = ()
    next: int = 0
    elapsed_s: float = 0.0
    is_cancelled: bool = False
    is_struck: bool = False

    def left_s(self) -> float | None:
        """Return the job's own seconds until its next moment, None if there is none."""
        if self.is_cancelled or self.next >= len(self.moments):
            return None
        return max(0.0, self.moments[self.next].at_s - self.elapsed_s)

    def step(self) -> Moment:
        """Go to the next moment and return it."""
        moment = self.moments[self.next]
        self.next += 1
        self.elapsed_s = moment.at_s
        return moment

    def where_it_was(self) -> dict[str, Any]:
        """Return stage and targets as they stood before a pause."""
        state: dict[str, Any] = {"stg_cur": 0}
        for moment in self.moments[: self.next]:
            known = moment.changes
            state.update({key: known[key] for key in ("stg_cur", *_TARGETS) if key in known})
        return state

    def adopted(self) -> dict[str, Any]:
        """Return what the report shows of the job's identity. [K/S] PYB, BDY, BLA"""
        order = self.order
        return {
            "gcode_file": order.file_name,
            "subtask_name": order.subtask_name,
            **order.ids,
            "print_type": order.print_type,
            "mc_percent": 0,
            "layer_num": 0,
            "print_error": 0,
            "hms": [],
            "s_obj": list(order.skip_objects),
            "gcode_file_prepare_percent": "0",
        }

    def incidents_by_switch(self, switches: Switches) -> list[Incident]:
        """Return what switches let befall this job, once."""
        if self.is_struck:
            return []
        fail, hold = switches.fail_at_percent, switches.pause_at_percent
        found: list[Incident] = []
        if fail is not None:
            code = switches.fail_code
            found.append(Incident(at_percent=fail, outcome="failed", print_error=code))
        if hold is not None:
            found.append(Incident(at_percent=hold, print_error=switches.pause_code))
        return found
