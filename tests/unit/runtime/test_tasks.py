"""A task that swallows a cancellation ends all the same."""

import asyncio
from contextlib import suppress

from runtime.tasks import end


async def test_tasks_end_that_swallow_a_cancellation() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        for _ in range(2):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            swallowed += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end([task])
    assert task.cancelled()
    assert swallowed == 2


async def test_what_a_task_raises_stays_with_it() -> None:
    async def failing() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("while it ended")

    async def quick() -> int:
        return 7

    failed, ready = asyncio.create_task(failing()), asyncio.create_task(quick())
    await asyncio.sleep(0)
    await end([failed, ready])
    assert isinstance(failed.exception(), ValueError)
    assert ready.result() == 7
