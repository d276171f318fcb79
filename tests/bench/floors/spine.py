"""The bare spine: commit, publish with PubAck, pull delivery, request, commit, reply."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import nats
from nats.aio.msg import Msg

_TABLES = """
DROP TABLE IF EXISTS bare_job, bare_run;
CREATE TABLE bare_job (id uuid PRIMARY KEY);
CREATE TABLE bare_run (id uuid PRIMARY KEY, job_id uuid)
"""
Turn = Callable[[], Awaitable[float]]
"""Takes one turn; returns its seconds."""


@asynccontextmanager
async def open_spine(nats_url: str, database_url: str) -> AsyncIterator[Turn]:
    """Yield a turn: from before the first commit to the answer."""
    api, desk = [await asyncpg.connect(database_url) for _ in range(2)]
    services, node = [await nats.connect(nats_url) for _ in range(2)]
    await api.execute(_TABLES)
    js = services.jetstream()
    await js.add_stream(name="SPINE", subjects=["spine.>"])
    bell = await node.jetstream().pull_subscribe("spine.>", durable="bell", stream="SPINE")
    answered = asyncio.Queue[float]()

    async def claim(message: Msg) -> None:
        await desk.execute("INSERT INTO bare_run VALUES ($1, $2)", uuid4(), uuid4())
        await message.respond(b"{}")

    async def hear() -> None:
        while True:
            (message,) = await bell.fetch(1, timeout=60)
            await message.ack()
            await node.request("claim", b"{}", timeout=5)
            answered.put_nowait(time.perf_counter())

    await services.subscribe("claim", cb=claim)
    hearing = asyncio.create_task(hear())

    async def turn() -> float:
        began = time.perf_counter()
        await api.execute("INSERT INTO bare_job VALUES ($1)", uuid4())
        await js.publish("spine.bell", b"{}")
        return await answered.get() - began

    yield turn
    hearing.cancel()
    for each in (services, node, api, desk):
        await each.close()
