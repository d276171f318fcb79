"""An update of the node and a start: the one waits for the other."""

import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest_asyncio
from structlog.testing import capture_logs

from edge.printer import PrinterState
from edge.starting import LOCK_FILE, StartLock
from tests.eventually import eventually
from tests.unit.edge.builders import offer
from tests.unit.edge.fakes import Bench, make_bench


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A running worker beside an idle printer."""
    made = make_bench(tmp_path)
    async with made.running():
        yield made
    made.journal.close()


@contextmanager
def update(folder: Path) -> Iterator[None]:
    """Hold what `flock --exclusive` holds; raise BlockingIOError if a start is under way."""
    with (folder / LOCK_FILE).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def may_update(folder: Path) -> bool:
    try:
        with update(folder):
            return True
    except BlockingIOError:
        return False


async def until_it_may(folder: Path, *, update: bool) -> None:
    async def look() -> bool:
        return may_update(folder) is update

    await eventually(look)


async def test_an_update_waits_from_the_order_until_the_start_is_seen(bench: Bench) -> None:
    assert may_update(bench.folder)
    while_ordered: list[bool] = []
    bench.printer.on_order = lambda _: while_ordered.append(may_update(bench.folder))
    bench.dispatch.answers = [offer(77)]
    bench.clear_bed()
    await bench.until("run.starting")
    assert not may_update(bench.folder)
    bench.printer.say_of(77, PrinterState.RUNNING, percent=1)
    await bench.until("run.started")
    await until_it_may(bench.folder, update=True)
    assert while_ordered == [False]


async def test_an_update_waits_no_longer_once_a_person_must_decide(bench: Bench) -> None:
    bench.dispatch.answers = [offer(77)]
    bench.clear_bed()
    await bench.until("run.attention")
    await until_it_may(bench.folder, update=True)


async def test_a_start_under_way_is_taken_up_with_its_lock(tmp_path: Path) -> None:
    first = make_bench(tmp_path)
    async with first.running():
        first.dispatch.answers = [offer(77)]
        first.clear_bed()
        await first.until("run.starting")
    assert may_update(tmp_path)
    second = first.restarted()
    async with second.running():
        second.printer.say()
        await until_it_may(tmp_path, update=False)
        second.printer.say_of(77, PrinterState.RUNNING, percent=1)
        await second.until("run.started")
        await until_it_may(tmp_path, update=True)
    second.journal.close()


async def test_nothing_is_started_during_an_update(bench: Bench) -> None:
    with capture_logs() as said, update(bench.folder):

        async def waits() -> bool:
            return any(line["event"] == "start_waits_for_update" for line in said)

        bench.dispatch.answers = [offer(77)]
        bench.clear_bed()
        await eventually(waits)
        assert (bench.printer.starts, "run.starting" in bench.types()) == ([], False)
    await bench.until("run.starting")
    assert len(bench.printer.starts) == 1


def test_two_printers_share_it_and_a_second_take_does_no_harm(tmp_path: Path) -> None:
    left, right = StartLock(tmp_path), StartLock(tmp_path)
    assert (left.take(), left.take(), right.take()) == (True, True, True)
    left.let_go()
    assert not may_update(tmp_path)
    right.let_go()
    right.let_go()
    assert may_update(tmp_path)
