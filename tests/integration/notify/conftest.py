"""A bench and a receiver for every test of the notifier."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.notify.bench import Bench, Receiver, receiving, running_bench


@pytest_asyncio.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    """The notifier's parts on a database of their own."""
    async with running_bench(database_url) as running:
        yield running


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Where notices arrive."""
    async with receiving() as listening:
        yield listening
