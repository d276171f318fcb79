"""Facts of a thousand printers: accepted by the broker, taken into the read model, and how soon."""

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import accumulate

import asyncpg
import psutil
from nats.js import JetStreamContext
from nats.js.api import Header

from contracts.events import JobProgress
from services.db.channels import EVENTS
from services.projector.reading import Message
from tests.bench.bare import bare_broker
from tests.bench.bus import Bus, open_bus
from tests.bench.floors.acks import STREAM, publish_all
from tests.bench.floors.draining import drain
from tests.bench.row import Rows, at_least, at_most, open_folder
from tests.builders.facts import message_of
from tests.eventually import eventually
from tests.fixtures.processes import run_service, service_env

NODES, PRINTERS_EACH, ROUNDS = 100, 10, 50
IN_FLIGHT = 5
LAG_S = 20
WANTED_DRAIN, WANTED_ACCEPTED = 0.5, 0.8
WANTED_LAG_MS, WANTED_CPU = 150.0, 50.0
WITHIN_S = 120.0


async def measure() -> Rows:
    """Yield the rows of accepting, draining and lag."""
    with open_folder() as folder:
        async with open_bus(folder, nodes=NODES, printers_each=PRINTERS_EACH) as bus:
            facts = [one.progress(turn) for turn in range(ROUNDS) for one in bus.prints]
            floor_url = await bus.copy_database("floor")
            accepted = await _accepted(bus, facts)
            bodies = [message_of(fact).body for fact in facts]
            async with bare_broker(bus.folder) as url:
                took = await publish_all(url, bodies, clients=NODES, in_flight=IN_FLIGHT)
                yield at_least(
                    "progress events accepted", accepted, len(facts) / took, WANTED_ACCEPTED
                )
                floor_drained = len(facts) / await drain(url, floor_url, STREAM, len(facts))
            async with _projector(bus) as process:
                drained = await _drained(bus, len(facts))
                yield at_least(
                    f"drain of {len(facts):,} events", drained, floor_drained, WANTED_DRAIN
                )
                lag_ms, cpu = await _lag(bus, process)
    yield at_most("projection lag, 1,000 a second, p99", "ms", lag_ms, WANTED_LAG_MS)
    yield at_most("projector meanwhile", "% CPU", cpu, WANTED_CPU)


async def _accepted(bus: Bus, facts: Sequence[JobProgress]) -> float:
    """Return how many facts a second the broker acknowledged to their nodes."""
    async with bus.nodes() as nodes:
        written: dict[str, list[tuple[str, Message]]] = {name: [] for name in nodes}
        for fact in facts:
            written[fact.node].append((str(fact.id), message_of(fact)))
        queues = {name: iter(messages) for name, messages in written.items()}
        began = time.perf_counter()
        await asyncio.gather(
            *(
                _publish(nodes[name], queue)
                for name, queue in queues.items()
                for _ in range(IN_FLIGHT)
            )
        )
        return len(facts) / (time.perf_counter() - began)


async def _publish(js: JetStreamContext, messages: Iterator[tuple[str, Message]]) -> None:
    for event_id, message in messages:
        await js.publish(message.subject, message.body, headers={Header.MSG_ID: event_id})


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
    """Return the p99 from publishing to commit in ms, and the CPU in % of a core."""
    sent: dict[str, float] = {}
    heard: list[tuple[int, float]] = []
    connection = await asyncpg.connect(bus.database_url)
    try:
        await connection.add_listener(
            EVENTS, lambda *news: heard.append((int(news[3]), time.perf_counter()))
        )
        used = sum(projector.cpu_times()[:2])
        began = time.perf_counter()
        async with bus.nodes() as nodes:
            await asyncio.gather(
                *(_tick(bus, nodes, n, began, sent) for n in range(len(bus.prints)))
            )
        cpu = (sum(projector.cpu_times()[:2]) - used) / (time.perf_counter() - began)

        async def all_there() -> list[asyncpg.Record]:
            rows: list[asyncpg.Record] = await connection.fetch(
                "SELECT event_id::text, gseq FROM event_log WHERE event_id::text = ANY($1)",
                list(sent),
            )
            return rows if len(rows) == len(sent) else []

        rows = await eventually(all_there, within_s=WITHIN_S)
    finally:
        await connection.close()
    bounds = list(accumulate((gseq for gseq, _ in heard), max))
    lags = sorted(
        heard[bisect_left(bounds, row["gseq"])][1] - sent[row["event_id"]] for row in rows
    )
    return 1000 * lags[int(0.99 * len(lags))], 100 * cpu


async def _tick(
    bus: Bus, nodes: dict[str, JetStreamContext], number: int, began: float, sent: dict[str, float]
) -> None:
    one = bus.prints[number]
    for second in range(LAG_S):
        due = began + second + number / len(bus.prints)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        fact = one.progress(ROUNDS + second)
        message = message_of(fact)
        sent[str(fact.id)] = time.perf_counter()
        js = nodes[one.journal.node]
        await js.publish(message.subject, message.body, headers={Header.MSG_ID: str(fact.id)})
