"""What a thousand nodes cost that have nothing to do, against a thousand clients that poll."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import psutil
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts.subjects import (
    COMMANDS,
    JOBS,
    bell_consumer,
    camera_subject,
    command_consumer,
    inbox_prefix,
)
from deploy.local.demo.client import open_browser, sign_in
from edge.pulling import PullLoop
from runtime.nats import connect_nats
from services.provision.keys import Keys
from services.provision.streams import ensure_node
from tests.bench.floors.polling import POLL_EVERY_S
from tests.bench.load import open_line
from tests.bench.processes import server_processes
from tests.bench.row import Bench, Rows, at_most_times

NODES, AT_ONCE = 1000, 20
SETTLE_S, MEASURED_S = 6.0, 15.0
WANTED_TIMES = 0.35
POLLED_PATH = "/api/jobs?scope=all&status=queued&limit=1"


async def measure(bench: Bench) -> Rows:
    """Yield the row of idle nodes: the CPU of engines and services, % of a core."""
    async with _pollers(bench):
        polled = await _cpu(bench)
    async with _nodes(bench) as clients:
        connected = await _cpu(bench)
        async with _pulls(clients):
            pulling = await _cpu(bench)
    name = f"idle cost of {NODES:,} nodes"
    yield at_most_times(f"{name}, with their pulls", "% CPU", pulling, polled, WANTED_TIMES)
    yield at_most_times(f"{name}, connected alone", "% CPU", connected, polled, WANTED_TIMES)


async def _cpu(bench: Bench) -> float:
    """Return what engines and services use, in % of a core."""
    await asyncio.sleep(SETTLE_S)
    found = list(server_processes(bench.state))
    before, began = _used_s(found), time.perf_counter()
    await asyncio.sleep(MEASURED_S)
    return 100 * (_used_s(found) - before) / (time.perf_counter() - began)


def _used_s(found: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in found)


@asynccontextmanager
async def _pollers(bench: Bench) -> AsyncIterator[None]:
    """Have clients ask for queued jobs, each on a connection of its own."""
    async with open_browser(bench.state.url) as http:
        await sign_in(http, "ada")
        cookie = "; ".join(f"{found.name}={found.value}" for found in http.cookies.jar)

    async def poll() -> None:
        await asyncio.sleep(random.uniform(0, POLL_EVERY_S))
        async with open_line(bench.state.ports["api"], cookie) as line:
            while True:
                # A server that can't keep up refuses: a poller just comes again.
                with suppress(RuntimeError):
                    await line.get(POLLED_PATH)
                await asyncio.sleep(POLL_EVERY_S)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(poll()) for _ in range(NODES)]
        yield
        for task in tasks:
            task.cancel()


@asynccontextmanager
async def _nodes(bench: Bench) -> AsyncIterator[dict[str, Client]]:
    """Connect nodes as a node does, each with its consumers and its one core subscription."""
    keys = Keys(bench.data_dir / "keys")
    url = f"nats://127.0.0.1:{bench.state.ports['nats']}"
    names = [f"idle{number}" for number in range(NODES)]
    gate = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack:
        admin = await connect_nats(url, keys.service_creds("provision"), name="bench")
        stack.push_async_callback(admin.close)
        js = admin.jetstream()

        async def connect(name: str) -> Client:
            async with gate:
                await ensure_node(js, name, ("main",))
                creds, inbox = keys.node_creds(name), inbox_prefix(name)
                client = await connect_nats(url, creds, name=name, inbox_prefix=inbox)
                stack.push_async_callback(client.close)
                await client.subscribe(camera_subject(name), cb=_ignore)
                return client

        clients = await asyncio.gather(*(connect(name) for name in names))
        yield dict(zip(names, clients, strict=True))


@asynccontextmanager
async def _pulls(clients: dict[str, Client]) -> AsyncIterator[None]:
    """Hold each node's two pulls open."""
    async with asyncio.TaskGroup() as group:
        tasks = []
        for name, client in clients.items():
            for stream, consumer in (
                (JOBS.name, bell_consumer(name)),
                (COMMANDS.name, command_consumer(name)),
            ):
                pull = PullLoop(client, stream, consumer, _ignore)
                tasks.append(group.create_task(pull.run()))
        yield
        for task in tasks:
            task.cancel()


async def _ignore(_: Msg) -> None:
    return None
