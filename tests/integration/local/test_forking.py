"""Services as forks of one process: what each is given, how it ends, what outlives what."""

import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from deploy.local.forking import Forkserver
from deploy.local.keeper import Keeper, Tier
from deploy.local.leftovers import ProcessRecord, read_record
from deploy.local.process import Command, Entry, tool
from tests.eventually import eventually
from tests.integration.local.conftest import said_ready

pytestmark = pytest.mark.timeout(60)
HERE = "tests.integration.local.forked"


@pytest_asyncio.fixture
async def forkserver(tmp_path: Path) -> AsyncIterator[Forkserver]:
    """A forkserver that loads what the real one loads."""
    async with Forkserver(tmp_path / "forkserver.log") as opened:
        yield opened


def _command(name: str, does: str, **env: str) -> Command:
    entry = Entry(f"{HERE}:{does}", ["first", "second"])
    return Command(name=name, argv=[tool("layerline"), name], env=env, entry=entry)


async def _ended(pid: int) -> None:
    async def has_ended() -> bool:
        return not psutil.pid_exists(pid)

    await eventually(has_ended, within_s=20)


async def test_fork_has_its_own_arguments_and_environment(
    forkserver: Forkserver, tmp_path: Path
) -> None:
    one, other = (tmp_path / f"{name}.log" for name in ("one", "other"))
    for log, env in ((one, {"LAYERLINE_ONE": "1"}), (other, {"LAYERLINE_OTHER": "2"})):
        child = await forkserver.start(_command(log.stem, "tell", **env), log)
        assert await child.wait() == 7
    told = [json.loads(log.read_text()) for log in (one, other)]
    assert [each["argv"] for each in told] == [
        ["one", "first", "second"],
        ["other", "first", "second"],
    ]
    ours = [{k for k in each["env"] if k.startswith("LAYERLINE_")} for each in told]
    assert ours == [{"LAYERLINE_ONE"}, {"LAYERLINE_OTHER"}]
    assert len({each["session"] for each in told}) == 2


async def test_forkserver_runs_no_thread(forkserver: Forkserver, tmp_path: Path) -> None:
    """A fork has the locks of every thread of its parent, and none of the threads."""
    child = await forkserver.start(_command("one", "tell"), tmp_path / "one.log")
    await child.wait()
    assert forkserver.pid is not None
    assert psutil.Process(forkserver.pid).num_threads() == 1


async def test_fork_loads_nothing_that_the_forkserver_has_not(
    forkserver: Forkserver, tmp_path: Path
) -> None:
    """What libraries load when they are used would stand in the memory of each fork."""
    log = tmp_path / "one.log"
    child = await forkserver.start(_command("one", "use"), log)
    assert await child.wait() == 0, log.read_text()
    assert json.loads(log.read_text()) == []


async def test_killed_fork_is_started_again(forkserver: Forkserver, tmp_path: Path) -> None:
    said: list[str] = []
    record, log = tmp_path / "processes.json", tmp_path / "worker.log"

    async def is_ready() -> bool:
        return said_ready(log)

    async with Keeper(tmp_path, ProcessRecord(record), said.append, forkserver.start) as keeper:
        await keeper.run(_command("worker", "stay"), is_ready, within_s=30, tier=Tier.SERVICE)
        first = read_record(record)["worker"].pid
        os.kill(first, signal.SIGKILL)

        async def is_back() -> bool:
            return said_ready(log, times=2) and read_record(record)["worker"].pid != first

        await eventually(is_back, within_s=20)
        second = read_record(record)["worker"].pid
    assert "worker ended with exit code -9; starting it again" in said[0]
    await _ended(second)


async def test_forks_end_with_their_server_and_come_back_with_the_next(
    forkserver: Forkserver, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    child = await forkserver.start(_command("worker", "stay"), log)

    async def is_ready() -> bool:
        return said_ready(log)

    await child.wait_healthy(is_ready, within_s=30)
    server = forkserver.pid
    assert server is not None
    os.kill(server, signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL
    await _ended(child.pid)

    again = await forkserver.start(_command("worker", "tell"), tmp_path / "again.log")
    assert await again.wait() == 7
    assert forkserver.pid != server
