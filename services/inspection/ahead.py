"""Reading ahead: unpacking in a thread of its own while the pieces before are looked at."""

import queue
import threading
from collections.abc import Generator, Iterator

MAX_WAITING = 4
LOOK_UP_S = 0.2
"""How soon the thread notices that nobody takes its pieces any more."""
_Item = bytes | BaseException | None


def read_ahead(pieces: Iterator[bytes]) -> Generator[bytes, None, None]:
    """Yield the same pieces, and raise what they raise; the thread ends with this iterator."""
    waiting: queue.Queue[_Item] = queue.Queue(MAX_WAITING)
    is_over = threading.Event()
    reader = threading.Thread(target=_read, args=(pieces, waiting, is_over), name="reader")
    reader.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        is_over.set()
        reader.join()


def _read(pieces: Iterator[bytes], waiting: "queue.Queue[_Item]", is_over: threading.Event) -> None:
    try:
        for piece in pieces:
            if not _hand_over(piece, waiting, is_over):
                return
    except BaseException as exc:  # noqa: BLE001 - raised again where the pieces are taken
        _hand_over(exc, waiting, is_over)
    else:
        _hand_over(None, waiting, is_over)


def _hand_over(item: _Item, waiting: "queue.Queue[_Item]", is_over: threading.Event) -> bool:
    while not is_over.is_set():
        try:
            waiting.put(item, timeout=LOOK_UP_S)
        except queue.Full:
            continue
        return True
    return False
