"""What the printer reads in a file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.simulator.orders import card_path, order_of, screen_order
from edge.simulator.program import Machinery, Program, Unprintable, read_program, scan_gcode, timed
from edge.simulator.switches import CANT_PARSE
from edge.simulator.thermal import cold_bed, cold_nozzle
from edge.simulator.timeline import plan
from tests.unit.simulator.sliced import gcode, sliced

MACHINERY = Machinery(("C12",), "0.4")
PLATE = "Metadata/plate_1.gcode"
SAMPLES = sorted((Path(__file__).parents[3] / "samples").glob("*.gcode.3mf"))


def test_marks_layers_and_heat(tmp_path: Path) -> None:
    path = tmp_path / "x.gcode.3mf"
    path.write_bytes(sliced(gcode(layers=10), prediction=500))
    program = read_program(path, PLATE, "", MACHINERY)
    assert (program.total_layers, program.duration_s) == (10, 500.0)
    assert (program.nozzle_c, program.bed_c) == (215.0, 60.0)
    assert [mark.layer for mark in program.marks][-1] == 10
    assert program.marks[-1].percent == 100


def test_any_of_two_plates(tmp_path: Path) -> None:
    path = tmp_path / "x.3mf"
    path.write_bytes(sliced(plate=3))
    assert read_program(path, "Metadata/plate_3.gcode", "", MACHINERY).total_layers == 20
    with pytest.raises(Unprintable) as caught:
        read_program(path, PLATE, "", MACHINERY)
    assert caught.value.print_error == CANT_PARSE


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_sample_files_can_be_printed(path: Path) -> None:
    program = read_program(path, PLATE, "", MACHINERY)
    assert program.total_layers > 1
    assert program.marks[-1].layer == program.total_layers


def test_duration_without_prediction_is_the_first_m73(tmp_path: Path) -> None:
    path = tmp_path / "x.3mf"
    path.write_bytes(sliced(gcode(minutes=42), prediction=None))
    assert read_program(path, PLATE, "", MACHINERY).duration_s == 42 * 60


def test_layers_by_either_mark_are_one() -> None:
    both = scan_gcode([b"M73 L1\n", b"M991 S0 P0 ;notify\n", b"M73 L2\n", b"M991 S0 P1\n"])
    assert [value for _, value in both.found] == [1, 2]


@given(
    st.lists(
        st.tuples(st.sampled_from(["percent", "layer", "pause"]), st.integers(0, 200)), max_size=60
    ),
    st.floats(1, 1e6),
)
def test_times_never_run_back(found: list[tuple[str, int]], duration_s: float) -> None:
    marks = timed(found, duration_s)
    times = [mark.at_s for mark in marks]
    assert times == sorted(times)
    assert [mark.percent for mark in marks] == sorted(mark.percent for mark in marks)
    assert marks[-1].percent == 100


def test_a_plan_begins_at_0_and_ends_once() -> None:
    scan = scan_gcode(gcode(layers=5).splitlines(keepends=True))
    program = Program(timed(scan.found, 300.0), scan.total_layers, 300.0)
    order = screen_order("/x.gcode.3mf")
    moments = plan(order, program, bed=cold_bed(), nozzle=cold_nozzle(), pause_stage=30)
    times = [moment.at_s for moment in moments]
    assert times == sorted(times)
    assert times[0] == 0
    assert [moment.is_end for moment in moments].count(True) == 1
    assert moments[-1].is_end


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("ftp:///a.gcode.3mf", "/a.gcode.3mf"),
        ("ftp://a.gcode.3mf", "/a.gcode.3mf"),
        ("file:///sdcard/cache/a%20b.3mf", "/cache/a b.3mf"),
        ("file:///mnt/sdcard/a.3mf", "/a.3mf"),
        ("/a.3mf", "/a.3mf"),
    ],
)
def test_urls(url: str, path: str) -> None:
    assert card_path(url, mnt_works=True) == path


def test_order_reads_numbers_and_nulls() -> None:
    request = {"url": "ftp:///a.gcode.3mf", "task_id": 7, "ams_mapping": None, "use_ams": 1}
    order = order_of(request, mnt_works=True, id_limit=None)
    assert (order.ids["task_id"], order.subtask_name, order.file_name) == ("7", "a", "a.gcode.3mf")
    assert (order.ams_mapping, order.uses_ams) == ((), False)
