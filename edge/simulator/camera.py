"""The camera on port 6000: JPEG frames for one viewer who knows the code.

[K] OBA video.md, PYB, BLA: an 80-byte login, then a 16-byte header as a TLS record of its own
and the picture in records of at most 4096 bytes.
"""

import asyncio
import io
import ssl
import struct
import time

from PIL import Image, ImageDraw

LOGIN_BYTES = 80
RECORD_BYTES = 4096
FRAME_EVERY_S = 1.2
LOGIN_WITHIN_S = 10.0
WIDTH, HEIGHT = 1280, 720


def frame(number: int) -> bytes:
    """Return a test picture that moves with its number."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (38, 42, 48))
    draw = ImageDraw.Draw(image)
    draw.rectangle((140, 560, WIDTH - 140, 600), fill=(90, 96, 104))
    x = 160 + number * 40 % (WIDTH - 320)
    draw.rectangle((x, 120, x + 90, 300), fill=(200, 205, 210))
    draw.polygon(((x + 20, 300), (x + 70, 300), (x + 45, 350)), fill=(230, 160, 60))
    height = 40 + number * 3 % 180
    draw.rectangle((540, 560 - height, 740, 560), fill=(242, 117, 78))
    draw.text((20, 20), time.strftime("%H:%M:%S"), fill=(255, 255, 255))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


class CameraServer:
    """Serves one viewer at a time."""

    def __init__(self, access_code: str) -> None:
        self._login = b"bblp".ljust(32, b"\0") + access_code.encode().ljust(32, b"\0")
        self._server: asyncio.Server | None = None
        self._viewer: asyncio.StreamWriter | None = None

    async def start(self, host: str, port: int, context: ssl.SSLContext) -> int:
        """Listen; return the port."""
        self._server = await asyncio.start_server(self._serve, host, port, ssl=context)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and drop the viewer."""
        if self._server is not None:
            self._server.close()
        if self._viewer is not None:
            self._viewer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(LOGIN_WITHIN_S):
                login = await reader.readexactly(LOGIN_BYTES)
            if login[16:] != self._login or self._viewer is not None:
                return
            self._viewer = writer
            number = 0
            while True:
                await self._send(writer, await asyncio.to_thread(frame, number))
                number += 1
                await asyncio.sleep(FRAME_EVERY_S)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            if self._viewer is writer:
                self._viewer = None
            writer.transport.abort()

    async def _send(self, writer: asyncio.StreamWriter, picture: bytes) -> None:
        writer.write(struct.pack("<IIII", len(picture), 0, 1, 0))
        await writer.drain()
        for start in range(0, len(picture), RECORD_BYTES):
            writer.write(picture[start : start + RECORD_BYTES])
            await writer.drain()
