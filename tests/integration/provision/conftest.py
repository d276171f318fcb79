"""Streams with the consumers of two nodes."""

from collections.abc import AsyncIterator

import pytest_asyncio
from nats.js import JetStreamContext

from services.provision.streams import ensure_node
from tests.fixtures.nats import Broker
from tests.fixtures.streams import fresh_streams

NODE, OTHER = "pi-1", "pi-2"


@pytest_asyncio.fixture
async def js(broker: Broker) -> AsyncIterator[JetStreamContext]:
    """Empty streams, and two nodes that serve the queue `main`; everything is allowed."""
    async with fresh_streams(broker) as streams:
        for node in (NODE, OTHER):
            await ensure_node(streams, node, ("main",))
        yield streams
