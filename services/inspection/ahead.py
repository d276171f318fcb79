"""Reading ahead: in a thread of its own while what came before is looked at."""

import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

MAX_WAITING = 4
LOOK_UP_S = 0.2
"""How soon the thread notices that nobody takes its items any more."""
T = TypeVar("T")


@dataclass(frozen=True)
class _Turn(Generic[T]):
    """An item; or the end, which may be an error."""

    items: tuple[T, ...]
    error: BaseException | None = None


def read_ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """Yield the same items, and raise what they raise; the thread ends with this iterator."""
    waiting: queue.Queue[_Turn[T]] = queue.Queue(MAX_WAITING)
    is_over = threading.Event()
    reader = threading.Thread(target=_read, args=(items, waiting, is_over), name="reader")
    reader.start()
    try:
        while (turn := waiting.get()).items:
            yield turn.items[0]
        if turn.error is not None:
            raise turn.error
    finally:
        is_over.set()
        reader.join()


def _read(items: Iterator[T], waiting: "queue.Queue[_Turn[T]]", is_over: threading.Event) -> None:
    end: _Turn[T] = _Turn(())
    try:
        for item in items:
            if not _hand_over(_Turn((item,)), waiting, is_over):
                return
    except BaseException as exc:  # noqa: BLE001 - raised again where the items are taken
        end = _Turn((), exc)
    _hand_over(end, waiting, is_over)


def _hand_over(turn: _Turn[T], waiting: "queue.Queue[_Turn[T]]", is_over: threading.Event) -> bool:
    while not is_over.is_set():
        try:
            waiting.put(turn, timeout=LOOK_UP_S)
        except queue.Full:
            continue
        return True
    return False
