"""Waiting for something without guessing how long it takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.02


async def eventually(probe: Callable[[], Awaitable[T]], *, within_s: float = 20.0) -> T:
    """Return the first true value of `probe`; fail with the last one when time is up."""
    deadline = time.monotonic() + within_s
    while True:
        value = await probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s; last seen: {value!r}")
        await asyncio.sleep(POLL_S)
