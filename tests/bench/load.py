"""A small HTTP client that asks as fast as answers come, so that the server is what is measured."""

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What a server did under load."""

    per_s: float
    p99_ms: float


async def load(
    port: int, path: str, *, cookie: str = "", requests: int = 2000, in_flight: int = 8
) -> Load:
    """GET `path` so many times over kept connections; raise when an answer isn't 200."""
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n".encode()
    times: list[float] = []
    left = requests

    async def worker() -> None:
        nonlocal left
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
        try:
            while left > 0:
                left -= 1
                began = time.perf_counter()
                writer.write(head)
                await _answer(reader)
                times.append(time.perf_counter() - began)
        finally:
            writer.close()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(worker())
    took = time.perf_counter() - began
    times.sort()
    return Load(len(times) / took, 1000 * times[int(0.99 * len(times))])


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b" 200 " not in head[:20]:
        raise RuntimeError(head.decode(errors="replace"))
    _, _, rest = head.partition(b"content-length:")
    await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
