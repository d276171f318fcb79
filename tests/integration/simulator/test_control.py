"""Requirements 65-67: Authorization Control, modes, the control port."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edge.simulator.scenarios import scenarios
from tests.integration.simulator.bench import CODE, Bench, ftp_login
from tests.integration.simulator.conftest import Start
from tests.integration.simulator.rawmqtt import raw
from tests.unit.simulator.sliced import sliced

REFUSED = {"result": "failed", "reason": "mqtt message verify failed", "err_code": 84033543}
HMS = {"attr": 0x05000500, "code": 0x00010007}
NAME = "job.gcode.3mf"


class TestAuthorizationControl:
    """Requirement 65."""

    @pytest.mark.parametrize(
        "command", ["pause", "resume", "stop", "gcode_line", "print_speed", "project_file"]
    )
    async def test_r65_control_is_refused(self, start: Start, command: str) -> None:
        async with start(mode="lan") as bench, bench.mqtt() as talk:
            bench.put_on_card(NAME, sliced())
            echo = await talk.ask("print", command, url=f"ftp:///{NAME}", param="2")
            assert REFUSED.items() <= echo.items()
            assert echo["param"] == "2"
            await bench.post("/time", {"jump_s": 60})
            report = await talk.full()
        assert (report["gcode_state"], report["hms"]) == ("IDLE", [HMS])

    async def test_r65_reading_and_uploading_still_work(self, start: Start) -> None:
        async with start(mode="lan") as bench, bench.mqtt() as talk:
            assert (await talk.ask("info", "get_version"))["result"] == "success"
            assert (await talk.ask("system", "get_access_code"))["access_code"] == CODE
            ftp = await asyncio.to_thread(ftp_login, bench)
            try:
                assert (await asyncio.to_thread(ftp.put, NAME, sliced()))[:3] == "226"
            finally:
                ftp.close()

    async def test_r65_bare_echo(self, start: Start) -> None:
        scenario = scenarios()["authorization-control-bare"]
        async with start(scenario=scenario) as bench, bench.mqtt() as talk:
            echo = await talk.ask("print", "stop", param="")
        assert set(echo) == {"command", "sequence_id"}

    @pytest.mark.parametrize(
        ("firmware", "mode", "is_refused"),
        [
            ("01.07.00.00", "lan", False),
            ("01.08.01.00", "lan", False),
            ("01.08.02.00", "lan", True),
            ("01.08.02.00", "lan+developer", False),
            ("01.10.00.00", "cloud", True),
        ],
    )
    async def test_r65_by_firmware_and_mode(
        self, start: Start, firmware: str, mode: str, *, is_refused: bool
    ) -> None:
        async with start(firmware=firmware, mode=mode) as bench, bench.mqtt() as talk:
            echo = await talk.ask("print", "gcode_line", param="G28\n")
        assert ("err_code" in echo and echo["err_code"] == 84033543) is is_refused

    async def test_r65_light_by_switch(self, start: Start) -> None:
        light: dict[str, Any] = {"led_node": "chamber_light", "led_mode": "off"}
        times = dict.fromkeys(("led_on_time", "led_off_time", "loop_times", "interval_time"), 0)
        async with start(mode="lan") as bench, bench.mqtt() as talk:
            assert (await talk.ask("system", "ledctrl", **light, **times))["result"] == "success"
            await bench.set(light_needs_developer_mode=True)
            assert (await talk.ask("system", "ledctrl", **light, **times))["result"] == "failed"


async def test_r66_mode_changes_the_code_and_drops_sessions(start: Start) -> None:
    async with start(mode="lan") as bench:
        async with raw(bench) as client:
            await client.connect()
            code = (await bench.post("/mode", {"mode": "lan+developer"}))["access_code"]
            assert await client.is_cut()
        assert code != CODE
        async with raw(bench) as client:
            assert await client.connect(code=CODE) == 5
        async with bench.mqtt(code=code) as talk:
            assert (await talk.ask("print", "gcode_line", param="G28\n"))["err_code"] == 0
    async with start(mode="lan") as bench, bench.mqtt(code=code) as talk:
        assert await talk.full()  # mode and code outlive the process
    async with start(code="11112222") as bench, bench.mqtt(code="11112222") as talk:
        assert await talk.full()  # a code given anew wins


class TestControl:
    """Requirement 67."""

    async def test_r67_index_documents_every_route(self, bench: Bench) -> None:
        routes = (await bench.get("/"))["routes"]
        assert len(routes) == 25
        assert all(routes.values())

    async def test_r67_card_counters_and_report(self, bench: Bench) -> None:
        bench.put_on_card(NAME, b"12345")
        assert await bench.get("/card") == {"inserted": True, "files": {f"/{NAME}": 5}}
        assert (await bench.get("/report"))["gcode_state"] == "IDLE"
        async with bench.mqtt():
            counters = await bench.get("/counters")
        assert (counters["connections"], counters["clients"]) == (1, 1)
        assert counters["protocol_violations"] == 0

    async def test_r67_faults_are_set_and_reset(self, bench: Bench) -> None:
        await bench.set(client_limit=2, connack_code=4)
        assert (await bench.get("/faults"))["client_limit"] == 2
        async with bench.http.delete(f"http://127.0.0.1:{bench.ready.control_port}/faults") as done:
            assert (await done.json())["client_limit"] == 4
        schema = await bench.get("/faults/schema")
        assert "[K] BBR" in schema["properties"]["puback"]["description"]

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("/faults", {"no_such": 1}, 400),
            ("/faults", {"client_limit": "many"}, 400),
            ("/incidents", {"name": "no-such"}, 404),
            ("/incidents", {"print_error": "x"}, 400),
            ("/scenarios/no-such", {}, 404),
            ("/screen/dance", {}, 404),
            ("/screen/start", {}, 400),
            ("/mode", {"mode": "party"}, 400),
            ("/time", {"scale": "fast"}, 400),
            ("/time", {"jump_s": float("inf")}, 400),
            ("/filament/load", {"tray": 9}, 400),
        ],
    )
    async def test_r67_bad_input_is_named(
        self, bench: Bench, path: str, body: dict[str, Any], status: int
    ) -> None:
        await bench.post(path, body, status=status)

    async def test_r67_time_runs_faster_and_jumps(self, bench: Bench) -> None:
        before = (await bench.get("/state"))["printer_s"]
        state = await bench.post("/time", {"scale": 5, "jump_s": 10_000})
        assert state["time_scale"] == 5
        assert state["printer_s"] - before >= 10_000

    async def test_r67_scenarios_and_incidents(self, bench: Bench) -> None:
        assert set(await bench.get("/scenarios")) == set(scenarios())
        for name in scenarios():
            await bench.post(f"/scenarios/{name}")
        waiting = (await bench.get("/incidents"))["waiting"]
        assert len(waiting) == sum(len(item.incidents) for item in scenarios().values())

    async def test_r67_connections_drop(self, bench: Bench) -> None:
        async with raw(bench) as client:
            await client.connect()
            await bench.post("/connections/drop")
            assert await client.is_cut()


async def test_counts_and_plate_survive_the_process(start: Start, data_dir: Path) -> None:
    async with start(scale=3000) as bench, bench.mqtt() as talk:
        bench.put_on_card(NAME, sliced())
        await talk.start(NAME)
        await talk.report(gcode_state="FINISH")
        await bench.post("/card/remove")
    assert (data_dir / "memory.json").exists()
    async with start() as bench:
        state, card = await bench.get("/state"), await bench.get("/card")
        assert (state["part_on_plate"], card["inserted"]) == (True, False)
        assert (await bench.get("/counters"))["starts_by_name"] == {"layerline-184467": 1}
