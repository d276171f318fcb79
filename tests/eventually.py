"""Waiting for something without guessing how long it takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.02
PATIENCE = 3.0
"""How much longer than on an idle machine a wait may take; only what fails ever waits so long."""


async def eventually(
    probe: Callable[[], Awaitable[T]], *, within_s: float = 20.0, every_s: float = POLL_S
) -> T:
    """Return the first true value of `probe`; fail with the last one when time is up.

    within_s: seconds that an idle machine has to spare. What must be quick is measured instead.
    """
    deadline = time.monotonic() + PATIENCE * within_s
    while True:
        value = await probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s; last seen: {value!r}")
        await asyncio.sleep(every_s)
