"""Requirement 64: the camera."""

import asyncio
import io
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from PIL import Image

from edge.simulator.camera import login_packet
from tests.integration.simulator.bench import CODE, SERIAL, Bench
from tests.integration.simulator.conftest import Start


@asynccontextmanager
async def viewer(bench: Bench, *, code: str = CODE) -> AsyncIterator[asyncio.StreamReader]:
    """Log in to the camera."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", bench.ready.camera_port, ssl=bench.tls(), server_hostname=SERIAL
    )
    writer.write(login_packet(code))
    try:
        yield reader
    finally:
        writer.transport.abort()


async def frame(reader: asyncio.StreamReader) -> bytes:
    """Return the next picture."""
    async with asyncio.timeout(10):
        size, zero, one, last = struct.unpack("<IIII", await reader.readexactly(16))
        assert (zero, one, last) == (0, 1, 0)
        return await reader.readexactly(size)


def test_r64_login_packet_layout() -> None:
    packet = login_packet(CODE)
    assert len(packet) == 80
    assert struct.unpack("<IIII", packet[:16]) == (0x40, 0x3000, 0, 0)
    assert packet[16:48].rstrip(b"\0") == b"bblp"
    assert packet[48:].rstrip(b"\0") == CODE.encode()


async def test_r64_pictures_move(bench: Bench) -> None:
    async with viewer(bench) as reader:
        first, second = await frame(reader), await frame(reader)
    for picture in (first, second):
        assert picture[:4] == b"\xff\xd8\xff\xe0"
        assert picture[-2:] == b"\xff\xd9"
        assert 30_000 <= len(picture) <= 100_000
        assert Image.open(io.BytesIO(picture)).size == (1280, 720)
    assert first != second


async def test_r64_rate(start: Start) -> None:
    async with start(scale=1, camera_fps=5) as bench, viewer(bench) as reader:
        clock = asyncio.get_running_loop().time
        await frame(reader)
        before = clock()
        await frame(reader)
        await frame(reader)
        assert clock() - before >= 0.35


async def test_r64_header_is_a_tls_record_of_its_own(bench: Bench) -> None:
    """Clients know a header by a read of 16 bytes: a blocking read gives one record at most."""

    def reads() -> list[int]:
        plain = socket.create_connection(("127.0.0.1", bench.ready.camera_port), timeout=10)
        with bench.tls().wrap_socket(plain) as tls:
            tls.sendall(login_packet(CODE))
            header = tls.recv(65536)
            left = struct.unpack("<I", header[:4])[0]
            sizes = [len(header)]
            while left:
                sizes.append(len(tls.recv(65536)))
                left -= sizes[-1]
            return sizes

    header, *records = await asyncio.to_thread(reads)
    assert header == 16
    assert max(records) == 4096


async def test_r64_wrong_code_is_closed_without_data(bench: Bench) -> None:
    async with viewer(bench, code="00000000") as reader:
        try:
            data = await reader.read()
        except ConnectionError:
            data = b""
    assert data == b""


async def test_r64_second_viewer_starves(bench: Bench) -> None:
    async with viewer(bench) as first:
        await frame(first)
        async with viewer(bench) as second:
            await frame(first)
            await frame(first)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await second.readexactly(1)


async def test_r64_or_takes_over(bench: Bench) -> None:
    await bench.set(camera_second_viewer="takes_over")
    async with viewer(bench) as first:
        await frame(first)
        async with viewer(bench) as second:
            await frame(second)
            with pytest.raises((EOFError, OSError)):
                await _for_ever(first)


async def _for_ever(reader: asyncio.StreamReader) -> None:
    while True:
        await frame(reader)
