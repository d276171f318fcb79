"""Facts from a node's journal to a real broker, with the node's own rights."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from contracts import subjects
from contracts.envelope import NodeFact
from contracts.events import PrinterActivity, PrinterStateChanged
from contracts.ids import NodeName, PrinterId
from deploy.local.engines.nats import run_nats
from deploy.local.process import free_port
from edge.journal.journal import NodeJournal
from edge.publisher import IN_FLIGHT, FactPublisher
from edge.records import Draft
from runtime.clock import SystemClock
from runtime.nats import connect_nats
from services.provision.keys import Keys
from services.provision.streams import ensure_streams
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.fixtures.streams import connected, drop_streams, fresh_streams

NODE, SERIAL = NodeName("facts"), "01S00C000000001"
FACTS = 10 * IN_FLIGHT
ALL = list(range(1, FACTS + 1))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[NodeJournal]:
    """A journal with ten windows of facts."""
    made = NodeJournal(tmp_path / "edge", NODE, SystemClock())
    printer_id = PrinterId(made.journal_id)
    made.printers.add(printer_id, SERIAL)
    with made.transaction():
        for number in range(FACTS - made.last_seq):
            said = {"activity": PrinterActivity.BUSY, "detail": f"{number}", "code": None}
            made.printers.note(printer_id, Draft(PrinterStateChanged, said))
    yield made
    made.close()


@asynccontextmanager
async def publishing(broker: Broker, journal: NodeJournal) -> AsyncIterator[FactPublisher]:
    """Publish everything; a connection that is back wakes the publisher, as the link does."""
    publishers: list[FactPublisher] = []

    async def wake() -> None:
        for one in publishers:
            one.wake()

    client = await connect_nats(
        broker.url,
        broker.keys.node_creds(NODE),
        name=NODE,
        inbox_prefix=subjects.inbox_prefix(NODE),
        on_reconnect=wake,
        exit_when_closed=False,
    )
    publishers.append(FactPublisher(client, NODE, journal))
    publishers[0].rewind(0)
    running = asyncio.create_task(publishers[0].run())
    try:
        yield publishers[0]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await client.close()


async def stored(js: JetStreamContext) -> list[int]:
    """Return the node_seq of what the stream holds, in the stream's order."""
    count = (await js.stream_info(subjects.EDGE.name)).state.messages
    bodies = [(await js.get_msg(subjects.EDGE.name, seq)).data for seq in range(1, count + 1)]
    return [NodeFact.model_validate_json(body or b"").node_seq for body in bodies]


async def have_come(js: JetStreamContext, count: int = FACTS) -> None:
    """Wait until the stream holds so many messages."""

    async def is_it() -> bool:
        return (await js.stream_info(subjects.EDGE.name)).state.messages >= count

    await eventually(is_it)


async def test_ten_windows_arrive_once_each_and_in_order(
    broker: Broker, journal: NodeJournal
) -> None:
    async with fresh_streams(broker) as js, publishing(broker, journal):
        await have_come(js)
        assert await stored(js) == ALL


async def test_facts_wait_for_a_stream_that_is_not_there(
    broker: Broker, journal: NodeJournal
) -> None:
    async with fresh_streams(broker) as js:
        await drop_streams(js)
        async with publishing(broker, journal) as publisher:
            with pytest.raises(NotFoundError):
                await js.stream_info(subjects.EDGE.name)
            await ensure_streams(js)
            publisher.wake()
            await have_come(js)
            assert sorted(await stored(js)) == ALL


async def test_a_broker_that_goes_away_in_between_gets_the_rest(
    tmp_path: Path, journal: NodeJournal
) -> None:
    keys, port, folder = Keys(tmp_path / "keys"), free_port(), tmp_path / "nats"
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(run_nats(folder, keys.trust(), port=port))
        broker = Broker(server, keys)
        async with connected(broker, "provision") as client:
            js = client.jetstream()
            await ensure_streams(js)
            async with publishing(broker, journal):
                await have_come(js, IN_FLIGHT)
                await server.process.stop()
                await stack.enter_async_context(run_nats(folder, keys.trust(), port=port))
                await eventually(is_connected(client))
                await have_come(js)
                assert sorted(await stored(js)) == ALL


def is_connected(client: Client) -> Callable[[], Awaitable[bool]]:
    """Return what tells whether a client has its connection again."""

    async def is_it() -> bool:
        return client.is_connected

    return is_it
