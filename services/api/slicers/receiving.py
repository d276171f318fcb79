"""How many files may come in through the API at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from starlette.exceptions import HTTPException

MAX_AT_ONCE: Final = 8
"""In one process: each holds one part of its file in memory."""


class Receiving:
    """Who is sending a file right now; one a person."""

    def __init__(self) -> None:
        self._senders: set[UUID] = set()

    @contextmanager
    def turn(self, sender: UUID) -> Iterator[None]:
        """Hold a place while the block runs; raise 429 when there is none."""
        if sender in self._senders or len(self._senders) >= MAX_AT_ONCE:
            raise HTTPException(
                429,
                "Another file is still coming in. Send this one after it.",
                {"Retry-After": "10"},
            )
        self._senders.add(sender)
        try:
            yield
        finally:
            self._senders.discard(sender)
