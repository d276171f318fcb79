"""Facts of a thousand printers: accepted by the broker, taken into the read model, and how soon."""

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import accumulate

import asyncpg
import psutil
from nats.aio.client import Client

from contracts.events import JobProgress
from edge.publisher import IN_FLIGHT
from services.db.channels import EVENTS
from tests.bench.bare import bare_broker
from tests.bench.bus import Bus, Print, open_bus
from tests.bench.floors.acks import STREAM, ack_times, publish_all
from tests.bench.floors.draining import drain
from tests.bench.publishing import FactLine
from tests.bench.row import Rows, at_least, at_most, open_folder
from tests.builders.facts import message_of
from tests.eventually import eventually
from tests.fixtures.processes import run_service, service_env

NODES, PRINTERS_EACH, ROUNDS = 100, 10, 50
PARTS = 10
NODES_AT_ONCE = 8
"""So many catch up at a time, each with as many facts in flight as the product has."""
LAG_S = 10
WANTED_DRAIN, WANTED_ACCEPTED = 0.5, 0.8
WANTED_LAG_MS, WANTED_CPU = 150.0, 50.0
WITHIN_S = 120.0


async def measure() -> Rows:
    """Yield the rows of accepting, draining and lag."""
    with open_folder() as folder:
        async with open_bus(folder, nodes=NODES, printers_each=PRINTERS_EACH) as bus:
            facts = [one.progress(turn) for turn in range(ROUNDS) for one in bus.prints]
            floor_url = await bus.copy_database("floor")
            async with bare_broker(bus.folder) as url:
                took, floor_took = await _accepted(bus, facts, url)
                yield at_least(
                    "progress events accepted",
                    len(facts) / took,
                    len(facts) / floor_took,
                    WANTED_ACCEPTED,
                )
                floor_drained = len(facts) / await drain(url, floor_url, STREAM, len(facts))
            async with _projector(bus) as process:
                drained = await _drained(bus, len(facts))
                yield at_least(
                    f"drain of {len(facts):,} events", drained, floor_drained, WANTED_DRAIN
                )
                lag_ms, cpu = await _lag(bus, process)
            acked_ms = await _bare_ack_ms(bus, message_of(facts[0]).body)
    lag = "projection lag, 1,000 a second, p99 (bare: ack)"
    yield at_most(lag, "ms", lag_ms, WANTED_LAG_MS, beside=acked_ms)
    yield at_most("projector meanwhile", "% CPU", cpu, WANTED_CPU)


async def _accepted(bus: Bus, facts: Sequence[JobProgress], floor_url: str) -> tuple[float, float]:
    """Return the seconds until all was acknowledged, to nodes that catch up and to bare clients.

    In turn, part by part: what else the machine does falls on both.
    """
    took = floor_took = 0.0
    each = len(facts) // PARTS
    async with bus.nodes() as nodes:
        for start in range(0, len(facts), each):
            part = facts[start : start + each]
            took += await _catch_up(bus, nodes, part)
            bodies = [message_of(fact).body for fact in part]
            floor_took += await publish_all(
                floor_url, bodies, clients=NODES_AT_ONCE, in_flight=IN_FLIGHT
            )
    return took, floor_took


async def _catch_up(bus: Bus, nodes: Mapping[str, Client], facts: Sequence[JobProgress]) -> float:
    """Return the seconds until the nodes have published these facts."""
    lines: dict[str, FactLine] = {}
    journals = {one.journal.node: one.journal for one in bus.prints}
    for fact in facts:
        if fact.node not in lines:
            lines[fact.node] = FactLine(journals[fact.node], before=fact.node_seq - 1)
        lines[fact.node].write(fact)
    turns = asyncio.Semaphore(NODES_AT_ONCE)

    async def catch_up(client: Client, line: FactLine) -> None:
        async with turns, line.open(client):
            pass

    began = time.perf_counter()
    await asyncio.gather(*(catch_up(nodes[name], line) for name, line in lines.items()))
    return time.perf_counter() - began


@asynccontextmanager
async def _projector(bus: Bus) -> AsyncIterator[psutil.Process]:
    env = service_env("projector", bus.database_url, bus.broker) | {"LAYERLINE_LOG_LEVEL": "info"}
    async with run_service("projector", env, bus.folder) as process:
        yield psutil.Process(process.pid)


async def _drained(bus: Bus, count: int) -> float:
    """Return how many events a second a projector took in that had found them all stored."""
    connection = await asyncpg.connect(bus.database_url)

    async def done() -> int:
        rows: int = await connection.fetchval(
            "SELECT coalesce(sum(contiguous_seq), 0)::int FROM edge_watermark"
        )
        return rows

    try:
        first = await eventually(done, within_s=WITHIN_S)
        began = time.perf_counter()

        async def all_done() -> bool:
            return await done() == count

        await eventually(all_done, within_s=WITHIN_S)
        return (count - first) / (time.perf_counter() - began)
    finally:
        await connection.close()


async def _lag(bus: Bus, projector: psutil.Process) -> tuple[float, float]:
    """Return the p99 from a fact's writing to its commit in ms, and the CPU in % of a core."""
    written: dict[str, float] = {}
    heard: list[tuple[int, float]] = []
    connection = await asyncpg.connect(bus.database_url)
    try:
        await connection.add_listener(
            EVENTS, lambda *news: heard.append((int(news[3]), time.perf_counter()))
        )
        async with bus.nodes() as nodes, AsyncExitStack() as stack:
            lines = {
                one.journal.node: FactLine(one.journal, before=one.journal.node_seq)
                for one in bus.prints
            }
            for name, line in lines.items():
                await stack.enter_async_context(line.open(nodes[name]))
            used, began = sum(projector.cpu_times()[:2]), time.perf_counter()
            await asyncio.gather(
                *(
                    _tick(one, lines[one.journal.node], began + number / len(bus.prints), written)
                    for number, one in enumerate(bus.prints)
                )
            )
            cpu = (sum(projector.cpu_times()[:2]) - used) / (time.perf_counter() - began)

        async def all_there() -> list[asyncpg.Record]:
            rows: list[asyncpg.Record] = await connection.fetch(
                "SELECT event_id::text, gseq FROM event_log WHERE event_id::text = ANY($1)",
                list(written),
            )
            return rows if len(rows) == len(written) else []

        rows = await eventually(all_there, within_s=WITHIN_S)
    finally:
        await connection.close()
    bounds = list(accumulate((gseq for gseq, _ in heard), max))
    lags = sorted(
        heard[bisect_left(bounds, row["gseq"])][1] - written[row["event_id"]] for row in rows
    )
    return 1000 * lags[int(0.99 * len(lags))], 100 * cpu


async def _bare_ack_ms(bus: Bus, body: bytes) -> float:
    """Return the p99 until a bare broker has acknowledged, at the same pace."""
    pace = len(bus.prints)
    async with bare_broker(bus.folder) as url:
        took = await ack_times(url, body, clients=NODES, times=pace * LAG_S, pace=pace)
    return 1000 * took[int(0.99 * len(took))]


async def _tick(one: Print, line: FactLine, began: float, written: dict[str, float]) -> None:
    """Write a fact a second."""
    for second in range(LAG_S):
        await asyncio.sleep(max(0.0, began + second - time.perf_counter()))
        fact = one.progress(ROUNDS + second)
        written[str(fact.id)] = time.perf_counter()
        line.write(fact)
