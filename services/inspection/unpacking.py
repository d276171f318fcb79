"""Inflating entries in bounded pieces: a declared size is a claim of the file, not a fact."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from services.inspection.directory import STORED, Entry
from services.inspection.refusal import REBUILT, Refusal, unreadable

READ_BYTES = 64 * 1024
PIECE_BYTES = 512 * 1024
MAX_INFLATED_BYTES = 1024 * 1024 * 1024
MAX_RATIO = 200
RATIO_FROM_BYTES = 1024 * 1024
_ARCHIVES = (b"PK\x03\x04", b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b\x08", b"\xfd7zXZ", b"BZh9")


class Unpacker:
    """Yields the pieces of entries, and counts over all of them."""

    def __init__(self, file: BinaryIO, *, max_inflated_bytes: int = MAX_INFLATED_BYTES) -> None:
        self._file = file
        self._left = max_inflated_bytes

    def pieces(self, entry: Entry) -> Iterator[bytes]:
        """Yield the entry's bytes in pieces; raise Refusal at the end if it is not as listed."""
        size, crc = 0, 0
        for piece in self._inflated(entry):
            if size == 0 and piece.startswith(_ARCHIVES):
                raise Refusal("nested_archive", f"The file holds another archive. {REBUILT}")
            size += len(piece)
            crc = zlib.crc32(piece, crc)
            self._left -= len(piece)
            if self._left < 0:
                raise Refusal("too_large_inside", "Unpacked, the file is larger than 1 GB.")
            if size > RATIO_FROM_BYTES and size > MAX_RATIO * entry.packed_bytes:
                raise Refusal(
                    "zip_bomb", f"The file unpacks to far more than any print does. {REBUILT}"
                )
            if size > entry.size_bytes:
                raise _wrong_size()
            yield piece
        if size != entry.size_bytes:
            raise _wrong_size()
        if crc != entry.crc:
            raise Refusal(
                "wrong_checksum", "The file is damaged: a checksum is wrong. Export it again."
            )

    def whole(self, entry: Entry, limit: int) -> bytes | None:
        """Return the entry's bytes, or None (having checked it) when they are more."""
        kept, size = [], 0
        for piece in self.pieces(entry):
            size += len(piece)
            if size <= limit:
                kept.append(piece)
            else:
                kept.clear()
        return b"".join(kept) if size <= limit else None

    def _inflated(self, entry: Entry) -> Iterator[bytes]:
        raw = self._packed(entry)
        if entry.method == STORED:
            yield from raw
            return
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for block in raw:
                rest = block
                while rest and not inflater.eof:
                    yield inflater.decompress(rest, PIECE_BYTES)
                    rest = inflater.unconsumed_tail
                if inflater.unused_data or (inflater.eof and rest):
                    raise Refusal("hidden_bytes", f"Something lies behind a part. {REBUILT}")
            while not inflater.eof:
                piece = inflater.decompress(inflater.unconsumed_tail, PIECE_BYTES)
                if not piece:
                    raise unreadable()
                yield piece
        except zlib.error as exc:
            raise Refusal(
                "damaged", "The file is damaged: a part can't be unpacked. Export it again."
            ) from exc

    def _packed(self, entry: Entry) -> Iterator[bytes]:
        at, left = entry.start, entry.packed_bytes
        while left:
            # Other entries may be read between two pieces.
            self._file.seek(at)
            block = self._file.read(min(READ_BYTES, left))
            if not block:
                raise unreadable()
            yield block
            at += len(block)
            left -= len(block)


def _wrong_size() -> Refusal:
    return Refusal("wrong_size", f"A part of the file is not as long as it says. {REBUILT}")
