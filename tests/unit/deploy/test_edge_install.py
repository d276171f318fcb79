"""The installer and the unit of a node, in a folder instead of a system."""

import re
import subprocess
from pathlib import Path

import pytest

from edge.starting import StartLock

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy" / "edge"
INSTALLER = FOLDER / "install.sh"


def _run(*arguments: str, within_s: float = 60) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(arguments, capture_output=True, text=True, timeout=within_s, check=False)


def _install(destdir: Path, *more: str) -> str:
    done = _run(str(INSTALLER), "--destdir", str(destdir), "--no-packages", *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _modes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): oct(path.stat().st_mode & 0o777)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_secrets_are_for_root_alone(tmp_path: Path) -> None:
    said = _install(tmp_path)
    modes = _modes(tmp_path)
    assert modes["etc/layerline-edge/bambu_access_code"] == "0o600"
    assert modes["etc/layerline-edge/edge.env"] == "0o640"
    assert (tmp_path / "var/lib/layerline-edge").stat().st_mode & 0o777 == 0o700
    assert "access code" in said


def test_a_second_run_keeps_what_a_person_wrote(tmp_path: Path) -> None:
    _install(tmp_path)
    settings = tmp_path / "etc/layerline-edge"
    (settings / "edge.env").write_text("LAYERLINE_NODE=pi\nBAMBU_IP=192.0.2.7\n")
    (settings / "bambu_access_code").write_text("12345678\n")
    before = _modes(tmp_path)
    assert _install(tmp_path) == ""
    assert _modes(tmp_path) == before
    assert "192.0.2.7" in (settings / "edge.env").read_text()
    assert (settings / "bambu_access_code").read_text() == "12345678\n"


@pytest.mark.parametrize("is_purged", [False, True])
def test_removing_keeps_settings_and_journal_unless_purged(
    tmp_path: Path, *, is_purged: bool
) -> None:
    _install(tmp_path)
    (tmp_path / "var/lib/layerline-edge/journal.sqlite").write_text("journal")
    said = _install(tmp_path, "--uninstall", *(["--purge"] if is_purged else []))
    left = set(_modes(tmp_path))
    kept = {
        "etc/layerline-edge/edge.env",
        "etc/layerline-edge/bambu_access_code",
        "var/lib/layerline-edge/journal.sqlite",
        "var/lib/layerline-edge/starting.lock",
    }
    assert left == (set() if is_purged else kept)
    assert said.startswith("Removed")


@pytest.mark.parametrize("action", [[], ["--uninstall"]])
def test_an_update_waits_while_a_print_is_being_started(tmp_path: Path, action: list[str]) -> None:
    _install(tmp_path)
    starting = StartLock(tmp_path / "var/lib/layerline-edge")
    assert starting.take()
    with subprocess.Popen(
        [str(INSTALLER), "--destdir", str(tmp_path), "--no-packages", *action],
        stdout=subprocess.PIPE,
        text=True,
    ) as updating:
        assert updating.stdout is not None
        assert updating.stdout.readline().startswith("a print is being started; the update waits")
        assert updating.poll() is None
        assert (tmp_path / "etc/systemd/system/layerline-edge.service").exists()
        starting.let_go()
        assert updating.wait(timeout=30) == 0


def test_an_update_that_fails_leaves_the_program_as_it_was(tmp_path: Path) -> None:
    _install(tmp_path)
    running = tmp_path / "opt/layerline-edge/venv/bin/layerline-edge"
    running.parent.mkdir(parents=True)
    running.write_text("what runs")
    broken = tmp_path / "source"
    (broken / "deploy/edge").mkdir(parents=True)
    (broken / "pyproject.toml").write_text("[project]\n")
    (broken / "deploy/edge/requirements.lock").write_text("no-such-package==1\n")
    done = _run(str(INSTALLER), "--destdir", str(tmp_path), "--source", str(broken))
    assert done.returncode != 0
    assert running.read_text() == "what runs"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--wrong",), "unknown option --wrong"),
        (("--source",), "--source needs a folder"),
        (("--destdir", "x", "--source", "/nonexistent"), "holds no Layerline"),
    ],
)
def test_bad_input_is_told(arguments: tuple[str, ...], sentence: str) -> None:
    done = _run(str(INSTALLER), *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_the_doctor_has_the_settings_of_the_service(tmp_path: Path) -> None:
    _install(tmp_path)
    settings = tmp_path / "etc/layerline-edge"
    (settings / "edge.env").write_text("# a line\nBAMBU_NAME=Left of $HOME\nBAMBU_IP='192.0.2.7'")
    program = tmp_path / "opt/layerline-edge/venv/bin/layerline-edge"
    program.parent.mkdir(parents=True)
    program.write_text(
        '#!/bin/sh\necho "$BAMBU_NAME|$BAMBU_IP|$CREDENTIALS_DIRECTORY|$LAYERLINE_EDGE_DATA|$*"\n'
    )
    program.chmod(0o755)

    done = subprocess.run(
        [str(tmp_path / "opt/layerline-edge/doctor"), "--printer", "Left one"],
        env={"PATH": "/usr/bin:/bin", "LAYERLINE_ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.strip() == (
        f"Left of $HOME|192.0.2.7|{settings}|{tmp_path}/var/lib/layerline-edge"
        "|doctor --printer Left one"
    )


def test_shell_scripts_are_clean() -> None:
    scripts = [str(path) for path in (ROOT / "deploy").rglob("*.sh")]
    done = _run("shellcheck", "--shell=sh", *scripts)
    assert done.returncode == 0, done.stdout


def test_the_unit_is_locked_down() -> None:
    done = _run(
        "systemd-analyze", "security", "--offline=true", str(FOLDER / "layerline-edge.service")
    )
    exposure = re.search(r"exposure level for .*: ([0-9.]+)", done.stdout)
    assert exposure is not None, done.stderr
    assert float(exposure[1]) <= 3.0


def test_the_unit_has_no_unknown_keys(tmp_path: Path) -> None:
    unit = (FOLDER / "layerline-edge.service").read_text()
    copy = tmp_path / "layerline-edge.service"
    copy.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", unit))
    assert "Unknown" not in _run("systemd-analyze", "verify", str(copy)).stderr


def test_every_setting_in_the_example_is_one() -> None:
    known = (ROOT / ".env.example").read_text()
    names = re.findall(r"^#?([A-Z_]+)=", (FOLDER / "edge.env.example").read_text(), re.MULTILINE)
    assert names
    assert [name for name in names if f"{name}=" not in known] == []


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_node_is_installed_with_its_packages(tmp_path: Path) -> None:
    done = _run(str(INSTALLER), "--destdir", str(tmp_path), within_s=580)
    assert done.returncode == 0, done.stderr
    (version,) = (tmp_path / "opt/layerline-edge/versions").iterdir()
    assert (tmp_path / "opt/layerline-edge/venv").resolve() == version
    program = _run(str(tmp_path / "opt/layerline-edge/venv/bin/layerline-edge"), "--help")
    assert "The process beside the printer." in program.stdout
    kept = {path.name for path in (version / "lib").glob("python3*/site-packages/*")}
    assert "edge" in kept
    assert not kept & {"fastapi", "sqlmodel", "boto3", "faststream"}
