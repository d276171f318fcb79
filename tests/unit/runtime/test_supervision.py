"""What a service manager hears of a process."""

import asyncio
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.supervision import supervised


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket of a service manager; a short path, for such sockets allow no long one."""
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening,
    ):
        path = str(Path(folder) / "notify")
        listening.bind(path)
        listening.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        monkeypatch.delenv("WATCHDOG_USEC", raising=False)
        yield listening


async def _heard(manager: socket.socket) -> bytes:
    return await asyncio.to_thread(manager.recv, 100)


async def test_it_hears_ready_and_stopping(manager: socket.socket) -> None:
    async with supervised():
        assert await _heard(manager) == b"READY=1"
    assert await _heard(manager) == b"STOPPING=1"


async def test_it_hears_that_the_loop_turns(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000")
    async with supervised():
        assert [await _heard(manager) for _ in range(4)] == [b"READY=1", *[b"WATCHDOG=1"] * 3]


async def test_a_vanished_manager_harms_nothing(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "3000")
    async with supervised():
        await _heard(manager)
        manager.close()
        await asyncio.sleep(0.02)


async def test_without_a_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    async with supervised():
        assert len(asyncio.all_tasks()) == 1
