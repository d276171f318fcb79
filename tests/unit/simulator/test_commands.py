"""The command desk holds whatever it is told."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.simulator.ams import Filament, loaded
from edge.simulator.commands import CommandDesk, Credentials, parse_requests
from edge.simulator.gcode import changes_by
from edge.simulator.machine import Machine
from edge.simulator.report import encode
from edge.simulator.switches import Switches

COMMANDS = (
    "print.pause print.resume print.stop print.print_speed print.gcode_line print.gcode_file "
    "print.clean_print_error print.skip_objects print.ams_control print.ams_change_filament "
    "print.unload_filament print.ams_filament_setting print.project_file system.ledctrl "
    "system.uiop system.get_access_code info.get_version camera.ipcam_record_set pushing.pushall"
)
FIELDS = (
    "sequence_id param url file md5 subtask_name task_id ams_mapping skip_objects obj_list target "
    "ams_id tray_id tray_color led_node led_mode led_on_time led_off_time loop_times "
    "interval_time control bed_leveling use_ams"
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def desk(switches: Switches) -> CommandDesk:
    """Return a desk before an idle machine."""
    content = loaded((Filament("PLA", "F2754EFF"),))
    machine = Machine("127.0.0.1", content, lambda: switches)
    return CommandDesk(Credentials("01P00A000000001", "12345678"), machine, lambda: switches)


@settings(max_examples=300, deadline=None)
@given(
    command=st.sampled_from(COMMANDS.split()),
    fields=st.dictionaries(st.sampled_from(FIELDS.split()), VALUES, max_size=10),
    is_refusing=st.booleans(),
)
def test_any_fields_are_answered(
    command: str, fields: dict[str, Any], *, is_refusing: bool
) -> None:
    kind, name = command.split(".")
    answer = desk(Switches(refuse_commands=is_refusing)).answer(kind, {**fields, "command": name})
    if answer.echo is not None:
        assert parse_requests(encode(answer.echo))


@pytest.mark.parametrize(
    ("lines", "changes"),
    [
        ("M140 S60\n", {"bed_target_temper": 60}),
        ("M190 R60\nG28\n", {}),
        ("m109 S240.4\n", {"nozzle_target_temper": 240}),
        ("M140 S500\n", {"bed_target_temper": 100}),
        ("M106 P1 S127\nM106 P3 S255\n", {"cooling_fan_speed": "7", "big_fan2_speed": "15"}),
        ("M106 P2 S99\nM107 P2\n", {"big_fan1_speed": "0"}),
        ("; M140 S60\n", {}),
    ],
)
def test_what_a_line_of_gcode_changes(lines: str, changes: dict[str, Any]) -> None:
    assert changes_by(lines) == changes


def test_lone_surrogates_are_replaced() -> None:
    assert b"?" in encode({"print": {"command": "pause", "param": json.loads('"\\ud800"')}})


@pytest.mark.parametrize("mode", [["on"], {}, None, "dim"])
def test_odd_light_modes_fail(mode: object) -> None:
    fields = dict.fromkeys(FIELDS.split(), 0)
    answer = desk(Switches()).answer("system", {**fields, "led_mode": mode, "command": "ledctrl"})
    assert answer.echo is not None
    assert answer.echo["system"]["result"] == "fail"
