"""From a node's fact to the last of 500 open streams, against a bare fan-out; and their memory."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import Header
from pydantic import PostgresDsn

from contracts.events import JobProgress
from runtime.nats import connect_nats
from runtime.settings import DatabaseSettings
from services.db.engine import make_engine, make_sessions
from services.provision.keys import Keys
from tests.bench.bare import bare_app
from tests.bench.listeners import Audience, open_audience
from tests.bench.load import Line, open_line
from tests.bench.processes import database_url, process_of
from tests.bench.row import Bench, Rows, at_most, at_most_times
from tests.builders.facts import NodeJournal, RunIds, message_of
from tests.builders.rows import Workshop

CLIENTS, STREAMS_EACH, WARM_UP = 500, 5, 5
ROUNDS, EACH_TURN, PAUSE_S = 5, 20, 0.05
WANTED_TIMES, WANTED_KB = 3.0, 50.0
NODE = "bench"
_PEOPLE = """
INSERT INTO "user" (id, email, name, is_admin, created_at)
SELECT id, id || '@layerline.local', 'Somebody', true, now() FROM unnest($1::uuid[]) AS id
"""
_SESSIONS = """
INSERT INTO session (id_sha256, user_id, created_at, last_used_at, expires_at)
SELECT s.id, s.user_id, now(), now(), now() + interval '1 day'
FROM unnest($1::bytea[], $2::uuid[]) AS s (id, user_id)
"""


async def measure(bench: Bench) -> Rows:
    """Yield the rows of the live feed."""
    url = database_url(bench.state)
    cookies = await _sign_in_many(url)
    prints = _Print(NodeJournal(NODE), await begin_print(url))
    api = process_of(bench.state, "api")
    log_file = bench.state.logs / "bare-fanning.log"
    async with connected_node(bench) as node, bare_app("fanning", log_file=log_file) as bare_port:
        js = node.jetstream()
        # What is loaded or filled once is not a stream's.
        async with open_audience(bench.state.ports["api"], "/api/feed", cookies[:WARM_UP]) as few:
            await few.time_to_last(*prints.next_said(js))
        before = api.memory_full_info().uss
        async with (
            open_audience(bench.state.ports["api"], "/api/feed", cookies) as ours,
            open_audience(bare_port, "/feed", cookies) as bare,
            open_line(bare_port) as line,
        ):
            values, floors = await _in_turn(ours, bare, prints, js, line)
            kb = (api.memory_full_info().uss - before) / CLIENTS / 1000
    name = f"fact -> last of {CLIENTS} streams, p99"
    yield at_most_times(name, "ms", 1000 * _p99(values), 1000 * _p99(floors), WANTED_TIMES)
    yield at_most("memory of a stream", "KB", kb, WANTED_KB)


async def _in_turn(
    ours: Audience, bare: Audience, prints: "_Print", js: JetStreamContext, line: Line
) -> tuple[list[float], list[float]]:
    values: list[float] = []
    floors: list[float] = []
    for _ in range(ROUNDS):
        for number in range(EACH_TURN):
            floors.append(await bare.time_to_last(*_say_barely(line, number)))
            await asyncio.sleep(PAUSE_S)
        for _ in range(EACH_TURN):
            values.append(await ours.time_to_last(*prints.next_said(js)))
            await asyncio.sleep(PAUSE_S)
    return values, floors


class _Print:
    """A print that nothing but its node's facts tell of."""

    def __init__(self, journal: NodeJournal, run: RunIds) -> None:
        self._journal, self._run, self._layer = journal, run, 0

    def next_said(self, js: JetStreamContext) -> tuple[bytes, Callable[[], Awaitable[object]]]:
        """Return the mark of the next fact in the streams, and what publishes it."""
        self._layer += 1
        numbers = {"percent": 50, "layer": self._layer, "total_layers": 999, "minutes_left": 60}
        fact = self._journal.run_fact(JobProgress, self._run, **numbers)
        message = message_of(fact)
        headers: dict[str, Any] = {Header.MSG_ID: str(fact.id)}
        return _mark(self._layer), lambda: js.publish(
            message.subject, message.body, headers=headers
        )


def _say_barely(line: Line, number: int) -> tuple[bytes, Callable[[], Awaitable[object]]]:
    frame = b'id: 1\nevent: fact\ndata: {"gseq":1%s%s}\n\n' % (b" " * 400, _mark(number))
    return _mark(number), lambda: line.send("/tell", frame)


def _mark(number: int) -> bytes:
    return b'"layer":%d,' % number


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[int(0.99 * len(values)) - 1]


async def _sign_in_many(url: str) -> list[str]:
    """Return a cookie for each stream; as many people as the limit of streams asks for."""
    people = [uuid4() for _ in range(CLIENTS // STREAMS_EACH)]
    ids = [secrets.token_urlsafe() for _ in people]
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_PEOPLE, people)
        hashes = [hashlib.sha256(each.encode()).digest() for each in ids]
        await connection.execute(_SESSIONS, hashes, people)
    finally:
        await connection.close()
    return [f"layerline={each}" for each in ids for _ in range(STREAMS_EACH)]


async def begin_print(url: str) -> RunIds:
    """Insert a run that prints on a printer of the node, and all that goes with it."""
    engine = make_engine(DatabaseSettings(database_url=PostgresDsn(url)), pool_size=1)
    try:
        async with make_sessions(engine)() as session:
            shop = await Workshop(session, node=NODE).open()
            printer = await shop.printer()
            state = {"state": "printing", "fact_state": "printing"}
            return await shop.run(printer, await shop.job(), **state)
    finally:
        await engine.dispose()


@asynccontextmanager
async def connected_node(bench: Bench) -> AsyncIterator[Client]:
    """Yield the node's connection."""
    creds = Keys(bench.data_dir / "keys").node_creds(NODE)
    url = f"nats://127.0.0.1:{bench.state.ports['nats']}"
    inbox = f"_INBOX_{NODE}"
    client = await connect_nats(url, creds, name=NODE, inbox_prefix=inbox, exit_when_closed=False)
    try:
        yield client
    finally:
        await client.close()
