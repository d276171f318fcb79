"""A small HTTP client that asks as fast as answers come, so that the server is what is measured."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4


@dataclass(frozen=True)
class Load:
    """What a server did under load."""

    per_s: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Line:
    """A kept connection to a server on loopback, with what a browser would say."""

    port: int
    cookie: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def get(self, path: str) -> bytes:
        """Return the body; raise unless the answer is a success."""
        self.writer.write(f"GET {path} HTTP/1.1\r\n{self._headers()}\r\n".encode())
        return await self._answer()

    async def post(self, path: str, body: object) -> Any:
        """Return the answer's JSON; raise unless it is a success."""
        return json.loads(await self.send(path, json.dumps(body).encode()))

    async def send(self, path: str, content: bytes) -> bytes:
        """POST the content; return the body of the answer."""
        kind = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        once = f"Sec-Fetch-Site: same-origin\r\nIdempotency-Key: {uuid4()}\r\n"
        head = f"POST {path} HTTP/1.1\r\n{self._headers()}{kind}{once}\r\n"
        self.writer.write(head.encode() + content)
        return await self._answer()

    def _headers(self) -> str:
        return f"Host: 127.0.0.1:{self.port}\r\nCookie: {self.cookie}\r\n"

    async def _answer(self) -> bytes:
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        _, _, rest = head.partition(b"content-length:")
        body = await self.reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
        if b" 20" not in head[:20]:
            raise RuntimeError((head + body).decode(errors="replace"))
        return body


@asynccontextmanager
async def open_line(port: int, cookie: str = "") -> AsyncIterator[Line]:
    """Yield a connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    try:
        yield Line(port, cookie, reader, writer)
    finally:
        writer.close()


async def load(
    port: int, path: str, *, cookie: str = "", requests: int = 2000, in_flight: int = 8
) -> Load:
    """GET `path` so many times over kept connections; raise when an answer isn't a success."""

    async def ask(line: Line) -> None:
        await line.get(path)

    return await repeat(ask, port, cookie=cookie, times=requests, in_flight=in_flight)


async def repeat(
    ask: Callable[[Line], Awaitable[None]], port: int, *, cookie: str, times: int, in_flight: int
) -> Load:
    """Do so many times what `ask` does over a connection, on `in_flight` of them at once."""
    taken: list[float] = []
    left: Iterable[int] = iter(range(times))

    async def worker() -> None:
        async with open_line(port, cookie) as line:
            for _ in left:
                began = time.perf_counter()
                await ask(line)
                taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(worker())
    took = time.perf_counter() - began
    taken.sort()
    return Load(
        len(taken) / took, 1000 * taken[len(taken) // 2], 1000 * taken[int(0.99 * len(taken))]
    )
