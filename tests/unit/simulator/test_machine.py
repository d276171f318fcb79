"""The machine with its time in the test's hand."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.simulator.ams import Filament, Loaded, loaded
from edge.simulator.incidents import named_incidents
from edge.simulator.machine import Machine
from edge.simulator.orders import screen_order
from edge.simulator.program import Program, Unprintable, timed
from edge.simulator.switches import CANT_PARSE, SwitchBoard, Switches

STATES = {"IDLE", "PREPARE", "RUNNING", "PAUSE", "FINISH", "FAILED"}
PROGRAM = Program(
    marks=timed([("layer", 1), ("percent", 50), ("layer", 2)], 600.0),
    total_layers=2,
    duration_s=600.0,
)
HOUR_S = 3600.0


class Clockwork:
    """A machine, its switches and its time."""

    def __init__(self, content: Loaded | None = None, **changes: object) -> None:
        self.board = SwitchBoard(Switches())
        self.board.change(dict(changes))
        spool = loaded((Filament("PLA", "F2754EFF"),)) if content is None else content
        self.machine = Machine("127.0.0.1", spool, lambda: self.board.now)
        self.now_s = 0.0
        self.states: list[str] = ["IDLE"]

    def pass_s(self, seconds: float) -> None:
        """Let time pass and note the states."""
        self.now_s += seconds
        for _ in self.machine.advance(self.now_s):
            self.note()
        self.note()

    def note(self) -> None:
        """Note the state if it is a new one."""
        state = self.machine.report["gcode_state"]
        if state != self.states[-1]:
            self.states.append(state)

    def start(self, outcome: Program | Unprintable = PROGRAM, name: str = "job") -> None:
        """Start a job."""
        self.machine.start(screen_order("/x.gcode.3mf", subtask_name=name), outcome)

    def show(self, key: str) -> Any:
        """Return a field of the report."""
        return self.machine.report[key]


def test_a_job_goes_through_its_states_in_one_leap() -> None:
    work = Clockwork()
    work.start()
    work.pass_s(HOUR_S)
    assert work.states == ["IDLE", "PREPARE", "RUNNING", "FINISH"]
    assert (work.show("mc_percent"), work.show("layer_num")) == (100, 2)


def test_size_of_steps_does_not_matter() -> None:
    leap, steps = Clockwork(), Clockwork()
    leap.start()
    steps.start()
    leap.pass_s(500)
    for _ in range(5000):
        steps.pass_s(0.1)
    for key in ("gcode_state", "stg_cur", "layer_num", "mc_percent", "mc_remaining_time"):
        assert leap.show(key) == steps.show(key)
    assert leap.show("bed_temper") == pytest.approx(steps.show("bed_temper"), abs=0.1)


def test_a_paused_print_takes_no_time() -> None:
    work = Clockwork()
    work.start()
    work.pass_s(500)
    assert work.machine.pause()
    before = work.show("mc_remaining_time")
    work.pass_s(10 * HOUR_S)
    assert work.show("mc_remaining_time") == before
    assert work.machine.resume()
    work.pass_s(HOUR_S)
    assert work.states[-1] == "FINISH"


def test_ludicrous_speed_is_faster() -> None:
    def end_s(magnification: int) -> float:
        work = Clockwork()
        work.start()
        work.pass_s(30)
        work.machine.report["spd_mag"] = magnification
        while work.show("gcode_state") != "FINISH":
            work.pass_s(5)
        return work.now_s

    assert end_s(166) < end_s(100) < end_s(50)


def test_stop_before_prepare_cancels_with_identity() -> None:
    work = Clockwork()
    work.start()
    assert work.machine.stop()
    work.pass_s(10)
    assert work.states == ["IDLE", "FAILED"]
    assert work.show("subtask_name") == "job"
    assert work.machine.tally.starts == {}
    assert work.show("print_error") == 0


def test_the_plate_is_occupied_by_printing_not_by_heating() -> None:
    work = Clockwork()
    work.start()
    work.pass_s(60)
    assert work.show("gcode_state") == "RUNNING"
    assert not work.machine.tally.part_on_plate
    work.pass_s(600)
    assert work.machine.tally.part_on_plate


def test_a_bad_file_fails_after_prepare_and_leaves_the_plate() -> None:
    work = Clockwork()
    work.start(Unprintable(CANT_PARSE))
    work.pass_s(60)
    assert work.states == ["IDLE", "PREPARE", "FAILED"]
    assert work.show("print_error") == CANT_PARSE
    assert not work.machine.tally.part_on_plate


def test_second_stop_is_refused() -> None:
    work = Clockwork()
    work.start()
    work.pass_s(100)
    assert work.machine.stop()
    assert not work.machine.stop()
    assert not work.machine.pause()


def test_runout_empties_the_tray_and_resume_waits_for_filament() -> None:
    work = Clockwork()
    work.start()
    work.pass_s(500)
    work.machine.strike(named_incidents()["runout"])
    assert (work.show("gcode_state"), work.show("stg_cur")) == ("PAUSE", 6)
    assert not work.machine.resume()
    work.machine.load(None, Filament("PLA", "FFFFFFFF"))
    assert work.machine.resume()
    assert work.show("stg_cur") == 24
    work.pass_s(25)
    assert work.show("gcode_state") == "RUNNING"


def test_next_due_is_none_when_nothing_is_foreseen() -> None:
    work = Clockwork()
    assert work.machine.next_due_s() is None
    work.start()
    assert work.machine.next_due_s() == pytest.approx(1.5)


def test_boot_forgets_the_job_but_not_the_plate() -> None:
    work = Clockwork()
    work.start()
    work.pass_s(700)
    work.machine.boot()
    assert (work.show("gcode_state"), work.show("subtask_name")) == ("IDLE", "")
    assert work.machine.tally.part_on_plate
    assert work.machine.next_due_s() is None


def test_boot_may_keep_the_outcome() -> None:
    work = Clockwork(boot_forgets_outcome=False)
    work.start()
    work.pass_s(HOUR_S)
    work.machine.boot()
    assert (work.show("gcode_state"), work.show("subtask_name")) == ("FINISH", "job")


ACTIONS: dict[str, Callable[[Clockwork], object]] = {
    "start": lambda work: work.start(),
    "start_bad": lambda work: work.start(Unprintable(CANT_PARSE)),
    "pause": lambda work: work.machine.pause(),
    "resume": lambda work: work.machine.resume(),
    "stop": lambda work: work.machine.stop(),
    "clear_error": lambda work: work.machine.clear_error(),
    "runout": lambda work: work.machine.strike(named_incidents()["runout"]),
    "homing": lambda work: work.machine.strike(named_incidents()["homing-failed"]),
    "load": lambda work: work.machine.load(0, Filament("PLA", "FFFFFFFF")),
    "card_out": lambda work: work.machine.set_card(is_inserted=False),
    "card_in": lambda work: work.machine.set_card(is_inserted=True),
    "clear_plate": lambda work: setattr(work.machine.tally, "part_on_plate", False),
    "boot": lambda work: work.machine.boot(),
    "moment": lambda work: work.pass_s(2),
    "minutes": lambda work: work.pass_s(400),
    "hours": lambda work: work.pass_s(3 * HOUR_S),
}


@settings(max_examples=150, deadline=None)
@given(
    actions=st.lists(st.sampled_from(sorted(ACTIONS)), max_size=25),
    recovers=st.booleans(),
    busy=st.sampled_from(["error", "echo_fail", "cancels_job"]),
)
def test_any_order_of_events_keeps_the_machine_sound(
    actions: list[str], *, recovers: bool, busy: str
) -> None:
    work = Clockwork(power_loss_recovery=recovers, busy_start=busy)
    keys = list(work.machine.report)
    for name in actions:
        ACTIONS[name](work)
        work.note()
        report, tally = work.machine.report, work.machine.tally
        assert list(report) == keys
        assert report["gcode_state"] in STATES
        assert 0 <= report["mc_percent"] <= 100
        assert 15 < report["nozzle_temper"] < 300
        assert tally.collisions <= sum(tally.starts.values())
        assert work.machine.is_busy == (report["gcode_state"] in {"PREPARE", "RUNNING", "PAUSE"})
    work.machine.load(0, Filament("PLA", "FFFFFFFF"))
    work.machine.resume()
    work.pass_s(10 * HOUR_S)
    assert work.show("gcode_state") in {"IDLE", "FINISH", "FAILED", "PAUSE"}
