"""Streams with the consumers of two nodes, and the command line on a database of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from nats.js import JetStreamContext

from services.provision.streams import ensure_node
from tests.fixtures.nats import Broker
from tests.fixtures.streams import fresh_streams
from tests.integration.provision.command_line import Layerline

NODE, OTHER = "pi-1", "pi-2"


@pytest_asyncio.fixture
async def js(broker: Broker) -> AsyncIterator[JetStreamContext]:
    """Empty streams, and two nodes that serve the queue `main`; everything is allowed."""
    async with fresh_streams(broker) as streams:
        for node in (NODE, OTHER):
            await ensure_node(streams, node, ("main",))
        yield streams


@pytest.fixture
def layerline(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Layerline:
    monkeypatch.setenv("LAYERLINE_DATABASE_URL", database_url)
    return Layerline(capsys)
