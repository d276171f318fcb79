"""A program that comes in pieces of any size, told as pieces of whole lines; pure."""

import re
from collections.abc import Iterable, Iterator

import numpy as np

from services.inspection.lines import Lines, split
from services.inspection.refusal import Refusal

PIECE_BYTES = 512 * 1024
MAX_COMMENT_BYTES = 512 * 1024
HEAD_BYTES = 256 * 1024
_TEXT_BYTES = bytes([9, 10, 13, *range(32, 127), *range(128, 256)])
_ODD_START = np.zeros(256, dtype=np.bool_)
_ODD_START[[ord(sign) for sign in " \tabcdefghijklmnopqrstuvwxyzN"]] = True
_PREFIX = re.compile(rb"^(?:[ \t]+|[Nn]\d+[ \t]*)+", re.MULTILINE)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class LineReader:
    """Iterate once; raises Refusal where the program is no text that printers read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._head = bytearray()
        self._is_first = True

    @property
    def head(self) -> str:
        """Return the program's beginning, as far as it has been read."""
        return self._head.decode(errors="replace")

    def __iter__(self) -> Iterator[Lines]:
        rest, waiting, size = b"", [], 0
        for piece in self._pieces:
            if len(self._head) < HEAD_BYTES:
                self._head += piece[: HEAD_BYTES - len(self._head)]
            waiting.append(piece)
            size += len(piece)
            if size >= PIECE_BYTES:
                data = b"".join([rest, *waiting])
                cut = data.rfind(b"\n") + 1
                rest, waiting, size = data[cut:], [], 0
                yield from self._cut(data, cut)
                _must_end(rest)
        data = b"".join([rest, *waiting])
        cut = data.rfind(b"\n") + 1
        yield from self._cut(data, cut)
        _must_end(data[cut:])
        if data[cut:]:
            yield self._read(data[cut:] + b"\n")

    def _cut(self, data: bytes, end: int) -> Iterator[Lines]:
        """Yield what goes up to `end`, in pieces of whole lines."""
        start = 0
        while start < end:
            stop = (
                end if end - start <= PIECE_BYTES else data.rfind(b"\n", start, start + PIECE_BYTES)
            )
            stop = data.find(b"\n", start) + 1 if stop < 0 else stop + (stop < end)
            yield self._read(data[start:stop])
            start = stop

    def _read(self, text: bytes) -> Lines:
        if text.translate(None, _TEXT_BYTES):
            raise Refusal("binary_program", "The program is no text. Export it as plain G-code.")
        if b"\r" in text and text.count(b"\r") != text.count(b"\r\n"):
            raise Refusal(
                "odd_line_ends", "The program's lines end in an odd way. Export it again."
            )
        if self._is_first and text.startswith(_BYTE_ORDER_MARK):
            raise Refusal("byte_order_mark", "The program begins with a mark that printers can't.")
        self._is_first = False
        lines = split(text)
        return split(_plain(text)) if _ODD_START[lines.codes[lines.starts]].any() else lines


def _must_end(rest: bytes) -> None:
    if len(rest) > MAX_COMMENT_BYTES:
        raise Refusal("endless_line", "The program has a line without an end.")


def _plain(text: bytes) -> bytes:
    """Return the text without line numbers and indents, in capitals where it has small commands."""
    if re.search(rb"^[ \t]*[gmtn]\d", text, re.MULTILINE):
        text = text.upper()
    return _PREFIX.sub(b"", text)
