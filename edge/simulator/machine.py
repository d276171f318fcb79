"""The printer itself: heats, homes, prints, ends. Pure: time comes in, a report comes out.

Times are printer seconds: the shell multiplies real ones by the time scale.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge.simulator.faults import Faults
from edge.simulator.program import Program, Unprintable
from edge.simulator.report import Report, idle_report

Load = Callable[[str, str], Program]
"""(path on the card, plate's member) -> program; raises Unprintable."""

BUSY = frozenset({"PREPARE", "RUNNING", "PAUSE"})
ERROR_BUSY = 0x05004004
ERROR_CANCELLED = 0x0300400C
ERROR_NO_CARD = 0x0500400C
CANCEL_CLEARS_AFTER_S = 2.0
PREPARE_S = 5.0
END_GCODE_S = 20.0
AMBIENT_C = 23.0
NOZZLE_C, BED_C = 220.0, 65.0
NOZZLE_RATE, BED_RATE, COOL_RATE = 4.0, 1.2, 0.15
IDENTITY = ("project_id", "profile_id", "task_id", "subtask_id")
SPEEDS = {1: 50, 2: 100, 3: 124, 4: 166}


@dataclass(frozen=True)
class Phase:
    """A stage before the first layer: its stg_cur and how long it takes."""

    stage: int
    seconds: float


@dataclass(frozen=True)
class JobOrder:
    """What project_file asked for."""

    path: str
    member: str
    subtask_name: str
    ids: dict[str, str]
    phases: tuple[Phase, ...]


def order_of(request: Report, path: str) -> JobOrder:
    """Return the order in a project_file request; missing ids are "0", a missing name the file's.

    [K/S] PYB, BDY#1042, BLA
    """
    name = path.rsplit("/", 1)[-1]
    stages = [Phase(2, 45.0), Phase(13, 25.0), Phase(14, 45.0)]
    if request.get("vibration_cali"):
        stages.append(Phase(3, 60.0))
    if request.get("bed_leveling"):
        stages.append(Phase(1, 80.0))
    return JobOrder(
        path=path,
        member=str(request.get("param", "")),
        subtask_name=str(
            request.get("subtask_name") or name.removesuffix(".3mf").removesuffix(".gcode")
        ),
        ids={key: str(request.get(key) or "0") for key in IDENTITY},
        phases=tuple(stages),
    )


class Machine:
    """One printer. `report` is what it would say now; the counters are for tests to read."""

    def __init__(self, host: str, filaments: tuple[tuple[str, str], ...], load: Load) -> None:
        self._host, self._filaments, self._load = host, filaments, load
        self.report: Report = idle_report(host, filaments)
        self.faults = Faults()
        self.part_on_plate = False
        self.starts: dict[str, int] = {}
        self.collisions = 0
        self._order: JobOrder | None = None
        self._program: Program | None = None
        self._due_s = 0.0
        self._elapsed_s = 0.0
        self._now_s = 0.0
        self._clear_error_at_s: float | None = None
        self._has_failed_as_told = False

    @property
    def is_busy(self) -> bool:
        """Whether a job is on the machine."""
        return self.report["gcode_state"] in BUSY

    def start(self, order: JobOrder) -> None:
        """Take a job; a busy printer shows an error and goes on. [K1] BDY#2598"""
        if self.is_busy or self._order is not None:
            self.report["print_error"] = ERROR_BUSY
            return
        if not self.report["sdcard"]:
            self.report["print_error"] = ERROR_NO_CARD
            return
        self._order, self._program = order, None
        self._has_failed_as_told = False
        self._due_s = self._now_s + self.faults.start_delay_s + self.faults.stale_finish_s

    def pause(self, *, stage: int = 16, error: int = 0) -> bool:
        """Pause a running job; return whether one ran."""
        if self.report["gcode_state"] != "RUNNING":
            return False
        self.report.update(gcode_state="PAUSE", stg_cur=stage, print_error=error)
        return True

    def resume(self) -> bool:
        """Go on with a paused job; return whether one was paused."""
        if self.report["gcode_state"] != "PAUSE":
            return False
        self.report.update(gcode_state="RUNNING", stg_cur=0, print_error=0, hms=[])
        return True

    def stop(self) -> bool:
        """Cancel the job; return whether there was one. [K] PYB: FAILED, the code clears in 2 s"""
        if not self.is_busy:
            return False
        self._end("FAILED", print_error=ERROR_CANCELLED, layer_num=0, total_layer_num=0)
        self._clear_error_at_s = self._now_s + CANCEL_CLEARS_AFTER_S
        return True

    def clear_error(self) -> None:
        """Close the error's dialog."""
        self.report.update(print_error=0, hms=[])

    def set_speed(self, level: int) -> None:
        """Set the speed level 1-4."""
        if level in SPEEDS:
            self.report.update(spd_lvl=level, spd_mag=SPEEDS[level])

    def set_light(self, mode: str) -> None:
        """Switch the chamber light."""
        self.report["lights_report"] = [{"node": "chamber_light", "mode": mode}]

    def power_cycle(self) -> None:
        """Lose what is in memory; the card and what is on the plate stay. [K] PYB"""
        card = self.report["sdcard"]
        self.report = idle_report(self._host, self._filaments)
        self.report["sdcard"] = card
        self._order = self._program = None

    def advance(self, now_s: float) -> None:
        """Let time pass until `now_s` printer seconds."""
        passed = max(0.0, now_s - self._now_s)
        self._now_s = now_s
        self._heat(passed)
        if self._clear_error_at_s is not None and now_s >= self._clear_error_at_s:
            self._clear_error_at_s = None
            self.report["print_error"] = 0
        if self._order is None:
            return
        state = self.report["gcode_state"]
        if self._program is None and state not in BUSY:
            if now_s >= self._due_s:
                self._prepare(self._order)
        elif state == "PREPARE":
            if now_s >= self._due_s and not self.faults.hang_in_prepare:
                self._run(self._order)
        elif state == "RUNNING":
            self._elapsed_s += passed
            self._print(self._order)

    def _prepare(self, order: JobOrder) -> None:
        self.report.update(
            gcode_state="PREPARE",
            gcode_file=order.path.rsplit("/", 1)[-1],
            subtask_name=order.subtask_name,
            **order.ids,
            print_type="local",
            mc_percent=0,
            layer_num=0,
            print_error=0,
            hms=[],
            gcode_file_prepare_percent="0",
        )
        self.starts[order.subtask_name] = self.starts.get(order.subtask_name, 0) + 1
        if self.part_on_plate:
            self.collisions += 1
        self._due_s = self._now_s + PREPARE_S

    def _run(self, order: JobOrder) -> None:
        try:
            self._program = self._load(order.path, order.member)
        except Unprintable as exc:
            self._end("FAILED", print_error=exc.print_error)
            return
        self._elapsed_s = 0.0
        self.part_on_plate = True
        self.report.update(
            gcode_state="RUNNING",
            stg=[phase.stage for phase in order.phases],
            mc_print_stage="2",
            total_layer_num=self._program.total_layers,
            mc_remaining_time=round(self._program.duration_s / 60),
            nozzle_target_temper=NOZZLE_C,
            bed_target_temper=BED_C,
        )
        self._print(order)

    def _print(self, order: JobOrder) -> None:
        program = self._program
        if program is None:
            return
        printing_s = self._elapsed_s
        for phase in order.phases:
            if printing_s < phase.seconds:
                self.report["stg_cur"] = phase.stage
                return
            printing_s -= phase.seconds
        self.report["stg_cur"] = 0
        reached = [mark for mark in program.marks if mark.at_s <= printing_s]
        if reached:
            mark = reached[-1]
            left_s = max(0.0, program.duration_s - printing_s)
            self.report.update(
                mc_percent=mark.percent, layer_num=mark.layer, mc_remaining_time=round(left_s / 60)
            )
            if self._goes_wrong(mark.percent):
                return
        if printing_s >= program.duration_s + END_GCODE_S:
            self._end("FINISH", mc_percent=100, mc_remaining_time=0)

    def _goes_wrong(self, percent: int) -> bool:
        faults = self.faults
        if self._has_failed_as_told:
            return False
        if faults.fail_at_percent is not None and percent >= faults.fail_at_percent:
            self._has_failed_as_told = True
            self._end("FAILED", print_error=faults.fail_code)
            return True
        if faults.pause_at_percent is not None and percent >= faults.pause_at_percent:
            self._has_failed_as_told = True
            return self.pause(stage=6, error=faults.pause_code)
        return False

    def _end(self, state: str, **changes: Any) -> None:
        self._order = self._program = None
        self.report.update(
            gcode_state=state,
            print_type="idle",
            stg_cur=255,
            mc_print_stage="1",
            gcode_file="",
            nozzle_target_temper=0,
            bed_target_temper=0,
            **changes,
        )

    def _heat(self, seconds: float) -> None:
        for part, rate in (("nozzle", NOZZLE_RATE), ("bed", BED_RATE)):
            now_c = float(self.report[f"{part}_temper"])
            target_c = float(self.report[f"{part}_target_temper"])
            if target_c > now_c:
                now_c = min(target_c, now_c + rate * seconds)
            else:
                now_c = max(target_c, AMBIENT_C, now_c - COOL_RATE * rate * seconds)
            self.report[f"{part}_temper"] = round(now_c * 32) / 32
