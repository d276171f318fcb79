"""A task that swallows a cancellation ends all the same."""

import asyncio
from contextlib import suppress

import pytest

from runtime.tasks import Tasks, end


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


async def test_group_ends_when_one_fails_though_another_swallows_its_cancellation() -> None:
    ended: list[str] = []

    async def stubborn() -> None:
        for _ in range(2):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("stubborn")

    async def failing() -> None:
        await asyncio.sleep(0)
        raise ValueError("broken")

    async def grouped() -> None:
        async with Tasks() as tasks:
            tasks.create_task(stubborn())
            tasks.create_task(failing())
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as caught:
        await grouped()
    assert ended == ["stubborn"]
    assert [str(error) for error in caught.value.exceptions] == ["broken"]


async def test_group_that_is_cancelled_ends_the_stubborn_too() -> None:
    async def stubborn() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    async def grouped() -> None:
        async with Tasks() as tasks:
            tasks.create_task(stubborn())
            await asyncio.Event().wait()

    task = asyncio.create_task(grouped())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=30)
    assert done == {task}
    assert task.cancelled()


async def test_group_that_is_ended_leaves_its_block_in_peace() -> None:
    async with Tasks() as tasks:
        waiting = tasks.create_task(asyncio.Event().wait())
        await tasks.end()
        assert waiting.cancelled()
