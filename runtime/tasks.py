"""Tasks that end for certain.

To cancel once is not enough: before Python 3.12, wait_for swallows a cancellation that comes at the
same moment as its result, and the libraries below are full of it.
"""

import asyncio
from collections.abc import Coroutine, Generator, Iterable
from contextvars import Context
from types import TracebackType
from typing import Any, TypeVar

CANCEL_AGAIN_S = 0.2
T = TypeVar("T")


async def end(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel the tasks until all of them have ended; what they return or raise stays theirs."""
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN_S)


class Tasks(asyncio.TaskGroup):
    """A task group that no task can hold open: when one fails, the others are ended for certain.

    A process whose group hung would go on half dead, and nobody would start it again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._members: set[asyncio.Task[Any]] = set()
        self._ending: asyncio.Task[None] | None = None

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        """Start a task of the group."""
        task = super().create_task(coro, name=name, context=context)
        self._members.add(task)
        task.add_done_callback(self._note_end)
        return task

    async def end(self) -> None:
        """End all tasks of the group."""
        await end(self._members)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._end_all()
        await super().__aexit__(kind, error, trace)

    def _note_end(self, task: "asyncio.Task[Any]") -> None:
        self._members.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._end_all()

    def _end_all(self) -> None:
        if self._ending is None and self._members:
            self._ending = asyncio.get_running_loop().create_task(end(set(self._members)))
