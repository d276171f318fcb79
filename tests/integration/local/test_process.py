"""Child processes: health, end, ports, environment."""

import asyncio
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deploy.local.process import (
    FREE_PORTS,
    ChildProcess,
    Command,
    PortReservations,
    StartFailed,
    free_port,
    local_env,
    start,
    tool,
)
from tests.eventually import eventually
from tests.integration.local.conftest import python, said_ready

SLEEP = "time.sleep(600)"
IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
HAS_A_CHILD = (
    "import subprocess; child = subprocess.Popen([sys.executable, '-c', 'import time; "
    f"{SLEEP}']); print('child', child.pid, flush=True); {SLEEP}"
)
ORPHAN_MAKER = """
import asyncio, sys, time
from pathlib import Path
from deploy.local.process import Command, start

async def main():
    command = Command(name="c", argv=[sys.executable, "-c", "import time; time.sleep(600)"])
    child = await start(command, Path(sys.argv[1]))
    print(child.pid, flush=True)
    time.sleep(600)

asyncio.run(main())
"""


async def _started(command: Command, log_file: Path) -> ChildProcess:
    child = await start(command, log_file)

    async def is_ready() -> bool:
        return said_ready(log_file)

    await child.wait_healthy(is_ready, within_s=20)
    return child


async def _is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


class TestStop:
    async def test_polite_process_ends_at_once(self, tmp_path: Path) -> None:
        child = await _started(python("polite", SLEEP), tmp_path / "log")
        began = time.monotonic()
        await child.stop()
        assert await child.wait() == -signal.SIGTERM
        assert time.monotonic() - began < 3

    async def test_stubborn_process_is_killed_after_its_grace(self, tmp_path: Path) -> None:
        command = python("stubborn", SLEEP, before_ready=IGNORES_SIGTERM, stop_grace_s=0.3)
        child = await _started(command, tmp_path / "log")
        await child.stop()
        assert await child.wait() == -signal.SIGKILL

    async def test_what_it_started_ends_with_it(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        child = await _started(python("parent", HAS_A_CHILD), log)

        async def grandchild() -> int:
            words = log.read_text().split()
            return int(words[words.index("child") + 1]) if "child" in words else 0

        pid = await eventually(grandchild, within_s=10)
        await child.stop()
        assert await eventually(lambda: _is_gone(pid))

    async def test_twice_does_nothing_more(self, tmp_path: Path) -> None:
        child = await _started(python("polite", SLEEP), tmp_path / "log")
        await asyncio.gather(child.stop(), child.stop())
        await child.stop()

    async def test_leavings_are_removed(self, tmp_path: Path) -> None:
        leaving = tmp_path / "socket"
        command = Command("c", python("c", SLEEP).argv, leavings=[leaving])
        child = await _started(command, tmp_path / "log")
        leaving.touch()
        await child.stop()
        assert not leaving.exists()


class TestHealth:
    async def test_early_end_tells_its_last_words(self, tmp_path: Path) -> None:
        child = await start(python("broken", "sys.exit('no such thing')"), tmp_path / "log")
        with pytest.raises(StartFailed, match=r"broken ended with exit code 1.*no such thing"):
            await child.wait_healthy(_never, within_s=20)
        await child.stop()

    async def test_silence_is_told_with_the_time(self, tmp_path: Path) -> None:
        child = await start(python("slow", SLEEP), tmp_path / "log")
        with pytest.raises(StartFailed, match=r"slow was not ready within 0\.2 s"):
            await child.wait_healthy(_never, within_s=0.2)
        await child.stop()

    def test_missing_program_says_what_to_do(self) -> None:
        with pytest.raises(StartFailed, match="run `make install`"):
            tool("no-such-program")


async def _never() -> bool:
    return False


async def test_child_of_a_killed_process_dies_with_it(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ORPHAN_MAKER, str(tmp_path / "log"), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    pid = int(await asyncio.wait_for(process.stdout.readline(), 30))
    process.kill()
    await process.wait()
    process._transport.close()  # type: ignore[attr-defined]
    assert await eventually(lambda: _is_gone(pid))


class TestPorts:
    def test_no_port_is_given_twice(self) -> None:
        ports = [free_port() for _ in range(200)]
        assert len(set(ports)) == len(ports)
        assert set(ports) <= set(FREE_PORTS)

    def test_taken_port_is_replaced(self) -> None:
        with socket.socket() as occupant:
            occupant.bind(("127.0.0.1", 0))
            occupant.listen()
            taken = occupant.getsockname()[1]
            assert free_port(taken) != taken

    def test_promised_port_is_left_to_the_other_stack(self) -> None:
        mine, theirs = PortReservations(), PortReservations()
        wanted = free_port()
        assert mine.take(wanted) == wanted
        assert theirs.take(wanted) != wanted
        mine.give_back()
        assert theirs.take(wanted) == wanted
        theirs.give_back()


class TestEnvironment:
    def test_loopback_goes_through_no_proxy(self) -> None:
        env = local_env({"HTTP_PROXY": "http://proxy", "NO_PROXY": "intranet"})
        assert env["NO_PROXY"] == "127.0.0.1,localhost,intranet"
        assert env["no_proxy"] == "127.0.0.1,localhost"

    def test_clouds_settings_do_not_reach_the_local_bucket(self) -> None:
        assert "AWS_PROFILE" not in local_env({"AWS_PROFILE": "work"})

    async def test_settings_of_another_installation_are_not_handed_on(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LAYERLINE_DATABASE_URL", "postgresql://elsewhere/db")
        code = "import os; print(os.environ.get('LAYERLINE_DATABASE_URL')); " + SLEEP
        child = await _started(python("c", code), tmp_path / "log")
        await child.stop()
        assert "elsewhere" not in (tmp_path / "log").read_text()
