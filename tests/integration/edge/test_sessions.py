"""Sessions that only seem to live, and printers that can't keep one."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from edge.bambu import watchdog
from edge.printer import PrinterUnreachable, SetLight
from tests.behaviour.contract import Bench
from tests.behaviour.test_p1s import SimulatedHands, a_bench
from tests.eventually import eventually


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async for bench in a_bench(tmp_path, {}):
        yield bench


def hands(bench: Bench) -> SimulatedHands:
    assert isinstance(bench.hands, SimulatedHands)
    return bench.hands


async def test_a_half_dead_session_is_left_and_the_next_one_obeys(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "UNANSWERED_S", 0.5)
    async with bench.connected():
        was_on = (await bench.until(lambda r: r.light_on is not None)).light_on
        session = bench.reports[-1].session
        await hands(bench).machine.post("/faults", {"half_dead": True})
        await bench.printer.send(SetLight(on=not was_on))
        await bench.until(lambda r: r.session != session)
        assert bench.reports[-1].light_on is was_on  # what was lost is not sent again
        await bench.printer.send(SetLight(on=not was_on))
        await bench.until(lambda r: r.light_on is not was_on)
    assert [str(error) for error in bench.errors] == ["The printer reports, but takes no orders."]


async def test_a_printer_that_drops_everybody_is_left_alone_longer_each_time(bench: Bench) -> None:
    machine = hands(bench).machine
    lost: list[float] = []
    async with bench.connected():
        while len(lost) < 4:
            session, seen = bench.reports[-1].session, len(bench.errors)
            lost.append(time.monotonic())
            await machine.post("/connections/drop")

            async def is_told(seen: int = seen) -> bool:
                return len(bench.errors) > seen

            await eventually(is_told)
            await bench.until(lambda r, old=session: r.session != old)  # type: ignore[misc]
    counters = await machine.get("/counters")
    assert counters["connections"] == 5
    assert lost[3] - lost[2] > 2.0  # half of 4 s, at least; after a good while it is 1 s again
    assert all(isinstance(error, PrinterUnreachable) for error in bench.errors)
