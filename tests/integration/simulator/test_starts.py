"""Requirements 27-35, 43, 44, 47, 48: what starts a job, and what does not."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from edge.simulator.ams import Loaded
from tests.integration.simulator.bench import Bench
from tests.integration.simulator.conftest import Start
from tests.unit.simulator.sliced import gcode, sliced

NAME = "job.gcode.3mf"
FILE = sliced(gcode(layers=4))
CANT_PARSE, STORAGE, BUSY = 83902467, 83935248, 83902468


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("ftp:///job.gcode.3mf", NAME),
        ("ftp://job.gcode.3mf", NAME),
        ("ftp:///cache/job.gcode.3mf", "cache/" + NAME),
        ("file:///sdcard/job.gcode.3mf", NAME),
        ("file:///sdcard/cache/job.gcode.3mf", "cache/" + NAME),
        ("file:///mnt/sdcard/job.gcode.3mf", NAME),
        ("ftp:///my%2Djob.gcode.3mf", "my-job.gcode.3mf"),
    ],
)
async def test_r27_url_forms(bench: Bench, url: str, place: str) -> None:
    bench.put_on_card(place, FILE)
    async with bench.mqtt() as talk:
        await talk.start(NAME, url=url)
        seen = await talk.report(gcode_state="RUNNING")
    shown = [m["print"]["gcode_file"] for m in seen if "gcode_file" in m["print"]]
    assert shown == [Path(place).name]


async def test_r27_the_x1_form_may_not_work(bench: Bench) -> None:
    await bench.set(mnt_sdcard_url_works=False)
    bench.put_on_card(NAME, FILE)
    async with bench.mqtt() as talk:
        await talk.start(NAME, url=f"file:///mnt/sdcard/{NAME}")
        await talk.report(print_error=STORAGE)


async def test_r28_echo_then_prepare(start: Start) -> None:
    async with start(scale=10, echo_delay_s=1) as bench, bench.mqtt() as talk:
        bench.put_on_card(NAME, FILE)
        await talk.start(NAME, bed_type="auto")
        echo = await talk.echo("print", "project_file")
        assert (echo["result"], echo["reason"], echo["bed_type"]) == ("success", "success", "auto")
        assert echo["sequence_id"] == "20001"
        await talk.report(gcode_state="PREPARE")


class TestIdentity:
    """Requirement 29."""

    async def test_r29_is_reported_as_sent(self, bench: Bench) -> None:
        bench.put_on_card(NAME, FILE)
        async with bench.mqtt() as talk:
            await talk.start(NAME, project_id="11", profile_id="12", task_id="13", subtask_id="14")
            report = (await talk.report(gcode_state="PREPARE"))[-1]["print"]
        sent = {"project_id": "11", "profile_id": "12", "task_id": "13", "subtask_id": "14"}
        assert sent.items() <= report.items()
        assert report["subtask_name"] == "layerline-184467"
        assert (report["gcode_file"], report["print_type"]) == (NAME, "local")

    async def test_r29_defaults_and_null(self, bench: Bench) -> None:
        bench.put_on_card(NAME, FILE)
        request = {"param": "Metadata/plate_1.gcode", "url": f"ftp:///{NAME}", "skip_objects": None}
        async with bench.mqtt() as talk:
            await talk.send("print", "project_file", **request)
            await talk.report(gcode_state="PREPARE")
            report = await talk.full()
        assert report["subtask_name"] == "job"
        assert {report[key] for key in ("project_id", "task_id", "subtask_id")} == {"0"}

    @pytest.mark.parametrize(
        ("firmware", "shown"), [("01.10.00.00", "2147483647"), ("01.08.02.00", "9876543210")]
    )
    async def test_r29_large_ids_are_clamped(self, bench: Bench, firmware: str, shown: str) -> None:
        await bench.set(firmware=firmware)
        bench.put_on_card(NAME, FILE)
        async with bench.mqtt() as talk:
            await talk.start(NAME, subtask_id="9876543210")
            report = (await talk.report(gcode_state="PREPARE"))[-1]["print"]
        assert report["subtask_id"] == shown


@pytest.mark.parametrize(
    ("content", "fields", "code"),
    [
        (None, {}, STORAGE),
        (b"", {}, STORAGE),
        (b"no zip at all", {}, CANT_PARSE),
        (FILE[: len(FILE) // 2], {}, STORAGE),
        (FILE, {"param": "Metadata/plate_2.gcode"}, CANT_PARSE),
        (sliced(md5="0" * 32), {}, CANT_PARSE),
        (sliced(b""), {}, CANT_PARSE),
        (FILE, {"md5": "0" * 32}, CANT_PARSE),  # requirement 31
        (sliced(model="N2S"), {}, 83902519),  # requirement 32
        (sliced(nozzle="0.6"), {}, 83902520),
    ],
)
async def test_r30_bad_file_fails_after_prepare(
    bench: Bench, content: bytes | None, fields: dict[str, Any], code: int
) -> None:
    if content is not None:
        bench.put_on_card(NAME, content)
    async with bench.mqtt() as talk:
        await talk.start(NAME, **fields)
        seen = await talk.report(gcode_state="FAILED", print_error=code)
    states = [m["print"]["gcode_state"] for m in seen if "gcode_state" in m["print"]]
    assert states == ["PREPARE", "FAILED"]


async def test_r30_or_only_the_error_is_shown(bench: Bench) -> None:
    await bench.set(bad_file_shows="only_error")
    async with bench.mqtt() as talk:
        await talk.start(NAME)
        seen = await talk.report(print_error=STORAGE)
        assert (await talk.full())["gcode_state"] == "IDLE"
    assert not any("gcode_state" in message["print"] for message in seen)


@pytest.mark.parametrize(
    "md5",
    ["", "from_sd_card", hashlib.md5(FILE).hexdigest()],  # noqa: S324
    ids=["none", "from_sd_card", "right"],
)
async def test_r31_right_or_no_md5(bench: Bench, md5: str) -> None:
    bench.put_on_card(NAME, FILE)
    async with bench.mqtt() as talk:
        await talk.start(NAME, md5=md5)
        await talk.report(gcode_state="RUNNING")


@pytest.mark.parametrize("model", ["C12", "C11", "BL-P001", ""])
async def test_r32_compatible_models(bench: Bench, model: str) -> None:
    bench.put_on_card(NAME, sliced(model=model))
    async with bench.mqtt() as talk:
        await talk.start(NAME)
        await talk.report(gcode_state="RUNNING")


async def test_r32_the_firmware_may_be_stricter(bench: Bench) -> None:
    await bench.set(models_accepted=["C12"])
    bench.put_on_card(NAME, sliced(model="C11"))
    async with bench.mqtt() as talk:
        await talk.start(NAME)
        await talk.report(gcode_state="FAILED", print_error=83902519)


async def test_r33_no_card(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        before = (await talk.full())["home_flag"]
        await bench.post("/card/remove")
        report = (await talk.report(sdcard=False))[-1]["print"]
        assert before - report["home_flag"] == 0x100
        await talk.start(NAME)
        await talk.report(print_error=83902476)
        await bench.post("/card/insert")
        assert (await talk.report(sdcard=True))[-1]["print"]["home_flag"] == before


class TestBusy:
    """Requirement 34."""

    async def test_r34_error_and_the_job_goes_on(self, bench: Bench) -> None:
        bench.put_on_card(NAME, FILE)
        async with bench.mqtt() as talk:
            await talk.start(NAME)
            await talk.report(gcode_state="RUNNING")
            await talk.start(NAME, sid="2")
            await talk.report(print_error=BUSY)
            await talk.report(gcode_state="FINISH")
        counters = await bench.get("/counters")
        assert counters["starts_by_name"] == {"layerline-184467": 1}

    async def test_r34_echo_fails(self, bench: Bench) -> None:
        await bench.set(busy_start="echo_fail")
        bench.put_on_card(NAME, FILE)
        async with bench.mqtt() as talk:
            await talk.start(NAME)
            await talk.report(gcode_state="RUNNING")
            await talk.start(NAME, sid="2")
            assert (await talk.echo("print", "project_file"))["result"] == "fail"

    async def test_r34_cancels_the_running_job(self, bench: Bench) -> None:
        await bench.set(busy_start="cancels_job")
        bench.put_on_card(NAME, FILE)
        async with bench.mqtt() as talk:
            await talk.start(NAME)
            await talk.report(gcode_state="RUNNING")
            await talk.start(NAME, sid="2")
            await talk.report(gcode_state="FAILED")


@pytest.mark.parametrize("is_ignored", [True, False])
async def test_r35_repeated_id(start: Start, *, is_ignored: bool) -> None:
    async with start(scale=3000, repeated_id_is_ignored=is_ignored) as bench, bench.mqtt() as talk:
        bench.put_on_card(NAME, FILE)
        await talk.start(NAME)
        await talk.report(gcode_state="FINISH")
        await bench.post("/plate/clear")
        await talk.start(NAME)
        assert (await talk.echo("print", "project_file"))["result"] == "success"
        await bench.post("/time", {"jump_s": 5})
        state = await bench.state(gcode_state="FINISH" if is_ignored else "RUNNING")
        assert state["subtask_id"] == "184467"
        assert (await bench.get("/counters"))["starts"] == (1 if is_ignored else 2)


class TestAMS:
    """Requirement 43."""

    async def test_r43_feeds_from_the_mapped_tray(self, bench: Bench) -> None:
        bench.put_on_card(NAME, FILE)
        async with bench.mqtt() as talk:
            await talk.start(NAME, use_ams=True, ams_mapping=[-1, 1])
            await talk.report(ams_status=768)
            assert (await talk.full())["ams"]["tray_now"] == "1"
            await talk.report(gcode_state="FINISH")
            report = await talk.full()
        assert (report["ams_status"], report["ams"]["tray_now"]) == (0, "255")

    @pytest.mark.parametrize("mapping", [[], [-1], [3], [9]])
    async def test_r43_bad_mapping_pauses(self, bench: Bench, mapping: list[int]) -> None:
        bench.put_on_card(NAME, FILE)
        async with bench.mqtt() as talk:
            await talk.start(NAME, use_ams=True, ams_mapping=mapping)
            await talk.report(gcode_state="PAUSE", print_error=117473298)

    async def test_r43_no_ams_pauses(self, start: Start) -> None:
        async with start(content=Loaded()) as bench, bench.mqtt() as talk:
            bench.put_on_card(NAME, FILE)
            await talk.start(NAME, use_ams=True, ams_mapping=[0])
            await talk.report(gcode_state="PAUSE", print_error=134184978)


async def test_r44_silent_ignore(bench: Bench) -> None:
    await bench.set(ignore_start=True)
    bench.put_on_card(NAME, FILE)
    async with bench.mqtt() as talk:
        await talk.start(NAME)
        assert (await talk.echo("print", "project_file"))["result"] == "success"
        await bench.post("/time", {"jump_s": 600})
        assert (await talk.full())["gcode_state"] == "IDLE"
    assert (await bench.get("/counters"))["starts"] == 0


async def test_r44_never_ending_prepare(bench: Bench) -> None:
    await bench.set(hang_in_prepare=True)
    bench.put_on_card(NAME, FILE)
    async with bench.mqtt() as talk:
        await talk.start(NAME)
        await talk.report(gcode_state="PREPARE")
        await bench.post("/time", {"jump_s": 3600})
        assert (await talk.full())["gcode_state"] == "PREPARE"
        await talk.send("print", "stop", param="")
        await talk.report(gcode_state="FAILED")


async def test_r47_somebody_starts_at_the_screen(bench: Bench) -> None:
    bench.put_on_card("foreign.gcode.3mf", FILE)
    bench.put_on_card(NAME, FILE)
    async with bench.mqtt() as talk:
        await talk.full()
        await bench.post("/screen/start", {"path": "/foreign.gcode.3mf"})
        await talk.start(NAME)
        report = (await talk.report(gcode_state="PREPARE"))[-1]["print"]
        assert (report["subtask_name"], report["print_type"]) == ("foreign", "local")
        assert (await talk.full())["subtask_id"] == "0"
    assert (await bench.get("/counters"))["starts_by_name"] == {"foreign": 1}


async def test_r48_firmware_update_refuses_jobs(bench: Bench) -> None:
    await bench.set(upgrade_status="DOWNLOADING")
    bench.put_on_card(NAME, FILE)
    async with bench.mqtt() as talk:
        assert (await talk.full())["upgrade_state"]["status"] == "DOWNLOADING"
        await talk.start(NAME)
        await talk.report(print_error=BUSY)
        assert (await talk.full())["gcode_state"] == "IDLE"
