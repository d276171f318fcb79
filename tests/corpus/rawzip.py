"""Zips written byte by byte: what zip libraries refuse to write, hostile senders write."""

import struct
import zlib
from dataclasses import dataclass, replace

STORED, DEFLATED = 0, 8


@dataclass(frozen=True)
class Part:
    """An entry; what is None follows from the content."""

    name: bytes
    content: bytes
    method: int = DEFLATED
    flags: int = 0
    mode: int = 0o100644
    crc: int | None = None
    size: int | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    packed: bytes | None = None
    behind: bytes = b""
    offset: int | None = None


def parts_of(members: dict[str, bytes]) -> list[Part]:
    """Return plain parts."""
    return [Part(name.encode(), content) for name, content in members.items()]


def changed(parts: list[Part], name: str, **changes: object) -> list[Part]:
    """Return the parts with one of them changed."""
    return [
        replace(part, **changes) if part.name == name.encode() else part  # type: ignore[arg-type]
        for part in parts
    ]


def write(
    parts: list[Part], *, before: bytes = b"", after: bytes = b"", comment: bytes = b""
) -> bytes:
    """Return the archive."""
    body, central = bytearray(before), bytearray()
    for part in parts:
        packed = _packed(part)
        crc = zlib.crc32(part.content) if part.crc is None else part.crc
        size = len(part.content) if part.size is None else part.size
        offset = len(body) if part.offset is None else part.offset
        local_name = part.name if part.local_name is None else part.local_name
        local_size = size if part.local_size is None else part.local_size
        common = struct.pack("<HHHHH", 20, part.flags, part.method, 0, 0x5C21)
        body += b"PK\x03\x04" + common
        body += struct.pack("<IIIHH", crc, len(packed), local_size, len(local_name), 0)
        body += local_name + packed + part.behind
        central += b"PK\x01\x02" + struct.pack("<H", 0x0314) + common
        central += struct.pack("<IIIHHHHH", crc, len(packed), size, len(part.name), 0, 0, 0, 0)
        central += struct.pack("<II", part.mode << 16, offset) + part.name
    start = len(body)
    end = struct.pack("<HHHHIIH", 0, 0, len(parts), len(parts), len(central), start, len(comment))
    return bytes(body + central + b"PK\x05\x06" + end + comment + after)


def _packed(part: Part) -> bytes:
    if part.packed is not None:
        return part.packed
    if part.method != DEFLATED:
        return part.content
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(part.content) + packer.flush()
