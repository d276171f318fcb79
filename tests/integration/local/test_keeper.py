"""Keeping processes up, stopping them in order, ending what a killed stack left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.local import keeper as keeper_module
from deploy.local.keeper import Keeper, Tier
from deploy.local.leftovers import ProcessRecord, end_leftovers, read_record
from deploy.local.process import StartFailed
from tests.eventually import eventually
from tests.integration.local.conftest import python, said_ready

SLEEP = "time.sleep(600)"
SAYS_ITS_END = (
    "import signal; signal.signal(signal.SIGTERM, lambda *_: "
    "(open({path!r}, 'a').write({name!r} + ' '), sys.exit(0))); "
)


def _keeper(folder: Path, said: list[str]) -> Keeper:
    return Keeper(folder, ProcessRecord(folder / "processes.json"), said.append)


async def _run(
    keeper: Keeper, folder: Path, name: str, code: str, tier: Tier, *, before_ready: str = ""
) -> None:
    async def is_ready() -> bool:
        return said_ready(folder / f"{name}.log")

    command = python(name, code, before_ready=before_ready)
    await keeper.run(command, is_ready, within_s=20, tier=tier)


def _pid(folder: Path, name: str) -> int:
    return read_record(folder / "processes.json")[name].pid


class TestKeeper:
    async def test_killed_process_is_started_again(self, tmp_path: Path) -> None:
        said: list[str] = []
        async with _keeper(tmp_path, said) as keeper:
            await _run(keeper, tmp_path, "worker", SLEEP, Tier.SERVICE)
            first = _pid(tmp_path, "worker")
            os.kill(first, signal.SIGKILL)

            async def is_back() -> bool:
                return said_ready(tmp_path / "worker.log", times=2)

            await eventually(is_back, within_s=20)
            second = _pid(tmp_path, "worker")
            assert second != first
            assert psutil.pid_exists(second)
        assert "worker ended with exit code -9; starting it again" in said[0]
        assert not psutil.pid_exists(second)
        assert read_record(tmp_path / "processes.json") == {}

    async def test_process_that_was_well_and_is_not_any_more_is_started_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keeper_module, "LOOK_EVERY_S", 0.05)
        monkeypatch.setattr(keeper_module, "SICK_AFTER_S", 0.2)
        said: list[str] = []
        is_well = True
        looks = 0

        async def looks_well() -> bool:
            nonlocal looks
            looks += 1
            return is_well

        async def is_ready() -> bool:
            return said_ready(tmp_path / "worker.log")

        async def was_looked_at() -> bool:
            return looks > 1

        async def is_back() -> bool:
            return said_ready(tmp_path / "worker.log", times=2)

        async with _keeper(tmp_path, said) as keeper:
            command = python("worker", SLEEP)
            await keeper.run(command, is_ready, within_s=20, tier=Tier.SERVICE, is_well=looks_well)
            first = _pid(tmp_path, "worker")
            await eventually(was_looked_at, within_s=20)
            assert _pid(tmp_path, "worker") == first
            is_well = False
            await eventually(is_back, within_s=20)
            assert _pid(tmp_path, "worker") != first
        assert said[0] == "worker has not been well for 0.2 s"
        assert sum("not been well" in line for line in said) == 1  # sick from the start is starting

    async def test_each_tier_ends_before_what_it_uses(self, tmp_path: Path) -> None:
        order = tmp_path / "order"
        names = {"engine": Tier.ENGINE, "service": Tier.SERVICE, "node": Tier.NODE}
        async with _keeper(tmp_path, []) as keeper:
            for name, tier in names.items():
                says_its_end = SAYS_ITS_END.format(path=str(order), name=name)
                await _run(keeper, tmp_path, name, SLEEP, tier, before_ready=says_its_end)
        assert order.read_text().split() == ["node", "service", "engine"]

    async def test_failed_start_leaves_nothing_running(self, tmp_path: Path) -> None:
        engines: list[int] = []

        async def start_two() -> None:
            async with _keeper(tmp_path, []) as keeper:
                await _run(keeper, tmp_path, "engine", SLEEP, Tier.ENGINE)
                engines.append(_pid(tmp_path, "engine"))
                await keeper.run(
                    python("broken", "sys.exit(3)"), _never, within_s=20, tier=Tier.SERVICE
                )

        with pytest.raises(ExceptionGroup) as raised:
            await start_two()
        assert raised.group_contains(StartFailed, match="broken ended with exit code 3")
        assert [pid for pid in engines if psutil.pid_exists(pid)] == []


async def _never() -> bool:
    return False


class TestLeftovers:
    def _leave(self, folder: Path) -> "tuple[subprocess.Popen[bytes], Path]":
        process = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
        )
        path = folder / "processes.json"
        ProcessRecord(path).note("old", process.pid, signal.SIGTERM)
        return process, path

    def test_recorded_process_is_ended(self, tmp_path: Path) -> None:
        process, path = self._leave(tmp_path)
        assert end_leftovers(path) == ["old"]
        assert process.wait(10) is not None
        assert not path.exists()

    def test_pid_that_belongs_to_somebody_else_is_left_alone(self, tmp_path: Path) -> None:
        process, path = self._leave(tmp_path)
        started_at = psutil.Process(process.pid).create_time()
        path.write_text(path.read_text().replace(str(started_at), str(started_at - 3600)))
        assert end_leftovers(path) == []
        assert process.poll() is None
        process.kill()
        process.wait()

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"x": 1}'])
    def test_damaged_record_is_no_hindrance(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "processes.json"
        path.write_text(text)
        assert end_leftovers(path) == []
