"""TLS over a plain stream, with the liberties that the printer takes.

It says close_notify only when told to, it sends each write as records of its own, and it can
tell a client's close_notify from a bare end of the connection. asyncio's own TLS does none of
the three.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Literal

READ_BYTES = 64 * 1024
WRITE_TIMEOUT_S = 60.0
_RESET = struct.pack("ii", 1, 0)

Ending = Literal["open", "close_notify", "fin"]


class TLSStream:
    """The server's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self._buffer = bytearray()
        self._is_dead = False
        self._reach = asyncio.Event()
        self._reach.set()
        self._ends_by: Callable[[], None] | None = None
        self.ending: Ending = "open"

    @property
    def is_session_reused(self) -> bool:
        """Whether the client resumed an earlier TLS session."""
        return bool(self._tls is not None and self._tls.session_reused)

    @property
    def unsent_bytes(self) -> int:
        """How much waits to be sent."""
        return self._writer.transport.get_write_buffer_size()

    async def handshake(self, context: ssl.SSLContext, timeout_s: float) -> None:
        """Become private; raise OSError (SSLError, TimeoutError) if that fails."""
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    await self._flush()
                    await self._feed()
                except ssl.SSLError:
                    await self._flush()  # the alert that says why
                    raise
                if self.ending != "open":
                    raise ConnectionResetError("gone during the handshake")
            await self._flush()
        self._tls = tls

    async def read(self) -> bytes:
        """Return what the client sent next, empty at the end; `ending` then says which."""
        tls = self._session()
        while self.ending == "open":
            try:
                data = tls.read(READ_BYTES)
            except ssl.SSLWantReadError:
                await self._feed()
                continue
            if data:
                return data
            self.ending = "close_notify"
        return b""

    async def readexactly(self, count: int) -> bytes:
        """Return this many bytes; raise IncompleteReadError at the end."""
        while len(self._buffer) < count:
            data = await self.read()
            if not data:
                raise asyncio.IncompleteReadError(bytes(self._buffer), count)
            self._buffer += data
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    async def readline(self, limit: int) -> bytes:
        """Return a line with its end, or what there was at the end; ValueError if too long."""
        while (at := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > limit:
                raise ValueError("line too long")
            data = await self.read()
            if not data:
                at = len(self._buffer) - 1
                break
            self._buffer += data
        line = bytes(self._buffer[: at + 1])
        del self._buffer[: at + 1]
        return line

    def write(self, data: bytes) -> None:
        """Send in records of its own, without waiting."""
        if self._is_dead or self._writer.is_closing():
            return
        self._session().write(data)
        if self._reach.is_set():
            self._writer.write(self._outgoing.read())

    async def drain(self) -> None:
        """Wait until the client takes more."""
        if not self._is_dead and self._reach.is_set():
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                await self._writer.drain()

    def say_end(self) -> None:
        """Send close_notify; the client's own is not waited for."""
        if self._is_dead or self._tls is None or self._writer.is_closing():
            return
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        if self._reach.is_set():
            self._writer.write(self._outgoing.read())

    def close(self) -> None:
        """End the connection after what was written: FIN, and no close_notify. [K]"""
        if not self._reach.is_set():
            self._ends_by = self.close
        elif not self._is_dead:
            self._writer.close()

    def abort(self) -> None:
        """Cut the connection: RST."""
        if self._is_dead:
            return
        if not self._reach.is_set():
            self._ends_by = self.abort
            return
        sock = self._writer.get_extra_info("socket")
        if sock is not None and not self._writer.is_closing():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._writer.transport.abort()

    def play_dead(self) -> None:
        """Neither write nor close any more, as when the power goes."""
        self._is_dead = True

    def lose_reach(self) -> None:
        """Hear nothing and get nothing through, as when the radio is gone: nobody is told."""
        self._reach.clear()

    def regain_reach(self) -> None:
        """Hear and say what has waited, if the other side is still there."""
        self._reach.set()
        if self._ends_by is not None:
            self._ends_by()
        elif self._outgoing.pending and not self._is_dead and not self._writer.is_closing():
            self._writer.write(self._outgoing.read())

    def bury(self) -> None:
        """Cut a dead connection."""
        self._is_dead = False
        self._reach.set()
        self.abort()

    def _session(self) -> ssl.SSLObject:
        if self._tls is None:
            raise ConnectionError("no handshake yet")
        return self._tls

    async def _feed(self) -> None:
        data = await self._reader.read(READ_BYTES)
        await self._reach.wait()
        if data:
            self._incoming.write(data)
        else:
            self.ending = "fin"

    async def _flush(self) -> None:
        if self._outgoing.pending and not self._is_dead and self._reach.is_set():
            self._writer.write(self._outgoing.read())
            await self._writer.drain()
