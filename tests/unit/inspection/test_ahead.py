"""Reading ahead: the same pieces, the same errors, and no thread left behind."""

import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import repeat

import pytest

from services.inspection.ahead import MAX_WAITING, read_ahead


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "reader"]


def test_same_pieces_in_order() -> None:
    pieces = [bytes([number]) for number in range(100)]
    assert list(read_ahead(iter(pieces))) == pieces
    assert readers() == []


def test_error_comes_after_the_pieces_before_it() -> None:
    def broken() -> Iterator[bytes]:
        yield b"good"
        raise ValueError("bad")

    ahead = read_ahead(broken())
    assert next(ahead) == b"good"
    with pytest.raises(ValueError, match="bad"):
        next(ahead)
    assert readers() == []


def test_endless_pieces_are_read_no_further_than_wanted() -> None:
    count = 0

    def endless() -> Iterator[bytes]:
        nonlocal count
        for piece in repeat(b"x"):
            count += 1
            yield piece

    with closing(read_ahead(endless())) as ahead:
        assert next(ahead) == b"x"
    assert readers() == []
    assert count <= MAX_WAITING + 3
