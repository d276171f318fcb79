"""The printer's TCP ports: they keep their numbers while the power is off."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable

from edge.simulator.clock import PrinterClock
from edge.simulator.mqtt_packets import BadPacket
from edge.simulator.switches import Switches
from edge.simulator.tls_stream import TLSStream

HANDSHAKE_TIMEOUT_S = 20.0
BACKLOG = 16

Serve = Callable[[TLSStream], Awaitable[None]]


class Port:
    """One port. A second socket, bound and never listening, keeps the number ours."""

    def __init__(self, host: str, number: int) -> None:
        self._keeper = _bound(host, number)
        self._host = host
        self.number = int(self._keeper.getsockname()[1])
        self._server: asyncio.Server | None = None
        self._black_hole: socket.socket | None = None

    async def listen(
        self, on_connect: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]
    ) -> None:
        """Take connections."""
        self.refuse()
        sock = _bound(self._host, self.number)
        self._server = await asyncio.start_server(on_connect, sock=sock, backlog=BACKLOG)

    def refuse(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._black_hole is not None:
            self._black_hole.close()
            self._black_hole = None

    def swallow(self) -> None:
        """Let connections wait for ever."""
        self.refuse()
        self._black_hole = _bound(self._host, self.number)
        self._black_hole.listen(0)

    def close(self) -> None:
        """Give the number back."""
        self.refuse()
        self._keeper.close()


class Wire:
    """All ports and connections of the printer."""

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        context: Callable[[], ssl.SSLContext],
        switches: Callable[[], Switches],
        clock: PrinterClock,
    ) -> None:
        self._tasks, self._context = tasks, context
        self._switches, self._clock = switches, clock
        self._doors: list[tuple[Port, Serve, bool]] = []
        self._streams: dict[TLSStream, asyncio.Task[None]] = {}
        self._dead: list[TLSStream] = []
        self._unreached: list[TLSStream] = []
        self._is_reachable = True

    async def open(self, host: str, number: int, serve: Serve, *, is_private: bool = True) -> int:
        """Listen; return the port's number. Not private: `serve` makes the handshake itself."""
        port = Port(host, number)
        self._doors.append((port, serve, is_private))
        await self._listen(port, serve, is_private=is_private)
        return port.number

    def cut_power(self) -> None:
        """Let every connection die without a word; ports refuse or swallow new ones."""
        for port, _, _ in self._doors:
            if self._switches().power_off_shows == "refused" and self._is_reachable:
                port.refuse()
            else:
                port.swallow()
        self._dead += self._streams
        for stream, task in list(self._streams.items()):
            stream.play_dead()
            task.cancel()

    async def restore(self) -> None:
        """Listen again; connections from before are reset."""
        self._bury()
        if self._is_reachable:
            await self._open_doors()

    def lose_reach(self) -> None:
        """Lose the radio: nothing comes or goes, no connection is told, and new ones wait."""
        self._is_reachable = False
        for port, _, _ in self._doors:
            port.swallow()
        self._unreached = list(self._streams)
        for stream in self._unreached:
            stream.lose_reach()

    async def regain_reach(self, *, is_on: bool) -> None:
        """Have the radio back: connections that both sides kept go on; `is_on`: listen too."""
        self._is_reachable = True
        for stream in self._unreached:
            stream.regain_reach()
        self._unreached.clear()
        if is_on:
            await self._open_doors()

    def close(self) -> None:
        """Stop listening and cut every connection."""
        for stream in self._unreached:
            stream.regain_reach()
        for port, _, _ in self._doors:
            port.close()
        for stream, task in list(self._streams.items()):
            stream.abort()
            task.cancel()
        self._bury()

    async def handshake(self, stream: TLSStream) -> None:
        """Make the handshake as slowly as the printer does."""
        delay_s = self._clock.real_s(self._switches().handshake_delay_s)
        if delay_s > 0:
            await asyncio.sleep(delay_s)
        await stream.handshake(self._context(), HANDSHAKE_TIMEOUT_S)

    async def _open_doors(self) -> None:
        for port, serve, is_private in self._doors:
            await self._listen(port, serve, is_private=is_private)

    def _bury(self) -> None:
        for stream in self._dead:
            stream.bury()
        self._dead.clear()

    async def _listen(self, port: Port, serve: Serve, *, is_private: bool) -> None:
        def on_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            stream = TLSStream(reader, writer)
            task = self._tasks.create_task(self._attend(stream, serve, is_private=is_private))
            self._streams[stream] = task
            task.add_done_callback(lambda _: self._streams.pop(stream, None))

        await port.listen(on_connect)

    async def _attend(self, stream: TLSStream, serve: Serve, *, is_private: bool) -> None:
        try:
            if is_private:
                await self.handshake(stream)
            await serve(stream)
        except (OSError, EOFError, ValueError, BadPacket):
            stream.abort()  # gone, or not worth talking to
        finally:
            stream.close()


def _bound(host: str, number: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, number))
    except OSError as exc:
        sock.close()
        raise OSError(exc.errno, f"port {number} of {host}: {exc.strerror}") from exc
    sock.setblocking(False)
    return sock
