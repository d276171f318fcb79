"""What `make up`, `make down` and `make status` answer when something is not as it should be."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deploy.local import folders
from deploy.local.engines.oidc import ADMIN
from deploy.local.folders import kept_secret, prepare_folders
from deploy.local.leftovers import read_record
from deploy.local.process import StartFailed
from deploy.local.state import (
    AlreadyRunning,
    StackState,
    describe,
    exclusive,
    holder_of,
    read_state,
    retire_state,
    write_state,
)

ROOT = Path(__file__).resolve().parents[3]
WITHIN_S = 60


def _command(data_dir: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "deploy.local", "--data-dir", str(data_dir), *arguments]


def _layerline(data_dir: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        _command(data_dir, *arguments),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


def _state(pid: int, started_at: float) -> StackState:
    return StackState(
        pid=pid,
        pid_started_at=started_at,
        url="http://127.0.0.1:8000",
        issuer="http://127.0.0.1:9400",
        ports={"api": 8000},
        printers=[],
        logs=Path("logs"),
    )


class TestState:
    def test_running_supervisor_is_found(self, tmp_path: Path) -> None:
        state = _state(os.getpid(), psutil.Process().create_time())
        write_state(tmp_path, state)
        assert read_state(tmp_path) == state
        assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600

    def test_reused_pid_is_no_running_stack(self, tmp_path: Path) -> None:
        write_state(tmp_path, _state(os.getpid(), psutil.Process().create_time() - 60))
        assert read_state(tmp_path) is None

    def test_dead_supervisor_is_no_running_stack(self, tmp_path: Path) -> None:
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        write_state(tmp_path, _state(ended.pid, time.time()))
        assert read_state(tmp_path) is None

    @pytest.mark.parametrize("text", ["", "{}", "not json", "[1]"])
    def test_damaged_file_is_no_running_stack(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "stack.json").write_text(text)
        assert read_state(tmp_path) is None

    def test_retired_state_is_remembered_for_its_ports_only(self, tmp_path: Path) -> None:
        write_state(tmp_path, _state(1, 0.0))
        retire_state(tmp_path)
        assert read_state(tmp_path) is None
        assert not (tmp_path / "stack.json").exists()

    def test_one_supervisor_holds_a_folder(self, tmp_path: Path) -> None:
        with exclusive(tmp_path):
            assert holder_of(tmp_path) == os.getpid()
            with pytest.raises(AlreadyRunning), exclusive(tmp_path):
                pass
        assert holder_of(tmp_path) is None

    def test_description_says_who_can_sign_in_and_how_to_stop(self) -> None:
        text = describe(_state(1, 0.0))
        assert "http://127.0.0.1:8000" in text
        assert f"{ADMIN.subject} (admin)" in text
        assert "make down" in text
        assert "logs" in text


class TestFolders:
    def test_private_folders_are_closed_to_others(self, tmp_path: Path) -> None:
        (tmp_path / "logs").mkdir(mode=0o755)
        prepare_folders(tmp_path)
        modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in folders.PRIVATE}
        assert modes == {0o700}

    def test_large_logs_are_set_aside(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(folders, "MAX_LOG_BYTES", 3)
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs" / "api.log").write_text("much")
        (tmp_path / "logs" / "relay.log").write_text("x")
        prepare_folders(tmp_path)
        names = {log.name for log in (tmp_path / "logs").iterdir()}
        assert names == {"api.log.old", "relay.log"}

    def test_full_disk_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(folders, "MIN_FREE_BYTES", 1 << 62)
        with pytest.raises(StartFailed, match="MiB are free"):
            prepare_folders(tmp_path)

    def test_secret_is_made_once(self, tmp_path: Path) -> None:
        secret = kept_secret(tmp_path / "s")
        assert kept_secret(tmp_path / "s") == secret
        assert len(secret) >= 32
        assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600


class TestCommands:
    @pytest.mark.parametrize("arguments", [("up",), ("up", "--background")])
    def test_folder_that_is_a_file_is_refused_in_a_sentence(
        self, tmp_path: Path, arguments: tuple[str, ...]
    ) -> None:
        (tmp_path / "data").touch()
        done = _layerline(tmp_path / "data", *arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("layerline: ")
        assert "Traceback" not in done.stderr

    def test_nothing_runs(self, tmp_path: Path) -> None:
        assert _layerline(tmp_path, "down").stdout == "Layerline does not run.\n"
        status = _layerline(tmp_path, "status")
        assert (status.returncode, "does not run" in status.stdout) == (1, True)

    @pytest.mark.parametrize("wrong", [("--printers", "0"), ("--printers", "x"), ("--speed", "0")])
    def test_wrong_number_is_refused(self, tmp_path: Path, wrong: tuple[str, str]) -> None:
        done = _layerline(tmp_path, "up", *wrong)
        assert done.returncode == 2
        assert "error: argument" in done.stderr

    def test_up_says_when_another_start_is_under_way(self, tmp_path: Path) -> None:
        with exclusive(tmp_path):
            done = _layerline(tmp_path, "up")
        assert done.returncode == 0
        assert "is starting or stopping" in done.stdout

    def test_down_stops_a_stack_that_is_still_starting(self, open_dir: Path) -> None:
        starting = subprocess.Popen(
            _command(open_dir, "up"), cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert starting.stdout is not None
        assert starting.stdout.readline().startswith("✓")
        processes = read_record(open_dir / "processes.json")
        assert processes
        assert _layerline(open_dir, "down").stdout == "Layerline has stopped.\n"
        assert "stopped; data stays in" in starting.stdout.read()
        starting.stdout.close()
        assert starting.wait(WITHIN_S) == 0
        assert all(process.find() is None for process in processes.values())
        assert list(open_dir.glob("*.new")) == []

    def test_ctrl_c_stops_a_stack_that_is_still_starting(self, open_dir: Path) -> None:
        starting = subprocess.Popen(
            _command(open_dir, "up"), cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert starting.stdout is not None
        assert starting.stdout.readline().startswith("✓")
        starting.send_signal(signal.SIGINT)
        said, _ = starting.communicate(timeout=WITHIN_S)
        assert "stopping ..." in said
        assert starting.returncode == 0
