"""Reading what a P1S says: merging, types, codes, echoes, bad input."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.bambu.messages import Version, message_of, parse_message, parse_version
from edge.bambu.report import Stamp, merge, read_echo, read_report
from edge.printer import (
    ClearError,
    FaultKind,
    Order,
    Pause,
    PrinterReport,
    PrinterState,
    Resume,
    SetLight,
    SetSpeed,
    SkipObjects,
    Start,
    Stop,
)
from tests.unit.edge.builders import SERIAL

STAMP = Stamp("s", 5.0, 4.0, is_full=True)
WORDS = st.text("a1-é \x00", max_size=4) | st.sampled_from(["id", "tray", "nan", "1e999"])
VERSION = Version(firmware="01.08.02.00", model="C12")
FULL: dict[str, Any] = {
    "msg": 0,
    "gcode_state": "RUNNING",
    "subtask_name": "layerline-7",
    "subtask_id": "7",
    "mc_percent": 12,
    "mc_remaining_time": 41,
    "layer_num": 9,
    "total_layer_num": 124,
    "stg_cur": 1,
    "nozzle_temper": 219.96875,
    "nozzle_target_temper": 220,
    "print_error": 0,
    "hms": [],
    "nozzle_diameter": "0.4",
    "sdcard": True,
    "spd_lvl": 2,
    "lights_report": [{"node": "chamber_light", "mode": "on"}],
    "s_obj": [],
    "upgrade_state": {"status": "IDLE"},
    "ams": {
        "ams": [
            {
                "id": "0",
                "tray": [
                    {"id": "0", "tray_type": "PLA", "tray_color": "f2754eFF"},
                    {"id": "1"},
                ],
            }
        ],
        "tray_now": "254",
    },
    "vt_tray": {"id": "254", "tray_type": "PETG", "tray_color": "161616FF"},
}


def read(state: dict[str, Any]) -> PrinterReport:
    return read_report(state, STAMP, serial=SERIAL, version=VERSION)


class TestMerge:
    def test_a_full_report_replaces_everything(self) -> None:
        assert merge({"old": 1}, {"msg": 0, "new": 2}) == {"msg": 0, "new": 2}

    def test_a_delta_changes_only_its_keys(self) -> None:
        merged = merge(FULL, {"msg": 1, "mc_percent": 13})
        assert merged["mc_percent"] == 13
        assert merged["subtask_name"] == "layerline-7"
        assert FULL["mc_percent"] == 12

    def test_lists_are_replaced_whole(self) -> None:
        merged = merge(FULL | {"hms": [{"attr": 1, "code": 2}]}, {"msg": 1, "hms": []})
        assert merged["hms"] == []

    def test_trays_are_merged_by_their_id_and_a_bare_id_is_an_empty_slot(self) -> None:
        delta = {"ams": {"ams": [{"id": "0", "tray": [{"id": "1", "tray_type": "ABS"}]}]}}
        trays = merge(FULL, {"msg": 1, **delta})["ams"]["ams"][0]["tray"]
        assert [tray.get("tray_type") for tray in trays] == ["PLA", "ABS"]
        emptied = {"ams": {"ams": [{"id": "0", "tray": [{"id": "0"}]}]}}
        trays = merge(FULL, {"msg": 1, **emptied})["ams"]["ams"][0]["tray"]
        assert [tray.get("tray_type") for tray in trays] == [None, None]
        assert merge(FULL, {"msg": 1, **emptied})["ams"]["tray_now"] == "254"

    @given(st.dictionaries(st.sampled_from(sorted(FULL)), st.sampled_from([0, "x", [], {}, None])))
    def test_a_delta_twice_is_a_delta_once(self, delta: dict[str, Any]) -> None:
        message = delta | {"msg": 1}
        once = merge(FULL, message)
        assert merge(once, message) == once


class TestRead:
    def test_a_running_printer(self) -> None:
        report = read(FULL)
        assert report.state is PrinterState.RUNNING
        assert (report.percent, report.layer, report.total_layers, report.minutes_left) == (
            12,
            9,
            124,
            41,
        )
        assert report.stage == "levelling the bed"
        assert report.loaded.model == "C12"
        assert report.loaded.nozzle_mm == 0.4
        assert report.loaded.has_ams
        assert [(f.slot, f.type, f.color) for f in report.loaded.filaments] == [
            (0, "PLA", "#F2754E"),
            (254, "PETG", "#161616"),
        ]
        assert report.light_on is True
        assert report.has_storage
        assert not report.is_updating

    @pytest.mark.parametrize(
        ("remain", "weight", "left_g"),
        [
            (40, "1000", 400.0),
            (0, "250", 0.0),
            (-1, "1000", None),
            (40, "0", None),
            ("?", "1", None),
        ],
    )
    def test_what_is_left_on_a_spool(
        self, remain: object, weight: str, left_g: float | None
    ) -> None:
        tray = {"id": "0", "tray_type": "PLA", "tray_color": "", "remain": remain}
        units = [{"id": "0", "tray": [tray | {"tray_weight": weight}]}]
        report = read(FULL | {"ams": {"ams": units}})
        assert report.loaded.filaments[0].remaining_g == left_g

    def test_the_stage_of_an_idle_printer_means_nothing(self) -> None:
        assert read(FULL | {"gcode_state": "IDLE"}).stage is None

    @pytest.mark.parametrize(
        ("number", "stage"),
        [
            (0, None),
            (255, None),
            (-1, None),
            (28, "paused: the chamber's temperature"),
            (52, "stage 52"),
            ("?", None),
        ],
    )
    def test_a_stage_that_no_p1s_shows_keeps_its_number(
        self, number: object, stage: str | None
    ) -> None:
        assert read(FULL | {"stg_cur": number}).stage == stage

    def test_an_unknown_state_is_not_free(self) -> None:
        assert read(FULL | {"gcode_state": "DANCING"}).state is PrinterState.UNKNOWN
        assert read({}).state is PrinterState.UNKNOWN

    def test_faults_are_the_error_then_the_health_messages(self) -> None:
        hms = [{"attr": 0x05000500, "code": 0x00010007}]
        report = read(FULL | {"print_error": 50348044, "hms": hms})
        assert [(f.code, f.kind) for f in report.faults] == [
            ("0300-400C", FaultKind.CANCELLED),
            ("0500-0500-0001-0007", FaultKind.COMMAND_REFUSED),
        ]

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.dictionaries(
            st.sampled_from(sorted(FULL)),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
                lambda inner: (
                    st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)
                ),
                max_leaves=5,
            ),
            max_size=6,
        )
    )
    def test_no_wrong_type_stops_it(self, changes: dict[str, Any]) -> None:
        report = read(FULL | changes)
        assert report.percent is None or 0 <= report.percent <= 100
        assert report.minutes_left is None or report.minutes_left >= 0

    @given(st.binary(max_size=200))
    def test_no_bytes_stop_it(self, payload: bytes) -> None:
        assert parse_message(payload) is None or isinstance(parse_message(payload), dict)

    def test_bad_utf8_in_a_name_spoils_nothing_else(self) -> None:
        message = parse_message(b'{"print":{"subtask_name":"a\xff","msg":1}}')
        assert message == {"print": {"subtask_name": "a�", "msg": 1}}

    def test_a_line_end_within_a_text_spoils_nothing(self) -> None:
        assert parse_message(b'{"print":{"param":"G28\n"}}') == {"print": {"param": "G28\n"}}


class TestEcho:
    @pytest.mark.parametrize(
        ("result", "is_failure"),
        [("success", False), ("SUCCESS", False), ("fail", True), ("failed", True), ("FAIL", True)],
    )
    def test_results_in_every_spelling(self, result: str, is_failure: bool) -> None:
        body = {"command": "pause", "sequence_id": 12, "result": result, "reason": "x"}
        echo = read_echo(body, "s")
        assert echo is not None
        assert (echo.sequence_id, echo.is_failure) == ("12", is_failure)

    def test_a_bare_echo_is_none(self) -> None:
        assert read_echo({"command": "pause", "sequence_id": "1"}, "s") is None

    def test_a_refused_command_carries_its_cure(self) -> None:
        body = {"sequence_id": "1", "result": "failed", "err_code": 84033543}
        echo = read_echo(body, "s")
        assert echo is not None
        assert echo.fault is not None
        assert "Developer Mode" in (echo.fault.advice or "")


class TestMessages:
    def test_a_start_is_the_message_of_the_description(self) -> None:
        order = Start(184467, "layerline-184467", "layerline-184467.gcode.3mf", "P", False, ())
        body = message_of(order, "20011")["print"]
        assert body["url"] == "ftp:///layerline-184467.gcode.3mf"
        assert body["subtask_id"] == body["task_id"] == "184467"
        assert body["use_ams"] is False
        assert body["param"] == "P"
        assert body["sequence_id"] == "20011"
        assert len(json.dumps(body)) < 2000

    @pytest.mark.parametrize(
        ("order", "key", "expected"),
        [
            (Pause(), "print", {"command": "pause", "param": ""}),
            (Resume(), "print", {"command": "resume", "param": ""}),
            (Stop(), "print", {"command": "stop", "param": ""}),
            (SetSpeed(3), "print", {"command": "print_speed", "param": "3"}),
            (SkipObjects((2, 5)), "print", {"command": "skip_objects", "obj_list": [2, 5]}),
            (ClearError(), "print", {"command": "clean_print_error"}),
        ],
    )
    def test_orders(self, order: Order, key: str, expected: dict[str, Any]) -> None:
        assert message_of(order, "1")[key] == {"sequence_id": "1", **expected}

    def test_the_light_needs_all_its_fields(self) -> None:
        body = message_of(SetLight(on=False), "1")["system"]
        assert body["led_mode"] == "off"
        assert {"led_on_time", "led_off_time", "loop_times", "interval_time"} <= set(body)

    def test_both_shapes_of_the_version(self) -> None:
        new = {"name": "ota", "sw_ver": "01.08.02.00", "product_name": "Bambu Lab P1S"}
        old = {"name": "ota", "sw_ver": "01.07.00.00", "project_name": "C11"}
        assert parse_version({"module": [{"name": "mc"}, new]}) == Version(
            firmware="01.08.02.00", model="C12"
        )
        assert parse_version({"module": [old]}) == Version(firmware="01.07.00.00", model="C11")
        assert parse_version({"module": "none"}) == Version(firmware=None, model=None)
