"""A TCP proxy on a link, with everything that can happen to a link."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from enum import StrEnum

CHUNK = 64 * 1024
CLOSED_WITHIN_S = 2.0
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST."""


class Weather(StrEnum):
    """How a link is at the moment."""

    FAIR = "fair"
    FROZEN = "frozen"
    """Half-open: everybody seems connected, nothing moves; what was sent moves on later."""
    DEAD = "dead"
    """As frozen, but the connections of now never come to life again."""
    ONE_WAY_OUT = "one_way_out"
    """Only what the client says gets through."""
    ONE_WAY_IN = "one_way_in"
    """Only what the server says gets through."""
    DOWN = "down"
    """Connections are reset, new ones too."""
    SLOW = "slow"
    """Each piece comes late."""


@dataclass(eq=False)
class _Pipe:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    is_dead: bool = False
    cut_after: int | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def reset(self) -> None:
        """End both sides at once, with RST."""
        for writer in (self.client, self.server):
            raw = writer.get_extra_info("socket")
            if raw is not None:
                with contextlib.suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()


class Link:
    """A port that stands for another one; a link is told its target when that is known."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.weather = Weather.FAIR
        self.delay_s = 0.2
        self.target: tuple[str, int] | None = None
        self.port = 0
        self.carried = 0
        self._server: asyncio.Server | None = None
        self._pipes: set[_Pipe] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        self.set(Weather.DOWN)
        for pipe in list(self._pipes):
            for task in pipe.tasks:
                task.cancel()
        if self._serving:
            await asyncio.wait(self._serving, timeout=CLOSED_WITHIN_S)

    def set(self, weather: Weather) -> None:
        """Change the weather."""
        if weather is Weather.DEAD:
            for pipe in self._pipes:
                pipe.is_dead = True
        self.weather = weather
        if weather is Weather.DOWN:
            self.reset()
        self._changed.set()
        self._changed = asyncio.Event()

    def reset(self) -> None:
        """Cut every connection with RST; new ones are welcome."""
        for pipe in list(self._pipes):
            pipe.reset()

    def cut_in_mid_frame(self) -> None:
        """Cut every connection in the middle of what it carries next."""
        for pipe in self._pipes:
            pipe.cut_after = 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.create_task(self._connect(reader, writer))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = self.target
        if self.weather is Weather.DOWN or target is None:
            _Pipe(writer, writer).reset()
            return
        while self.weather in {Weather.FROZEN, Weather.DEAD}:
            await self._changed.wait()
        try:
            from_server, to_server = await asyncio.open_connection(*target)
        except OSError:
            _Pipe(writer, writer).reset()
            return
        pipe = _Pipe(writer, to_server)
        self._pipes.add(pipe)
        try:
            async with asyncio.TaskGroup() as tasks:
                pipe.tasks = [
                    tasks.create_task(self._carry(pipe, reader, to_server, Weather.ONE_WAY_IN)),
                    tasks.create_task(self._carry(pipe, from_server, writer, Weather.ONE_WAY_OUT)),
                ]
        finally:
            self._pipes.discard(pipe)
            for side in (writer, to_server):
                side.close()

    async def _carry(
        self,
        pipe: _Pipe,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        stopped_by: Weather,
    ) -> None:
        """Carry one direction until either side ends; a half-close is carried too."""
        stops = {Weather.FROZEN, Weather.DEAD, stopped_by}
        try:
            while data := await reader.read(CHUNK):
                while pipe.is_dead or self.weather in stops:
                    await self._changed.wait()
                if self.weather is Weather.SLOW:
                    await asyncio.sleep(self.delay_s)
                if pipe.cut_after is not None:
                    writer.write(data[: max(len(data) // 2, 1)])
                    await writer.drain()
                    pipe.reset()
                    return
                writer.write(data)
                self.carried += len(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except (ConnectionError, OSError):
            pipe.reset()
