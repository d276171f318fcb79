"""The camera of a P1S: JPEG pictures over TLS on port 6000, for one viewer. [K OBA video.md]

80 bytes of login, then for each picture 16 bytes of header and the picture. A wrong access code
is a connection closed without a word. [S PYB]
"""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncGenerator

from edge.bambu.tls import PrinterTrust
from edge.bambu.tls_stream import TLSStream
from edge.printer import AccessCodeRefused, PrinterUnreachable

CONNECT_TIMEOUT_S = 20.0
PICTURE_TIMEOUT_S = 15.0
"""A P1S sends one each one or two seconds. [K OBA video.md]"""
MAX_PICTURE_BYTES = 1024 * 1024
_USER = b"bblp"
_FIELD_BYTES = 32
_LOGIN = struct.pack("<IIII", 0x40, 0x3000, 0, 0)
_HEADER = struct.Struct("<IIII")
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"


async def pictures(
    host: str, port: int, access_code: str, trust: PrinterTrust
) -> AsyncGenerator[bytes, None]:
    """Yield pictures as they come, until closed.

    Close it properly: a viewer that is only gone keeps others out for minutes. [K BDY#2521]
    Raises PrinterUnreachable, AccessCodeRefused or CertificateMismatch.
    """
    stream = await _connect(host, port, trust)
    try:
        source = _Source(stream)
        await stream.write(_LOGIN + _field(_USER) + _field(access_code.encode()))
        while True:
            yield await source.picture()
    except (OSError, TimeoutError) as exc:
        raise PrinterUnreachable("The camera sends no pictures.") from exc
    finally:
        with contextlib.suppress(OSError):
            await stream.close()


async def _connect(host: str, port: int, trust: PrinterTrust) -> TLSStream:
    context = await trust.context()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port)
            stream = TLSStream(reader, writer, context, None)
            try:
                await stream.handshake()
            except BaseException:
                stream.abort()
                raise
    except ssl.SSLCertVerificationError as exc:
        raise trust.mismatch(exc) from exc
    except (OSError, EOFError, TimeoutError) as exc:
        raise PrinterUnreachable(f"The camera at {host}:{port} does not answer.") from exc
    return stream


class _Source:
    """Pictures out of a stream of bytes."""

    def __init__(self, stream: TLSStream) -> None:
        self._stream = stream
        self._bytes = bytearray()
        self._is_admitted = False

    async def picture(self) -> bytes:
        """Return the next picture; raise PrinterError, OSError or TimeoutError."""
        async with asyncio.timeout(PICTURE_TIMEOUT_S):
            size = int(_HEADER.unpack(await self._take(_HEADER.size))[0])
            if size > MAX_PICTURE_BYTES:
                raise PrinterUnreachable("The camera sends something that is no picture.")
            picture = await self._take(size)
        if not (picture.startswith(_JPEG_START) and picture.endswith(_JPEG_END)):
            raise PrinterUnreachable("The camera sends something that is no picture.")
        return picture

    async def _take(self, count: int) -> bytes:
        while len(self._bytes) < count:
            more = await self._stream.read()
            if not more and not self._is_admitted:
                raise AccessCodeRefused("The camera refuses the access code.")
            if not more:
                raise PrinterUnreachable("The camera has closed the connection.")
            self._is_admitted = True
            self._bytes += more
        taken = bytes(self._bytes[:count])
        del self._bytes[:count]
        return taken


def _field(text: bytes) -> bytes:
    return text[:_FIELD_BYTES].ljust(_FIELD_BYTES, b"\0")
