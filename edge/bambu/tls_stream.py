"""A TLS client over plain asyncio streams, for FTPS data connections.

asyncio's own TLS can neither offer a session for reuse nor send its closing alert without
waiting for the other side's, which the printer never sends. [K]
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

_CHUNK = 64 * 1024


class TLSStream:
    """Bytes over TLS; raises ssl.SSLError, OSError or EOFError."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        context: ssl.SSLContext,
        session: ssl.SSLSession | None,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, session=session)

    async def handshake(self) -> None:
        """Agree on keys, offering the session; the peer is verified by the context."""
        await self._drive(self._tls.do_handshake)

    @property
    def peer_port(self) -> int | None:
        """Return the port at the other end; None if it is gone."""
        name = self._writer.get_extra_info("peername")
        return int(name[1]) if name else None

    @property
    def is_session_reused(self) -> bool:
        """Tell whether the server took the offered session."""
        return bool(self._tls.session_reused)

    async def write(self, data: bytes) -> None:
        """Send `data`; returns when the transport's buffer has room again."""
        self._tls.write(data)
        await self._flush()

    async def read(self) -> bytes:
        """Return some bytes, b"" at the end; an end without a closing alert is an end too. [K1]"""
        while True:
            try:
                return self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._receive():
                    return b""
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def close(self) -> None:
        """Send the closing alert, then FIN, waiting for nothing from the peer."""
        # It wants the peer's alert, or the connection is broken: ours is queued in any case.
        with suppress(ssl.SSLError):
            self._tls.unwrap()
        try:
            await self._flush()
        finally:
            self._writer.close()

    def abort(self) -> None:
        """Drop the connection and what is still in its buffer."""
        self._writer.transport.abort()

    async def _drive(self, act: Callable[[], None]) -> None:
        while True:
            try:
                act()
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._receive():
                    raise EOFError("connection closed in the TLS handshake") from None
            else:
                await self._flush()
                return

    async def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            self._writer.write(data)
            await self._writer.drain()

    async def _receive(self) -> bool:
        data = await self._reader.read(_CHUNK)
        if not data:
            self._incoming.write_eof()
            return False
        self._incoming.write(data)
        return True


Handler = Callable[[TLSStream], Awaitable[None]]
"""What is done with a data connection."""
