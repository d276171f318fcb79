"""Settings: what is missing is said in one sentence, and the process ends with 2."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.settings import SettingsError, load_settings
from edge.timing import Timing

NODE = {
    "LAYERLINE_NODE": "node-a",
    "LAYERLINE_NATS_URL": "nats://127.0.0.1:4222",
    "LAYERLINE_NATS_CREDS": "/nowhere.creds",
}
BAMBU = {
    "BAMBU_IP": "192.0.2.9",
    "BAMBU_SERIAL": "01P00A000000001",
    "BAMBU_ACCESS_CODE": "12345678",
}


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A clean environment with a node's settings and no printer."""
    for name in list(os.environ):
        if name.startswith(("LAYERLINE_", "BAMBU_")):
            monkeypatch.delenv(name)
    for name, value in (NODE | {"LAYERLINE_EDGE_DATA": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def give(env: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        env.setenv(name, value)


def test_the_first_printer_comes_from_three_variables(env: pytest.MonkeyPatch) -> None:
    give(env, BAMBU)
    settings, (printer,) = load_settings()
    assert settings.node == "node-a"
    assert (printer.name, printer.mqtt_port, printer.ftps_port) == ("01P00A000000001", 8883, 990)
    assert "12345678" not in repr(printer)


def test_the_access_code_may_lie_in_a_file_of_the_service_manager(
    env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bambu_access_code").write_text("87654321\n")
    give(env, {name: value for name, value in BAMBU.items() if name != "BAMBU_ACCESS_CODE"})
    env.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    _, (printer,) = load_settings()
    assert printer.access_code.get_secret_value() == "87654321"


def test_a_serial_is_taken_as_the_printer_spells_it(env: pytest.MonkeyPatch) -> None:
    give(env, BAMBU | {"BAMBU_SERIAL": " 01p00a000000001 "})
    _, (printer,) = load_settings()
    assert printer.serial == "01P00A000000001"


def test_further_printers_come_from_the_file(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    give(env, BAMBU | {"BAMBU_NAME": "Left"})
    (tmp_path / "printers.toml").write_text(
        '[[printer]]\nname = "Right"\nip = "192.0.2.8"\nserial = "01P00A000000002"\n'
        'access_code = "87654321"\nmqtt_port = 18883\n'
    )
    _, printers = load_settings()
    assert [(p.name, p.mqtt_port) for p in printers] == [("Left", 8883), ("Right", 18883)]


@pytest.mark.parametrize(
    ("values", "file", "words"),
    [
        ({}, "", "No printer is set"),
        ({"BAMBU_IP": "192.0.2.9"}, "", "BAMBU_SERIAL, BAMBU_ACCESS_CODE must be set"),
        (BAMBU | {"BAMBU_SERIAL": "a/../../b"}, "", "serial is wrong"),
        (BAMBU | {"BAMBU_MQTT_PORT": "no"}, "", "BAMBU_MQTT_PORT is wrong"),
        (BAMBU | {"LAYERLINE_NODE": "Not A Slug"}, "", "LAYERLINE_NODE is wrong"),
        ({}, "[[printer]", "can't be read"),
        ({}, "printer = 3", "must hold"),
        ({}, '[[printer]]\nname = "x"\n', "ip is wrong"),
        (
            BAMBU,
            '[[printer]]\nname="x"\nip="x"\nserial="01p00a000000001"\naccess_code="x"\n',
            "same serial",
        ),
    ],
)
def test_what_is_wrong_is_said(
    env: pytest.MonkeyPatch, tmp_path: Path, values: dict[str, str], file: str, words: str
) -> None:
    give(env, values)
    if file:
        (tmp_path / "printers.toml").write_text(file)
    with pytest.raises(SettingsError, match=words):
        load_settings()


def test_the_process_ends_with_two_and_a_sentence() -> None:
    command = [str(Path(sys.executable).with_name("layerline-edge")), "run"]
    ended = subprocess.run(
        command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("layerline-edge: ")
    assert "LAYERLINE_NODE is not set" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_scale_divides_deadlines_but_not_validity() -> None:
    fast = Timing().scaled(60)
    assert fast.observe_s == 5
    assert fast.bed_slip_s == pytest.approx(5 / 60)
    assert fast.fresh_report_s == Timing().fresh_report_s
    assert Timing().scaled(1) == Timing()
