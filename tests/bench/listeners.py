"""Many open event streams, and when the last of them has heard something."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CONNECT_AT_ONCE = 20
WITHIN_S = 30.0


@dataclass
class Audience:
    """Streams that are being read, and who has not heard yet."""

    size: int = 0
    _mark: bytes = b"\0"
    _left: int = 0
    _last: float = 0.0
    _all: asyncio.Event = field(default_factory=asyncio.Event)

    async def time_to_last(self, mark: bytes, say: Callable[[], Awaitable[object]]) -> float:
        """Say something with this mark in it; return seconds until the last stream had it."""
        self._mark, self._left = mark, self.size
        self._all.clear()
        began = time.perf_counter()
        await say()
        async with asyncio.timeout(WITHIN_S):
            await self._all.wait()
        return self._last - began

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Read a stream until it ends."""
        while frame := await reader.readuntil(b"\n\n"):
            if self._mark in frame:
                self._left -= 1
                if self._left == 0:
                    self._last = time.perf_counter()
                    self._all.set()


@asynccontextmanager
async def open_audience(port: int, path: str, cookies: Sequence[str]) -> AsyncIterator[Audience]:
    """Yield an audience of a stream for each cookie, all of them greeted."""
    audience, gate = Audience(len(cookies)), asyncio.Semaphore(CONNECT_AT_ONCE)

    async def connect(cookie: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            host = f"Host: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
            writer.write(f"GET {path} HTTP/1.1\r\n{host}\r\n".encode())
            if b" 200 " not in await reader.readuntil(b"\r\n\r\n"):
                raise RuntimeError(f"{path} was not opened")
            await reader.readuntil(b"\n\n")
            return reader, writer

    streams = await asyncio.gather(*(connect(cookie) for cookie in cookies))
    listening = [asyncio.create_task(audience.listen(reader)) for reader, _ in streams]
    try:
        yield audience
    finally:
        for task in listening:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*listening, return_exceptions=True)
        for _, writer in streams:
            writer.close()
