"""Fixtures for everyone: the real engines, started once for a session when first asked for."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.fixtures.nats import broker
from tests.fixtures.oidc import openid_provider
from tests.fixtures.postgres import database_url, postgres
from tests.fixtures.storage import storage

__all__ = ["broker", "database_url", "no_task_is_left", "openid_provider", "postgres", "storage"]

SETTLE_TURNS = 50
"""Turns of the loop in which what was cancelled may end."""


@pytest_asyncio.fixture(autouse=True)
async def no_task_is_left(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fail a test that leaves a task of its own running."""
    before = asyncio.all_tasks()
    yield
    for _ in range(SETTLE_TURNS):
        left = {task for task in asyncio.all_tasks() - before if not task.done()}
        left.discard(asyncio.current_task())
        if not left:
            return
        await asyncio.sleep(0)
    names = ", ".join(sorted(repr(task.get_coro()) for task in left))
    pytest.fail(f"{request.node.name} left running: {names}")
