"""Who watches a camera gets pictures for as long as a lease lasts, and no longer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from contracts.telemetry import CAMERA_LEASE_S, MAX_PICTURE_BYTES
from tests.eventually import eventually
from tests.unit.edge.fakes import Bench, make_bench


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A running worker of an idle printer."""
    made = make_bench(tmp_path)
    async with made.running():
        yield made
    made.journal.close()


async def shown(bench: Bench, count: int) -> None:
    async def look() -> bool:
        return len(bench.dispatch.shown) >= count

    await eventually(look)


async def asked(bench: Bench, count: int) -> None:
    async def look() -> bool:
        return bench.printer.pictures_asked == count

    await eventually(look)


async def viewers(bench: Bench, count: int) -> None:
    async def look() -> bool:
        return bench.printer.viewers == count

    await eventually(look)


async def test_one_connection_while_a_lease_lasts(bench: Bench) -> None:
    assert bench.printer.viewers == 0
    for _ in range(3):
        bench.worker.watch()
    bench.printer.camera.put_nowait(b"one")
    await shown(bench, 1)
    assert bench.printer.viewers == 1
    bench.clock.ahead_s += CAMERA_LEASE_S - 1
    bench.worker.watch()
    bench.clock.ahead_s += CAMERA_LEASE_S - 1
    bench.printer.camera.put_nowait(b"two")
    await shown(bench, 2)
    bench.clock.ahead_s += 2
    bench.printer.camera.put_nowait(b"late")
    await viewers(bench, 0)
    bench.worker.watch()
    await viewers(bench, 1)
    assert bench.dispatch.shown == [b"one", b"two"]


async def test_at_most_one_picture_a_second_and_none_too_large(bench: Bench) -> None:
    bench.worker.watch()
    for picture in (b"one", b"at once"):
        bench.printer.camera.put_nowait(picture)
    await shown(bench, 1)
    await asked(bench, 3)
    bench.clock.ahead_s += 1.5
    bench.printer.camera.put_nowait(b"x" * (MAX_PICTURE_BYTES + 1))
    bench.printer.camera.put_nowait(b"two")
    await shown(bench, 2)
    assert bench.dispatch.shown == [b"one", b"two"]
