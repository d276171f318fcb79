"""Deltas, the outbox, captures, packets, switches, scenarios, discovery."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.simulator import mqtt_packets as mqtt
from edge.simulator.ams import Loaded
from edge.simulator.clock import PrinterClock
from edge.simulator.commands import parse_requests
from edge.simulator.discovery import announcement
from edge.simulator.incidents import named_incidents
from edge.simulator.recording import Recorder, Replay, read_capture
from edge.simulator.report import Report, ReportFeed, encode, idle_report, merge
from edge.simulator.scenarios import scenarios
from edge.simulator.sending import Outbox
from edge.simulator.switches import SwitchBoard, Switches
from edge.simulator.thermal import cold_nozzle
from edge.simulator.versions import version_modules

SCALARS = st.integers() | st.text(max_size=5) | st.booleans()
OBJECTS = st.dictionaries(
    st.sampled_from("abcdef"), SCALARS | st.lists(SCALARS, max_size=3), max_size=6
)


@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), SCALARS, min_size=6), min_size=1))
def test_deltas_merge_to_the_whole(states: list[Report]) -> None:
    feed, merged = ReportFeed(), dict[str, Any]()
    merge(merged, feed.full(states[0])["print"])
    for state in states[1:]:
        if (delta := feed.delta(state)) is not None:
            merge(merged, delta["print"])
    own = {"command", "msg", "sequence_id"}
    assert {key: value for key, value in merged.items() if key not in own} == states[-1]


def test_a_delta_of_nothing_is_none_and_numbers_go_on() -> None:
    feed = ReportFeed()
    assert feed.full({"a": 1})["print"]["sequence_id"] == "1"
    assert feed.delta({"a": 1}) is None
    assert feed.delta({"a": 2}) == {
        "print": {"a": 2, "command": "push_status", "msg": 1, "sequence_id": "2"}
    }
    feed.restart({"a": 2})
    assert feed.delta({"a": 2}) is None


def test_later_changes_do_not_reach_what_was_told() -> None:
    report = idle_report("127.0.0.1", Loaded(), idle_stage=255, nozzle_mm="0.4")
    feed = ReportFeed()
    feed.full(report)
    report["upgrade_state"]["status"] = "DOWNLOADING"
    delta = feed.delta(report)
    assert delta is not None
    assert set(delta["print"]) == {"upgrade_state", "command", "msg", "sequence_id"}


def test_answers_are_indented_and_reports_compact() -> None:
    assert b"\n    " in encode({"print": {"command": "pause"}})
    assert b" " not in encode({"print": {"command": "push_status", "a": 1}})


def test_outbox_keeps_the_order_of_one_time() -> None:
    outbox = Outbox()
    outbox.put(2, {"n": 2})
    outbox.put(1, None)
    outbox.put(1, {"n": 1})
    assert outbox.next_due_s() == 1
    assert outbox.due(1.5) == [None, {"n": 1}]
    outbox.clear()
    assert outbox.due(9) == []


def test_a_capture_is_replayed_in_its_time(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    recorder = Recorder(path)
    for number, message in enumerate(
        ({"print": {"command": "push_status", "msg": 0, "a": 1}}, {"print": {"command": "pause"}})
    ):
        recorder.write("report", json.dumps(message).encode(), float(number))
    recorder.write("request", b'{"print": {"command": "stop"}}', 3.0)
    recorder.close()
    replay = Replay(read_capture(path))
    assert replay.state["a"] == 1
    assert replay.next_due_s() == 0
    assert len(replay.due(10)) == 2
    assert replay.next_due_s() is None


def test_an_empty_capture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("")
    with pytest.raises(ValueError, match="holds no report"):
        read_capture(path)


def test_clock_keeps_its_time_through_changes_of_scale() -> None:
    real_s = 0.0
    clock = PrinterClock(60, lambda: real_s)
    real_s = 10.0
    assert clock.now_s() == 600
    clock.set_scale(1)
    real_s = 20.0
    clock.jump(5)
    assert clock.now_s() == 615
    assert clock.real_s(30) == 30


@given(st.binary(max_size=300))
def test_any_payload_is_parsed_or_ignored(payload: bytes) -> None:
    assert all(isinstance(body["command"], str) for _, body in parse_requests(payload))


@given(st.binary(max_size=60))
def test_any_packet_body_is_parsed_or_refused(body: bytes) -> None:
    for parse in (
        lambda: mqtt.parse_connect(body),
        lambda: mqtt.parse_publish(mqtt.Packet(mqtt.PUBLISH, 2, body)),
        lambda: mqtt.parse_subscribe(mqtt.Packet(mqtt.SUBSCRIBE, 2, body)),
    ):
        with contextlib.suppress(mqtt.BadPacket):
            parse()


@pytest.mark.parametrize(
    ("length", "header"), [(0, "c000"), (127, "c07f"), (128, "c08001"), (20_000, "c0a09c01")]
)
def test_packet_lengths(length: int, header: str) -> None:
    assert mqtt.encode(mqtt.PINGREQ, bytes(length))[: len(header) // 2].hex() == header


def test_every_scenario_can_be_set() -> None:
    for scenario in scenarios().values():
        board = SwitchBoard(Switches())
        board.change(dict(scenario.switches))
        board.reset()
        assert board.now.client_limit == 4


def test_every_switch_is_refused_by_a_wrong_name() -> None:
    with pytest.raises(ValueError, match="no_such"):
        SwitchBoard(Switches()).change({"no_such": 1})


def test_named_incidents_say_what_happens() -> None:
    for name, incident in named_incidents().items():
        assert incident.is_immediate, name
        assert incident.print_error or incident.needs_filament, name


def test_nozzle_heats_and_cools() -> None:
    nozzle = cold_nozzle()
    hot = nozzle.after(nozzle.seconds_to(220), 220)
    assert hot.now_c == pytest.approx(220)
    assert 30 < hot.after(300, 0).now_c < 80
    assert hot.after(1e6, 0).now_c == pytest.approx(23)


def test_announcement_names_cloud_mode() -> None:
    text = announcement("10.0.0.9", "01P0", "x", firmware="01.08.02.00", mode="cloud").decode()
    assert "DevConnect.bambu.com: cloud" in text
    assert "DevVersion.bambu.com: 01.08.02.00" in text


def test_no_ams_no_module() -> None:
    modules = version_modules("01P00A000000001", "01.08.02.00", has_ams=False)
    assert [module["name"] for module in modules] == ["ota", "esp32", "mc", "th"]
