"""Certificates are made once: making RSA keys is the slowest thing that a simulator does."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from edge.simulator.certificates import make_certificates
from tests.integration.simulator.bench import SERIAL, Bench, simulator

Start = Callable[..., AbstractAsyncContextManager[Bench]]


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CA and the printer's certificate."""
    folder = tmp_path_factory.mktemp("identity")
    make_certificates(SERIAL, folder, folder)
    return folder


@pytest.fixture
def data_dir(identity: Path, tmp_path: Path) -> Path:
    """A simulator's data folder."""
    folder = tmp_path / "printer"
    shutil.copytree(identity, folder)
    return folder


@pytest.fixture
def start(data_dir: Path) -> Start:
    """Start a simulator with switches; the same folder each time."""
    return partial(simulator, data_dir)


@pytest.fixture
async def bench(start: Start) -> AsyncIterator[Bench]:
    """A healthy printer, 600 times as fast as a real one."""
    async with start() as running:
        yield running


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    """Fail a test that leaves a task running."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    for task in left:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert not left
