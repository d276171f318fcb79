"""Requirements 18-26: full reports, deltas, versions, what persists."""

import json
import math

import pytest

from edge.simulator.ams import Loaded
from edge.simulator.recording import Replay, read_capture
from tests.integration.simulator.bench import Bench, Json
from tests.integration.simulator.conftest import Start
from tests.unit.simulator.sliced import gcode, sliced

FIXTURE_KEYS = 63
STRINGS = (
    "mc_print_stage",
    "heatbreak_fan_speed",
    "cooling_fan_speed",
    "big_fan1_speed",
    "big_fan2_speed",
    "lifecycle",
    "wifi_signal",
    "gcode_state",
    "gcode_file_prepare_percent",
    "project_id",
    "profile_id",
    "task_id",
    "subtask_id",
    "subtask_name",
    "gcode_file",
    "print_type",
    "mc_print_line_number",
    "mess_production_state",
    "nozzle_diameter",
    "nozzle_type",
    "k",
    "sequence_id",
    "command",
)
INTEGERS = (
    "mc_percent",
    "mc_remaining_time",
    "ams_status",
    "ams_rfid_status",
    "hw_switch_state",
    "spd_mag",
    "spd_lvl",
    "print_error",
    "queue_number",
    "stg_cur",
    "home_flag",
    "mc_print_sub_stage",
    "layer_num",
    "total_layer_num",
    "fan_gear",
    "cali_version",
    "flag3",
    "msg",
    "chamber_temper",
)
LISTS = ("stg", "s_obj", "filam_bak", "hms", "lights_report")


def is_full(message: Json) -> bool:
    """Whether this is a full report."""
    return bool(message.get("print", {}).get("msg") == 0)


async def test_r18_full_report_has_keys_and_types(start: Start) -> None:
    async with start(content=Loaded()) as bench, bench.mqtt() as talk:
        report = await talk.full()
    assert len(report) == FIXTURE_KEYS
    assert all(isinstance(report[key], str) for key in STRINGS)
    assert all(type(report[key]) is int for key in INTEGERS)
    assert all(isinstance(report[key], list) for key in LISTS)
    assert isinstance(report["nozzle_temper"], float)
    assert (report["ams"]["ams"], report["ams"]["tray_now"]) == ([], "254")
    assert report["vt_tray"]["id"] == "254"
    assert len(json.dumps(report, separators=(",", ":"))) < 3400


async def test_r18_ams_trays(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        ams = (await talk.full())["ams"]
    assert (ams["ams_exist_bits"], ams["tray_exist_bits"]) == ("1", "3")
    trays = ams["ams"][0]["tray"]
    assert [tray["id"] for tray in trays] == ["0", "1", "2", "3"]
    assert (trays[0]["tray_type"], trays[0]["tray_color"]) == ("PLA", "F2754EFF")
    assert trays[3] == {"id": "3"}


async def test_r18_full_report_is_delayed(start: Start) -> None:
    async with start(scale=10, pushall_delay_s=3) as bench, bench.mqtt() as talk:
        await talk.send("pushing", "pushall")
        before = (await bench.get("/state"))["printer_s"]
        await talk.report(msg=0)
        assert (await bench.get("/state"))["printer_s"] - before >= 2.5


async def test_r19_deltas_hold_only_what_changed(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        full = await talk.full()
        seen = await talk.until(lambda message: message["print"]["msg"] == 1)
    delta = seen[-1]["print"]
    fields = set(delta) - {"command", "msg", "sequence_id"}
    assert fields
    assert fields <= {"wifi_signal", "nozzle_temper", "bed_temper"}
    assert int(delta["sequence_id"]) == int(full["sequence_id"]) + 1


@pytest.mark.parametrize("answer", ["answer", "ignore", "delay"])
async def test_r20_frequent_pushall_is_counted(start: Start, answer: str) -> None:
    async with start(scale=100, pushall_too_soon=answer) as bench, bench.mqtt() as talk:
        await talk.full()
        asked_s = (await bench.get("/state"))["printer_s"]
        await talk.send("pushing", "pushall")
        if answer == "ignore":
            await talk.send("info", "get_version")
            seen = await talk.until(lambda message: "info" in message)
            assert not any(map(is_full, seen))
        else:
            await talk.report(msg=0)
            waited_s = (await bench.get("/state"))["printer_s"] - asked_s
            assert waited_s >= (5 if answer == "delay" else 0)
        counters = await bench.get("/counters")
    assert (counters["pushalls"], counters["pushall_violations"]) == (2, 1)


async def test_r20_pushall_after_5_minutes_is_no_violation(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        await talk.full()
        await bench.post("/time", {"jump_s": 301})
        await talk.full()
    assert (await bench.get("/counters"))["pushall_violations"] == 0


async def test_r21_pushing_start_is_accepted(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        await bench.set(reports_stall=True)
        await talk.send("pushing", "start")
        await talk.until(lambda message: message["print"]["msg"] == 1)


@pytest.mark.parametrize(
    ("firmware", "has_product"),
    [("01.06.01.02", False), ("01.07.00.00", False), ("01.08.02.00", True), ("01.10.00.00", True)],
)
async def test_r22_version_shape_by_firmware(
    bench: Bench, firmware: str, *, has_product: bool
) -> None:
    await bench.set(firmware=firmware)
    async with bench.mqtt() as talk:
        modules = (await talk.ask("info", "get_version"))["module"]
    by_name = {module["name"]: module for module in modules}
    assert list(by_name) == ["ota", "esp32", "mc", "th", "ams/0"]
    assert by_name["ota"]["sw_ver"] == firmware
    assert ("product_name" in by_name["ota"]) is has_product
    assert by_name["ota"].get("project_name") == (None if has_product else "C12")
    assert by_name["esp32"]["hw_ver"] == "AP04"


async def print_one(bench: Bench, name: str = "job.gcode.3mf") -> None:
    """Print a file to its end."""
    bench.put_on_card(name, sliced(gcode(layers=4)))
    async with bench.mqtt() as talk:
        await talk.start(name)
        await talk.report(gcode_state="FINISH")


async def test_r23_outcome_persists_and_survives_the_process(start: Start) -> None:
    expected = {"gcode_state": "FINISH", "mc_percent": 100, "layer_num": 4, "gcode_file": ""}
    async with start(scale=3000) as bench:
        await print_one(bench)
        async with bench.mqtt() as talk:
            first = await talk.full()
    async with start() as bench, bench.mqtt() as talk:
        second = await talk.full()
        state = await bench.get("/state")
    for report in (first, second):
        assert expected.items() <= report.items()
        assert (report["subtask_name"], report["subtask_id"]) == ("layerline-184467", "184467")
    assert state["part_on_plate"]


async def test_r24_idle_stage_and_the_boot_bug(start: Start) -> None:
    async with start() as bench, bench.mqtt() as talk:
        assert (await talk.full())["stg_cur"] == 255
    async with start(idle_stage=0) as bench, bench.mqtt() as talk:
        assert (await talk.full())["stg_cur"] == 0


async def test_r25_own_address_little_endian(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        number = (await talk.full())["net"]["info"][0]["ip"]
    assert number.to_bytes(4, "little") == bytes((127, 0, 0, 1))


async def test_r26_temperatures_ramp_in_32nds(start: Start) -> None:
    async with start(scale=300) as bench:
        bench.put_on_card("job.gcode.3mf", sliced())
        async with bench.mqtt() as talk:
            await talk.full()
            await talk.start("job.gcode.3mf")
            seen = await talk.report(stg_cur=0)
            report = await bench.get("/report")
    fields = [message["print"] for message in seen if "print" in message]
    nozzle = [item["nozzle_temper"] for item in fields if "nozzle_temper" in item]
    bed = [item["bed_temper"] for item in fields if "bed_temper" in item]
    assert max(nozzle) > 200
    assert 55 < max(bed) < 65
    assert all(math.isclose(value * 32, round(value * 32)) for value in nozzle + bed)
    assert report["chamber_temper"] == 5
    assert report["heatbreak_fan_speed"] == "15"


async def test_bed_report_may_stop_after_a_print(start: Start) -> None:
    async with start(scale=3000, bed_report_stops_after_print=True) as bench:
        await print_one(bench)
        before = (await bench.get("/report"))["bed_temper"]
        await bench.post("/time", {"jump_s": 3000})
        async with bench.mqtt() as talk:
            assert (await talk.full())["bed_temper"] == before


class TestLog:
    """Requirement 68, and the replay of a capture."""

    async def test_r68_everything_is_logged(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            await talk.send("info", "get_version")
            await talk.echo("info", "get_version")
        entries = _entries(bench)
        assert {entry["dir"] for entry in entries} == {"request", "report"}
        payloads = [json.loads(entry["payload"]) for entry in entries]
        assert sum("get_version" in str(payload) for payload in payloads) == 2
        assert all(entry["at"] and entry["printer_s"] >= 0 for entry in entries)

    async def test_replay_tells_a_capture_again(self, start: Start) -> None:
        async with start(scale=3000) as bench:
            async with bench.mqtt() as talk:
                await talk.full()
            await print_one(bench)
            capture = bench.data_dir / "capture.jsonl"
            capture.write_bytes((bench.data_dir / "log.jsonl").read_bytes())
        replay = Replay(read_capture(capture))
        slow = {"scale": 0.01, "pushall_delay_s": 0}
        async with start(replay=replay, **slow) as bench, bench.mqtt() as talk:
            assert (await talk.full())["gcode_state"] == "IDLE"
            await bench.post("/time", {"jump_s": 600})
            seen = await talk.report(gcode_state="FINISH")
            assert any(m.get("print", {}).get("gcode_state") == "RUNNING" for m in seen)
            assert (await talk.full())["gcode_state"] == "FINISH"


def _entries(bench: Bench) -> list[Json]:
    text = (bench.data_dir / "log.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
