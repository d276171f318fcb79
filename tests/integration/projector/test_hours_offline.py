"""Ten thousand facts after hours without a broker, and everybody killed meanwhile."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from contracts.events import PrinterActivity, PrinterStateChanged
from contracts.ids import PrinterId
from edge.journal.journal import NodeJournal
from edge.publisher import FactPublisher
from edge.records import Draft
from runtime.clock import SystemClock
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.fixtures.processes import run_service, service_env
from tests.fixtures.streams import connected_node, fresh_streams
from tests.integration.projector.conftest import Projection

FACTS = 10_000
KILLS = 5
NODE, SERIAL = "bench", "01S00C000000001"


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_I12_ten_thousand_facts_arrive_once_each_though_all_are_killed(
    broker: Broker, database_url: str, projection: Projection, tmp_path: Path
) -> None:
    printer_id = PrinterId(await projection.shop.printer(SERIAL))
    journal = written(tmp_path / "edge", printer_id)
    env, dice = service_env("projector", database_url, broker), random.Random(12)
    marks = sorted(dice.sample(range(FACTS), KILLS))
    async with fresh_streams(broker):
        for mark in [*marks, FACTS]:
            async with AsyncExitStack() as stack:
                projector = await stack.enter_async_context(run_service("projector", env, tmp_path))
                seen = await projection.watermark(journal.journal_id) or 0
                await stack.enter_async_context(publishing(broker, journal, seen))

                async def has_come(mark: int = mark) -> bool:
                    return (await projection.watermark(journal.journal_id) or 0) >= mark

                await eventually(has_come, within_s=60)
                if mark < FACTS:
                    os.kill(projector.pid, signal.SIGKILL)
                    await projector.wait()
    journal.close()
    assert await numbers(projection, journal.journal_id) == (FACTS, 1, FACTS)
    assert await projection.count("dead_letter") == 0


def written(folder: Path, printer_id: PrinterId) -> NodeJournal:
    """Return a journal with as many facts as a night without a broker makes."""
    journal = NodeJournal(folder, NODE, SystemClock())
    journal.printers.add(printer_id, SERIAL)
    made = journal.last_seq
    with journal.transaction():
        for number in range(FACTS - made):
            said = {"activity": PrinterActivity.BUSY, "detail": f"{number}", "code": None}
            journal.printers.note(printer_id, Draft(PrinterStateChanged, said))
    assert journal.last_seq == FACTS
    return journal


@asynccontextmanager
async def publishing(broker: Broker, journal: NodeJournal, seen: int) -> AsyncIterator[None]:
    """Publish what is above the watermark while the block runs; then end in the middle of it."""
    async with connected_node(broker, NODE) as client:
        publisher = FactPublisher(client, NODE, journal)
        publisher.rewind(seen)
        running = asyncio.create_task(publisher.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def numbers(projection: Projection, journal_id: UUID) -> tuple[int, int, int]:
    """Return how many different facts are in the log, the first and the last."""
    row = await projection.connection.fetchrow(
        "SELECT count(DISTINCT node_seq), min(node_seq), max(node_seq) FROM event_log "
        "WHERE journal_id = $1",
        journal_id,
    )
    assert row is not None
    return row[0], row[1], row[2]
