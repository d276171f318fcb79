"""Ending tasks for certain."""

import asyncio
from collections.abc import Iterable
from typing import Any

CANCEL_AGAIN_S = 0.2


async def end(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel the tasks until all of them have ended; what they return or raise stays theirs.

    Once is not enough: before Python 3.12, wait_for swallows a cancellation that comes at the
    same moment as its result, and the libraries below are full of it.
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN_S)
