"""Requirements 36-42, 45, 46, 49, 50: the course of a print and what befalls it."""

from typing import Any

import pytest

from edge.simulator.ams import Loaded
from edge.simulator.scenarios import scenarios
from tests.integration.simulator.bench import Bench, Json, Talk
from tests.integration.simulator.conftest import Start
from tests.unit.simulator.sliced import gcode, sliced

NAME = "job.gcode.3mf"
FILE = sliced(gcode(layers=20, minutes=100), prediction=6000)
"""An hour and two thirds: a test that interrupts it is never too late."""
HEATED_S, PRINTED_S = 320, 6100
CANCELLED = 50348044
LIGHT: dict[str, Any] = {
    "led_node": "chamber_light",
    "led_mode": "off",
    "led_on_time": 500,
    "led_off_time": 500,
    "loop_times": 0,
    "interval_time": 0,
}


async def printing(bench: Bench, talk: Talk, **fields: object) -> list[Json]:
    """Start a job and leap to where it prints; return all messages on the way."""
    bench.put_on_card(NAME, FILE)
    await talk.start(NAME, **fields)
    seen = await talk.report(gcode_state="PREPARE")
    await bench.post("/time", {"jump_s": HEATED_S})
    return seen + await talk.report(stg_cur=0)


async def leap(bench: Bench) -> None:
    """Let a print's time pass at once."""
    await bench.post("/time", {"jump_s": PRINTED_S})


async def finish(bench: Bench, talk: Talk) -> list[Json]:
    """Leap to the end of the print; return all messages on the way."""
    await leap(bench)
    return await talk.report(gcode_state="FINISH")


async def reach_layer(bench: Bench, talk: Talk, layer: int) -> None:
    """Leap on and wait until the print has come to a layer."""
    await bench.post("/time", {"jump_s": 300 * layer})
    await talk.until(lambda m: int(m.get("print", {}).get("layer_num", 0)) >= layer)


def values(seen: list[Json], key: str) -> list[Any]:
    """Return what reports said of one field, in order."""
    return [m["print"][key] for m in seen if key in m.get("print", {})]


class TestPhases:
    """Requirement 36."""

    @pytest.mark.parametrize(
        ("flags", "stages"),
        [
            ({"bed_leveling": True, "vibration_cali": True}, [2, 13, 7, 14, 3, 1, 0]),
            ({"bed_leveling": False, "flow_cali": True}, [2, 13, 7, 14, 8, 0]),
            ({"bed_leveling": False}, [2, 13, 7, 14, 0]),
        ],
    )
    async def test_r36_flags_choose_phases(
        self, bench: Bench, flags: dict[str, bool], stages: list[int]
    ) -> None:
        async with bench.mqtt() as talk:
            seen = await printing(bench, talk, **flags)
        assert values(seen, "stg_cur") == stages
        assert values(seen, "stg")[-1] == stages[:-1]
        assert values(seen, "gcode_state") == ["PREPARE", "RUNNING"]


async def test_r37_layers_and_percent_from_the_marks(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        seen = await printing(bench, talk)
        seen += await finish(bench, talk)
    percents, layers = values(seen, "mc_percent"), values(seen, "layer_num")
    assert percents == sorted(percents)
    assert layers == sorted(layers)
    assert (percents[-1], layers[-1]) == (100, 20)
    assert values(seen, "total_layer_num") == [20]
    assert values(seen, "mc_remaining_time")[0] == 100
    assert values(seen, "mc_remaining_time")[-1] == 0


async def test_r37_total_may_be_told_once_only(start: Start) -> None:
    async with start(total_layers_only_as_delta=True) as bench, bench.mqtt() as talk:
        seen = await printing(bench, talk)
        assert values(seen, "total_layer_num") == [20]
        assert "total_layer_num" not in await talk.full()


async def test_r37_remaining_by_prediction_or_by_m73(start: Start) -> None:
    async with start(scale=100) as bench, bench.mqtt() as talk:
        bench.put_on_card(NAME, sliced(gcode(layers=3, minutes=42), prediction=None))
        await talk.start(NAME)
        report = (await talk.report(stg_cur=2))[-1]["print"]
    assert report["mc_remaining_time"] == 42


class TestFinish:
    """Requirement 38."""

    async def test_r38_last_report(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            await printing(bench, talk)
            end = (await finish(bench, talk))[-1]["print"]
            report = await talk.full()
        expected = {"print_type": "idle", "gcode_file": "", "stg_cur": 255, "mc_print_stage": "1"}
        assert expected.items() <= end.items()
        assert (end["bed_target_temper"], end["nozzle_target_temper"]) == (0, 0)
        assert report["subtask_name"] == "layerline-184467"
        assert (report["mc_percent"], report["total_layer_num"]) == (100, 20)
        before = (await bench.get("/report"))["bed_temper"]
        await bench.post("/time", {"jump_s": 900})
        async with bench.mqtt() as talk:
            assert (await talk.full())["bed_temper"] < before - 10

    async def test_r38_total_may_be_zero_at_the_end(self, start: Start) -> None:
        async with start(scale=60, total_layers_zero_at_end=True) as bench, bench.mqtt() as talk:
            await printing(bench, talk)
            end = (await finish(bench, talk))[-1]["print"]
        assert end["total_layer_num"] == 0

    async def test_r38_old_finish_stays_for_a_while(self, start: Start) -> None:
        async with start(scale=60) as bench, bench.mqtt() as talk:
            await printing(bench, talk)
            await finish(bench, talk)
            await bench.set(stale_outcome_s=20)
            sent_s = (await bench.get("/state"))["printer_s"]
            await talk.start(NAME, sid="2")
            assert (await talk.full())["gcode_state"] == "FINISH"
            await talk.report(gcode_state="PREPARE")
            assert (await bench.get("/state"))["printer_s"] - sent_s >= 20


@pytest.mark.parametrize("by", ["stop", "screen"])
async def test_r39_cancel(bench: Bench, by: str) -> None:
    async with bench.mqtt() as talk:
        await printing(bench, talk)
        await reach_layer(bench, talk, 4)
        if by == "stop":
            await talk.send("print", "stop", param="")
        else:
            await bench.post("/screen/stop")
        seen = await talk.report(gcode_state="FAILED")
        last = seen[-1]["print"]
        assert CANCELLED in values(seen, "print_error")
        assert (last["layer_num"], last["total_layer_num"], last["print_type"]) == (0, 0, "idle")
        await talk.report(print_error=0)
        assert (await talk.full())["gcode_state"] == "FAILED"


async def test_r39_stop_without_a_job_fails(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        assert (await talk.ask("print", "stop", param=""))["result"] == "fail"


@pytest.mark.parametrize("by", ["mqtt", "screen"])
async def test_r40_pause_and_resume(bench: Bench, by: str) -> None:
    async def press(talk: Talk, command: str) -> None:
        if by == "mqtt":
            await talk.send("print", command)
        else:
            await bench.post(f"/screen/{command}")

    async with bench.mqtt() as talk:
        await printing(bench, talk)
        await press(talk, "pause")
        await talk.report(gcode_state="PAUSE", stg_cur=16)
        before = await bench.get("/state")
        await bench.post("/time", {"jump_s": 600})
        after = await bench.get("/state")
        assert before["mc_percent"] == after["mc_percent"]
        await press(talk, "resume")
        await talk.report(gcode_state="RUNNING", stg_cur=0)
        await finish(bench, talk)


async def test_r40_resume_when_not_paused_fails(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        assert (await talk.ask("print", "resume", param=""))["result"] == "fail"
        assert (await talk.ask("print", "pause", param=""))["result"] == "fail"


async def test_r40_pause_may_show_a_code(bench: Bench) -> None:
    await bench.set(pause_shows_error=True)
    async with bench.mqtt() as talk:
        await printing(bench, talk)
        await talk.send("print", "pause", param="")
        await talk.report(gcode_state="PAUSE", print_error=50364417)


async def test_gcode_pause(bench: Bench) -> None:
    bench.put_on_card(NAME, sliced(gcode(layers=20, pause_at=10)))
    async with bench.mqtt() as talk:
        await talk.start(NAME)
        await talk.report(gcode_state="PREPARE")
        await leap(bench)
        seen = await talk.report(gcode_state="PAUSE", stg_cur=30)
        assert values(seen, "layer_num")[-1] == 10
        await talk.send("print", "resume", param="")
        await finish(bench, talk)


class TestRunout:
    """Requirement 41."""

    @pytest.mark.parametrize("code", [50364437, 134184977])
    async def test_r41_external_spool(self, start: Start, code: int) -> None:
        switches = {"content": Loaded(), "external_runout_error": code}
        async with start(**switches) as bench, bench.mqtt() as talk:
            await printing(bench, talk)
            await bench.post("/filament/runout")
            report = (await talk.report(gcode_state="PAUSE"))[-1]["print"]
            expected = {"stg_cur": 6, "print_error": code, "hw_switch_state": 0}
            assert expected.items() <= report.items()
            assert (await talk.ask("print", "resume", param=""))["result"] == "fail"
            await bench.post("/filament/load")
            await talk.send("print", "resume", param="")
            seen = await talk.report(gcode_state="RUNNING")
            assert values(seen, "stg_cur") == [24, 0]
            assert (seen[-1]["print"]["print_error"], values(seen, "hms")) == (0, [])
            await finish(bench, talk)

    async def test_r41_ams_names_the_slot(self, start: Start) -> None:
        scenario = scenarios()["runout-at-40"]
        async with start(scenario=scenario) as bench, bench.mqtt() as talk:
            await printing(bench, talk, use_ams=True, ams_mapping=[1])
            await leap(bench)
            seen = await talk.report(gcode_state="PAUSE", print_error=117473297)
            assert values(seen, "mc_percent")[-1] == 40
            assert seen[-1]["print"]["hms"] == [{"attr": 0x07002100, "code": 0x00020001}]
            assert seen[-1]["print"]["ams"]["tray_exist_bits"] == "1"
            await bench.post("/filament/load", {"tray": 1, "type": "PETG"})
            assert (await talk.ask("print", "resume", param=""))["result"] == "success"
            await finish(bench, talk)


class TestErrors:
    """Requirement 42."""

    async def test_r42_pause_with_a_code_at_a_layer(self, bench: Bench) -> None:
        await bench.post("/incidents", {"name": "nozzle-clog", "at_layer": 5})
        async with bench.mqtt() as talk:
            await printing(bench, talk)
            await leap(bench)
            seen = await talk.report(gcode_state="PAUSE", print_error=50364438)
            assert values(seen, "layer_num")[-1] == 5
            await talk.send("print", "resume", param="")
            await talk.report(gcode_state="RUNNING", print_error=0)

    async def test_r42_failure_with_hms_at_a_percent(self, bench: Bench) -> None:
        await bench.post("/incidents", {"name": "bed-temperature", "at_percent": 30})
        async with bench.mqtt() as talk:
            await printing(bench, talk)
            await leap(bench)
            last = (await talk.report(gcode_state="FAILED"))[-1]["print"]
        assert last["print_error"] == 0x03004006
        assert last["hms"] == [{"attr": 0x03000100, "code": 0x00010007}]

    @pytest.mark.parametrize("way", ["clean_print_error", "uiop"])
    async def test_r42_error_while_idle_is_cleared(self, bench: Bench, way: str) -> None:
        async with bench.mqtt() as talk:
            await bench.post("/incidents", {"name": "error-while-idle"})
            await talk.report(print_error=83902465)
            if way == "uiop":
                fields = {"name": "print_error", "action": "close", "type": "dialog"}
                await talk.send("system", "uiop", **fields, err="05004001", source=1)
            else:
                await talk.send("print", way, subtask_id="0", print_error=83902465)
            await talk.report(print_error=0)
            assert (await talk.full())["gcode_state"] == "IDLE"

    async def test_r42_a_new_job_clears_the_error(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            await bench.post("/incidents", {"name": "error-while-idle"})
            await talk.report(print_error=83902465)
            bench.put_on_card(NAME, FILE)
            await talk.start(NAME)
            report = (await talk.report(gcode_state="PREPARE"))[-1]["print"]
        assert report["print_error"] == 0

    async def test_r42_by_switch(self, bench: Bench) -> None:
        await bench.set(pause_at_percent=20, fail_at_percent=None)
        async with bench.mqtt() as talk:
            await printing(bench, talk)
            await leap(bench)
            await talk.report(gcode_state="PAUSE")
            await bench.set(fail_at_percent=50)
            await talk.send("print", "resume", param="")
            await finish(bench, talk)

    async def test_card_removed_in_mid_print(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            await printing(bench, talk)
            await bench.post("/card/remove")
            await talk.report(gcode_state="PAUSE", print_error=50364430)


class TestPowerCut:
    """Requirements 45 and 46."""

    async def cut(self, bench: Bench) -> None:
        """Print something and cut the power."""
        async with bench.mqtt() as talk:
            await printing(bench, talk)
            await reach_layer(bench, talk, 4)
        await bench.post("/power/cycle")
        await bench.state(power="on")

    async def test_r45_identity_is_lost(self, bench: Bench) -> None:
        await self.cut(bench)
        async with bench.mqtt() as talk:
            report = await talk.full()
        assert (report["gcode_state"], report["subtask_name"]) == ("IDLE", "")
        assert (report["subtask_id"], report["gcode_file"]) == ("0", "")
        assert (await bench.get("/state"))["part_on_plate"]

    @pytest.mark.parametrize("answer", ["resume", "stop"])
    async def test_r45_recovery_asks(self, start: Start, answer: str) -> None:
        async with start(power_loss_recovery=True) as bench:
            await self.cut(bench)
            async with bench.mqtt() as talk:
                report = await talk.full()
                assert (report["gcode_state"], report["print_error"]) == ("PAUSE", 50364423)
                assert report["subtask_name"] == "layerline-184467"
                assert report["nozzle_target_temper"] == 0
                await talk.send("print", answer, param="")
                await talk.report(gcode_state="RUNNING" if answer == "resume" else "FAILED")

    async def test_r46_ghost_print(self, start: Start) -> None:
        async with start(ghost_print=True) as bench:
            bench.put_on_card("ghost.gcode.3mf", FILE)
            await bench.post("/power/cycle")
            await bench.state(subtask_name="ghost")
            assert (await bench.get("/counters"))["starts_by_name"] == {"ghost": 1}


async def test_r49_a_start_on_an_occupied_plate_is_a_collision(start: Start) -> None:
    async with start(scale=60) as bench, bench.mqtt() as talk:
        await printing(bench, talk)
        await finish(bench, talk)
        assert (await bench.get("/state"))["part_on_plate"]
        await printing(bench, talk, sid="2")
        await finish(bench, talk)
        assert (await bench.get("/counters"))["collisions"] == 1
        await bench.post("/plate/clear")
        await printing(bench, talk, sid="3")
        await finish(bench, talk)
        assert (await bench.get("/counters"))["collisions"] == 1


class TestCommands:
    """Requirement 50."""

    @pytest.mark.parametrize("by_hand", [True, False])
    async def test_r50_light(self, bench: Bench, *, by_hand: bool) -> None:
        fields = LIGHT if by_hand else {"led_node": "chamber_light", "led_mode": "off"}
        async with bench.mqtt() as talk:
            echo = await talk.ask("system", "ledctrl", **fields)
            assert echo["result"] == ("success" if by_hand else "fail")
            mode = "off" if by_hand else "on"
            lights = (await talk.full())["lights_report"]
        assert lights == [{"node": "chamber_light", "mode": mode}]

    async def test_r50_speed(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            assert (await talk.ask("print", "print_speed", param="3"))["result"] == "fail"
            await printing(bench, talk)
            assert (await talk.ask("print", "print_speed", param="9"))["result"] == "fail"
            await talk.send("print", "print_speed", param="4")
            await talk.report(spd_lvl=4, spd_mag=166)

    async def test_r50_skip_objects(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            assert (await talk.ask("print", "skip_objects", obj_list=[206]))["result"] == "fail"
            await printing(bench, talk, skip_objects=[1])
            await talk.send("print", "skip_objects", obj_list=[206, 1])
            await talk.report(s_obj=[1, 206])

    async def test_r50_gcode_line(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            echo = await talk.ask("print", "gcode_line", param="G28\n")
            assert (echo["result"], echo["err_code"]) == ("SUCCESS", 0)
            long = await talk.ask("print", "gcode_line", param="G1 X1\n" * 400)
            assert long["result"] == "FAIL"

    async def test_r50_gcode_line_sets_heat_and_fans(self, bench: Bench) -> None:
        lines = "M140 S60\nM104 S150 ; warm\nM106 P2 S127.5\nM106 S255\nM107 P3\nM104 S999\n"
        async with bench.mqtt() as talk:
            await talk.send("print", "gcode_line", param=lines)
            await talk.report(
                bed_target_temper=60, nozzle_target_temper=300, cooling_fan_speed="15"
            )
            assert (await talk.full())["big_fan1_speed"] == "8"
            await bench.post("/time", {"jump_s": 120})
            assert (await talk.full())["bed_temper"] > 50

    async def test_r50_a_refused_gcode_line_sets_nothing(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            assert (await talk.ask("print", "gcode_line", param="M140 S60"))["result"] == "FAIL"
            await bench.set(mode="lan")
            await talk.ask("print", "gcode_line", param="M140 S60\n")
            assert (await talk.full())["bed_target_temper"] == 0

    async def test_r50_the_external_spool_is_set(self, bench: Bench) -> None:
        spool = {"ams_id": 255, "tray_id": 254, "tray_type": "TPU", "tray_color": "00FF00FF"}
        async with bench.mqtt() as talk:
            await talk.ask("print", "ams_filament_setting", **spool)
            shown = (await talk.full())["vt_tray"]
            assert (shown["tray_type"], shown["tray_color"]) == ("TPU", "00FF00FF")
            await bench.post("/filament/load", {"type": "PETG", "color": "1f79e5"})
            shown = (await talk.full())["vt_tray"]
            assert (shown["tray_type"], shown["tray_color"]) == ("PETG", "1F79E5FF")

    async def test_r50_when_trays_are_read(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            await talk.send(
                "print", "ams_user_setting", startup_read_option=True, tray_read_option=False
            )
            await talk.echo("print", "ams_user_setting")
            ams = (await talk.full())["ams"]
        assert (ams["insert_flag"], ams["power_on_flag"]) == (False, True)

    async def test_r50_recovery_after_a_power_cut_is_an_option(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            await talk.ask("print", "print_option", auto_recovery=True)
            await printing(bench, talk)
        await bench.post("/power/cycle")
        await bench.post("/time", {"jump_s": 60})
        state = await bench.state(power="on")
        assert (state["gcode_state"], state["print_error"]) == ("PAUSE", 0x03008007)

    async def test_r50_an_ams_resume_goes_on(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            await printing(bench, talk)
            await bench.post("/incidents", {"name": "spaghetti"})
            await talk.report(gcode_state="PAUSE")
            await talk.send("print", "ams_control", param="resume")
            await talk.report(gcode_state="RUNNING")

    async def test_r50_gcode_file_is_inert(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            echo = await talk.ask("print", "gcode_file", param="/sdcard/x.gcode")
            assert echo["result"] == "success"
            await bench.post("/time", {"jump_s": 600})
            assert (await talk.full())["gcode_state"] == "IDLE"

    async def test_r50_ams_and_camera_settings(self, bench: Bench) -> None:
        tray = {"ams_id": 0, "tray_id": 1, "tray_type": "ABS", "tray_color": "FF0000FF"}
        async with bench.mqtt() as talk:
            await talk.ask("print", "ams_filament_setting", **tray, tray_info_idx="GFB99")
            await talk.ask("print", "ams_change_filament", target=1, curr_temp=-1, tar_temp=-1)
            await talk.ask("camera", "ipcam_timelapse", control="enable")
            for command in ("ams_control", "ams_user_setting", "ams_get_rfid", "print_option"):
                assert (await talk.ask("print", command))["result"] == "success"
            report = await talk.full()
        shown = report["ams"]["ams"][0]["tray"][1]
        assert (report["ams"]["tray_now"], report["ipcam"]["timelapse"]) == ("1", "enable")
        assert (shown["tray_type"], shown["tray_info_idx"]) == ("ABS", "GFB99")

    async def test_r50_access_code_can_be_read(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            assert (await talk.ask("system", "get_access_code"))["access_code"] == "12345678"
