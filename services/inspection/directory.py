"""The list of entries at the end of a .3mf, read strictly: one way to read it, or none.

Printers and libraries differ in what they take of an odd zip: a file that two readers
understand differently could be approved as one thing and printed as another.
"""

import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from services.inspection.refusal import REBUILT, Refusal, unreadable

MAX_FILE_BYTES = 100 * 1024 * 1024
MAX_ENTRIES = 1_000
MAX_NAME_BYTES = 255
STORED, DEFLATED = 0, 8
_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
_END, _END64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_HAS_DESCRIPTOR = 0x0008
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ZIP64_EXTRA, _NAME_EXTRA = 0x0001, 0x7075
_DESCRIPTOR_SIZES = (12, 16, 20, 24)
_REGULAR, _FOLDER, _LINK = 0o100000, 0o040000, 0o120000


@dataclass(frozen=True)
class Entry:
    """One entry of the archive; `start` is where its compressed bytes begin."""

    name: str
    method: int
    crc: int
    packed_bytes: int
    size_bytes: int
    start: int


@dataclass(frozen=True)
class _Listed:
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    mode: int
    extra: bytes


def read_directory(file: BinaryIO) -> tuple[Entry, ...]:
    """Return the archive's entries in the order of their bytes; raise Refusal if it is odd."""
    length = file.seek(0, 2)
    if length > MAX_FILE_BYTES:
        raise Refusal("too_large", "The file is larger than 100 MB. Export a single plate.")
    try:
        count, start, size = _end_record(file, length)
        if count > MAX_ENTRIES:
            raise Refusal("too_many_entries", f"The file has {count} parts. {REBUILT}")
        file.seek(start)
        listed = list(_central(file.read(size), count))
        listed.sort(key=lambda entry: entry.offset)
        names = [_checked_name(entry) for entry in listed]
        _must_differ(names)
        return tuple(_entries(file, listed, names, start))
    except (struct.error, IndexError) as exc:
        raise unreadable() from exc


def _end_record(file: BinaryIO, length: int) -> tuple[int, int, int]:
    """Return the number of entries, where their list starts, and its size."""
    if length < 22:
        raise unreadable()
    file.seek(length - 22)
    tail = file.read(22)
    if tail[:4] != _END or tail[20:22] != b"\0\0":
        raise _trailing(file, length)
    disk, first, here, count, size, start, _ = struct.unpack("<HHHHIIH", tail[4:])
    end = length - 22
    if length >= 42:
        file.seek(length - 42)
        locator = file.read(20)
        if locator[:4] == _LOCATOR:
            end, count, size, start = _end_record64(file, locator, (count, size, start))
            here = count
    if disk or first or here != count or start + size != end:
        raise _prefixed(start, size, end)
    return count, start, size


def _end_record64(
    file: BinaryIO, locator: bytes, short: tuple[int, int, int]
) -> tuple[int, int, int, int]:
    _, at, _ = struct.unpack("<IQI", locator[4:])
    if at > MAX_FILE_BYTES:
        raise unreadable()
    file.seek(at)
    record = file.read(56)
    if record[:4] != _END64:
        raise unreadable()
    count, size, start = struct.unpack("<QQQ", record[32:56])
    for value, brief, full in zip(
        (count, size, start), short, (_FULL16, _FULL32, _FULL32), strict=True
    ):
        if brief not in (full, value):
            raise Refusal("ambiguous_zip", f"The file has two different lists of parts. {REBUILT}")
    return at, count, size, start


def _trailing(file: BinaryIO, length: int) -> Refusal:
    file.seek(max(0, length - 66_000))
    if _END in file.read():
        return Refusal("hidden_bytes", f"Something is appended to the file. {REBUILT}")
    return unreadable()


def _prefixed(start: int, size: int, end: int) -> Refusal:
    if start + size < end:
        return Refusal("hidden_bytes", f"Something is put before the file's parts. {REBUILT}")
    return unreadable()


def _central(block: bytes, count: int) -> Iterator[_Listed]:
    at = 0
    for _ in range(count):
        if block[at : at + 4] != _CENTRAL:
            raise unreadable()
        fields = struct.unpack_from("<HHHHHHIIIHHHHHII", block, at + 4)
        flags, method, crc, packed, size = fields[2], fields[3], *fields[6:9]
        name_len, extra_len, comment_len = fields[9:12]
        name = block[at + 46 : at + 46 + name_len]
        extra = block[at + 46 + name_len : at + 46 + name_len + extra_len]
        offset = fields[15]
        packed, size, offset = _wide(extra, (packed, size, offset))
        yield _Listed(name, flags, method, crc, packed, size, offset, fields[14] >> 16, extra)
        at += 46 + name_len + extra_len + comment_len
    if at != len(block):
        raise Refusal("hidden_bytes", f"The file's list of parts is longer than it says. {REBUILT}")


def _wide(extra: bytes, values: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return packed size, size and offset, from the wide field where they don't fit."""
    if _FULL32 not in values:
        return values
    wide = dict(_extras(extra)).get(_ZIP64_EXTRA, b"")
    numbers = iter(struct.unpack(f"<{len(wide) // 8}Q", wide[: len(wide) // 8 * 8]))
    size, packed, offset = (
        next(numbers, value) if value == _FULL32 else value
        for value in (values[1], values[0], values[2])
    )
    return packed, size, offset


def _extras(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length


def _checked_name(entry: _Listed) -> str:
    _must_be_plain(entry)
    try:
        name = entry.name.decode()
    except UnicodeDecodeError:
        raise _odd_name(repr(entry.name[:40])) from None
    second = dict(_extras(entry.extra)).get(_NAME_EXTRA)
    if second is not None and second[5:] != entry.name:
        raise _odd_name(name)
    parts = name.removesuffix("/").split("/")
    if len(entry.name) > MAX_NAME_BYTES or {"", ".", ".."} & set(parts):
        raise _odd_name(name)
    if any(sign in name for sign in '\\:*?"<>|') or not name.isprintable():
        raise _odd_name(name)
    return name


def _odd_name(name: str) -> Refusal:
    shown = "".join(sign if sign.isprintable() else "?" for sign in name[:40])
    return Refusal("odd_name", f"A part of the file has the odd name {shown!r}. {REBUILT}")


def _must_be_plain(entry: _Listed) -> None:
    if entry.flags & _ENCRYPTED:
        raise Refusal("encrypted", "The file is protected by a password. Export it without one.")
    if entry.method not in (STORED, DEFLATED):
        raise Refusal(
            "unsupported_compression", f"The file is packed in a way that printers can't. {REBUILT}"
        )
    kind = entry.mode & 0o170000
    if kind == _LINK:
        raise Refusal("symlink", f"The file holds a link to another file. {REBUILT}")
    if kind not in (0, _REGULAR, _FOLDER):
        raise Refusal("special_file", f"The file holds something that is no file. {REBUILT}")


def _must_differ(names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        key = unicodedata.normalize("NFC", name.removesuffix("/")).casefold()
        if key in seen:
            raise Refusal(
                "duplicate_entries", f"Two parts of the file have the name {name[:40]!r}. {REBUILT}"
            )
        seen.add(key)


def _entries(file: BinaryIO, listed: list[_Listed], names: list[str], end: int) -> Iterator[Entry]:
    """Yield the entries; their bytes must lie one behind the other without a gap."""
    expected = 0
    for number, (entry, name) in enumerate(zip(listed, names, strict=True)):
        if entry.offset < expected:
            raise Refusal("overlap", f"Parts of the file overlap. {REBUILT}")
        if entry.offset > expected:
            raise Refusal("hidden_bytes", f"Something lies between the file's parts. {REBUILT}")
        start = _local(file, entry)
        stop = start + entry.packed
        following = listed[number + 1].offset if number + 1 < len(listed) else end
        if stop > following:
            raise Refusal("overlap", f"Parts of the file overlap. {REBUILT}")
        gap = following - stop
        has_descriptor = entry.flags & _HAS_DESCRIPTOR and gap in _DESCRIPTOR_SIZES
        if gap and not has_descriptor:
            raise Refusal("hidden_bytes", f"Something lies between the file's parts. {REBUILT}")
        expected = following
        yield Entry(name, entry.method, entry.crc, entry.packed, entry.size, start)


def _local(file: BinaryIO, entry: _Listed) -> int:
    """Return where the entry's bytes start; its own header must agree with the list."""
    file.seek(entry.offset)
    header = file.read(30)
    if header[:4] != _LOCAL:
        raise unreadable()
    flags, method = struct.unpack_from("<HH", header, 6)
    crc, packed, size, name_len, extra_len = struct.unpack_from("<IIIHH", header, 14)
    name, extra = file.read(name_len), file.read(extra_len)
    packed, size, _ = _wide(extra, (packed, size, 0))
    told = [(name, entry.name), (method, entry.method), (flags & _ENCRYPTED, 0)]
    if not entry.flags & _HAS_DESCRIPTOR or (crc, packed, size) != (0, 0, 0):
        told += [(crc, entry.crc), (packed, entry.packed), (size, entry.size)]
    wide_later = entry.flags & _HAS_DESCRIPTOR and _FULL32 in (packed, size)
    if any(one != other for one, other in told) and not wide_later:
        raise Refusal("ambiguous_zip", f"The file says two things about one part. {REBUILT}")
    if name != entry.name:
        raise Refusal("ambiguous_zip", f"The file says two things about one part. {REBUILT}")
    return entry.offset + 30 + len(name) + len(extra)
