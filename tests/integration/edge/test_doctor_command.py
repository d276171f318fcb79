"""The command `layerline-edge doctor` as a person runs it."""

import asyncio
import json
import os
import signal
from pathlib import Path

from deploy.local.process import free_port
from tests.eventually import eventually
from tests.integration.edge.machines import BIN, Simulator, simulator


async def doctor(env: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    """Run it with these settings alone; return exit code, output and errors."""
    process = await asyncio.create_subprocess_exec(
        str(BIN / "layerline-edge"),
        "doctor",
        *arguments,
        env={"PATH": os.environ["PATH"], **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


def env_for(printer: Simulator, **changes: str) -> dict[str, str]:
    return {
        "BAMBU_IP": "127.0.0.1",
        "BAMBU_SERIAL": printer.serial,
        "BAMBU_ACCESS_CODE": printer.access_code,
        "BAMBU_MQTT_PORT": str(printer.ready["mqtt_port"]),
        "BAMBU_FTPS_PORT": str(printer.ready["ftps_port"]),
        "BAMBU_CA_FILE": printer.ready["ca_file"],
        **changes,
    }


async def test_it_needs_nothing_but_a_printer_and_says_all_in_json(tmp_path: Path) -> None:
    report = tmp_path / "doctor.json"
    async with simulator(tmp_path) as printer:
        code, output, _ = await doctor(env_for(printer), "--json", "--report", str(report))

    assert code == 0, output
    document = json.loads(output)
    assert document == json.loads(report.read_text())
    assert document["is_well"] is True
    assert printer.serial not in output
    assert printer.access_code not in output
    assert document["printers"][0]["answers"]["mqtt_answer_to_a_wrong_code"] == "connack 5"


async def test_a_printer_that_is_not_there_is_exit_code_1() -> None:
    settings = {
        "BAMBU_IP": "127.0.0.1",
        "BAMBU_SERIAL": "01P00A391800001",
        "BAMBU_ACCESS_CODE": "80421753",
        "BAMBU_MQTT_PORT": str(free_port()),
    }
    code, output, errors = await doctor(settings, "--no-listen")
    assert code == 1
    assert "✗ Network" in output
    assert "Traceback" not in errors


async def test_a_terminal_without_our_signs_still_shows_what_failed() -> None:
    settings = {
        "BAMBU_IP": "127.0.0.1",
        "BAMBU_SERIAL": "01P00A391800001",
        "BAMBU_ACCESS_CODE": "80421753",
        "BAMBU_MQTT_PORT": str(free_port()),
        "PYTHONIOENCODING": "latin-1",
    }
    code, output, _ = await doctor(settings, "--no-listen")
    assert code == 1
    assert " X Network" in output
    assert "?" not in output


def _heed_interrupts() -> None:
    """A shell has what it runs in the background ignore them, and so would every child."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def test_stopping_it_leaves_no_file_behind(tmp_path: Path) -> None:
    # At the machine's own pace: there is time to stop it in the middle of its file.
    async with simulator(tmp_path, time_scale=1) as printer:
        process = await asyncio.create_subprocess_exec(
            str(BIN / "layerline-edge"),
            "doctor",
            env={"PATH": os.environ["PATH"], **env_for(printer)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            preexec_fn=_heed_interrupts,
        )

        async def is_sending() -> bool:
            return "doctor" in json.dumps(await printer.get("/card"))

        await eventually(is_sending)
        process.send_signal(signal.SIGINT)
        output, errors = await process.communicate()

        assert process.returncode == 1
        assert output == b""
        assert "stopped before the end" in errors.decode()
        assert not await is_sending()


async def test_no_settings_is_exit_code_2() -> None:
    code, output, errors = await doctor({})
    assert (code, output) == (2, "")
    assert "No printer is set" in errors


async def test_an_unknown_name_is_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "printers.toml").write_text(
        '[[printer]]\nname = "Left"\nip = "127.0.0.1"\nserial = "01P00A391800001"\n'
        'access_code = "80421753"\n'
    )
    code, _, errors = await doctor({"LAYERLINE_EDGE_DATA": str(tmp_path)}, "--printer", "Right")
    assert code == 2
    assert "there is Left" in errors


async def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    settings = {
        "BAMBU_IP": "127.0.0.1",
        "BAMBU_SERIAL": "01P00A391800001",
        "BAMBU_ACCESS_CODE": "80421753",
        "BAMBU_MQTT_PORT": str(free_port()),
    }
    code, _, errors = await doctor(settings, "--report", str(tmp_path / "no" / "folder"))
    assert code == 1
    assert "can't be written" in errors
