"""A broker and a database without services, and many printers that print."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from nats.aio.client import Client
from pydantic import PostgresDsn

from contracts.events import JobProgress
from deploy.local.engines.nats import run_nats
from deploy.local.engines.postgres import Postgres, run_postgres
from runtime.settings import DatabaseSettings
from services.db.engine import make_engine, make_sessions
from services.db.migrate import upgrade
from services.db.tables.machines import Node
from services.provision.keys import Keys
from tests.builders.facts import NodeJournal, RunIds
from tests.builders.rows import Workshop, now
from tests.fixtures.nats import Broker
from tests.fixtures.streams import connected_node, fresh_streams

_DATABASE = "bench"


@dataclass(frozen=True)
class Print:
    """A run that prints, and the journal that tells of it."""

    journal: NodeJournal
    run: RunIds

    def progress(self, percent: int) -> JobProgress:
        """Return the next fact."""
        return self.journal.progress(self.run, percent)


@dataclass(frozen=True)
class Bus:
    """The engines, and what is being printed when the measuring begins."""

    folder: Path
    broker: Broker
    postgres: Postgres
    prints: Sequence[Print]

    @property
    def database_url(self) -> str:
        """Return the database that the prints are in."""
        return self.postgres.url(_DATABASE)

    async def copy_database(self, name: str) -> str:
        """Return the URL of a copy of the database as it is now; nobody may be connected."""
        await execute(self.postgres, f"CREATE DATABASE {name} TEMPLATE {_DATABASE}")
        return self.postgres.url(name)

    @asynccontextmanager
    async def nodes(self) -> AsyncIterator[dict[str, Client]]:
        """Yield a connection for each node that prints, with its own credentials."""
        names = sorted({one.journal.node for one in self.prints})
        async with AsyncExitStack() as stack:
            yield {
                name: await stack.enter_async_context(connected_node(self.broker, name))
                for name in names
            }


@asynccontextmanager
async def open_bus(folder: Path, *, nodes: int, printers_each: int) -> AsyncIterator[Bus]:
    """Yield engines with empty streams and `nodes` x `printers_each` prints under way."""
    keys = Keys(folder / "keys")
    async with (
        run_nats(folder / "broker", keys.trust()) as server,
        run_postgres(folder / "postgres") as postgres,
    ):
        broker = Broker(server, keys)
        await execute(postgres, f"CREATE DATABASE {_DATABASE}")
        await asyncio.to_thread(upgrade, postgres.url(_DATABASE))
        prints = await begin_prints(postgres.url(_DATABASE), nodes, printers_each)
        async with fresh_streams(broker):
            yield Bus(folder, broker, postgres, prints)


async def begin_prints(database_url: str, nodes: int, printers_each: int) -> list[Print]:
    """Insert prints under way, and all that goes with them."""
    engine = make_engine(DatabaseSettings(database_url=PostgresDsn(database_url)), pool_size=1)
    prints: list[Print] = []
    try:
        async with make_sessions(engine)() as session:
            shop = await Workshop(session).open()
            for number in range(nodes):
                journal = NodeJournal(node=f"node{number}")
                session.add(
                    Node(name=journal.node, title=journal.node, public_key=None, created_at=now())
                )
                await session.flush()
                for place in range(printers_each):
                    serial = f"01S00C{number * printers_each + place:09d}"
                    printer = await shop.printer(serial, node=journal.node)
                    run = await shop.run(
                        printer,
                        await shop.job(),
                        node=journal.node,
                        journal_id=journal.journal_id,
                        state="printing",
                        fact_state="printing",
                    )
                    prints.append(Print(journal, run))
    finally:
        await engine.dispose()
    return prints


async def execute(postgres: Postgres, statement: str) -> None:
    """Run a statement outside of every database of ours."""
    connection = await asyncpg.connect(postgres.url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
