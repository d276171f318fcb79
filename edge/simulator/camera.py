"""The camera on port 6000: JPEG pictures for one viewer who knows the code.

[K] OBA video.md, PYB, BLA: an 80-byte login, then a 16-byte header as a TLS record of its own
and the picture in records of at most 4096 bytes.
"""

import asyncio
import io
import struct
from collections.abc import Callable

from PIL import Image, ImageDraw

from edge.simulator.clock import PrinterClock
from edge.simulator.commands import Credentials
from edge.simulator.report import Report
from edge.simulator.switches import Switches
from edge.simulator.tls_stream import TLSStream

LOGIN_BYTES, LOGIN_PAYLOAD, LOGIN_TYPE = 80, 0x40, 0x3000
RECORD_BYTES = 4096
LOGIN_WITHIN_S = 15.0
WIDTH, HEIGHT = 1280, 720
MIN_INTERVAL_REAL_S = 0.1
GRAIN_SIGMA = 12.0


def login_packet(access_code: str) -> bytes:
    """Return the 80 bytes that a viewer must send."""
    head = struct.pack("<IIII", LOGIN_PAYLOAD, LOGIN_TYPE, 0, 0)
    return head + b"bblp".ljust(32, b"\0") + access_code.encode().ljust(32, b"\0")


def picture(number: int, percent: int, state: str) -> bytes:
    """Return a test picture (JPEG, 30-100 KB) that moves with its number."""
    grain = Image.effect_noise((WIDTH // 4, HEIGHT // 4), GRAIN_SIGMA).resize((WIDTH, HEIGHT))
    image = Image.merge("RGB", (grain, grain, grain)).point(lambda value: value // 3)
    draw = ImageDraw.Draw(image)
    draw.rectangle((140, 560, WIDTH - 140, 600), fill=(90, 96, 104))
    part_height = 3 * percent
    draw.rectangle((540, 560 - part_height, 740, 560), fill=(242, 117, 78))
    x = 160 + number * 40 % (WIDTH - 320)
    draw.rectangle((x, 60, x + 90, 200), fill=(200, 205, 210))
    draw.polygon(((x + 20, 200), (x + 70, 200), (x + 45, 250)), fill=(230, 160, 60))
    draw.text((20, 20), f"{state} {percent} % #{number}", fill=(255, 255, 255))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def percent_of(report: Report) -> int:
    """Return how far the print is; a replayed capture may not say it."""
    percent = report.get("mc_percent")
    return percent if isinstance(percent, int) else 0


class CameraServer:
    """Shows what happens to one viewer; a second one starves, or takes over."""

    def __init__(
        self,
        credentials: Credentials,
        clock: PrinterClock,
        switches: Callable[[], Switches],
        report: Callable[[], Report],
    ) -> None:
        self._credentials, self._clock = credentials, clock
        self._switches, self._report = switches, report
        self._viewers: list[TLSStream] = []
        self.pictures_sent = 0

    def drop_viewers(self) -> None:
        """Cut every connection."""
        for viewer in list(self._viewers):
            viewer.abort()

    async def serve(self, stream: TLSStream) -> None:
        """Attend one connection; a wrong login is closed without data. [S] PYB"""
        async with asyncio.timeout(LOGIN_WITHIN_S):
            login = await stream.readexactly(LOGIN_BYTES)
        if login != login_packet(self._credentials.access_code):
            return
        if self._viewers and self._switches().camera_second_viewer == "takes_over":
            self.drop_viewers()
        self._viewers.append(stream)
        try:
            await self._show(stream)
        finally:
            self._viewers.remove(stream)

    async def _show(self, stream: TLSStream) -> None:
        number = 0
        while await self._is_watched(stream):
            if self._viewers[0] is not stream:
                continue
            report = self._report()
            frame = await asyncio.to_thread(
                picture, number, percent_of(report), str(report.get("gcode_state", ""))
            )
            stream.write(struct.pack("<IIII", len(frame), 0, 1, 0))
            for start in range(0, len(frame), RECORD_BYTES):
                stream.write(frame[start : start + RECORD_BYTES])
            await stream.drain()
            number += 1
            self.pictures_sent += 1

    async def _is_watched(self, stream: TLSStream) -> bool:
        """Wait for the next picture's time; return whether the viewer is still there."""
        interval_s = max(
            MIN_INTERVAL_REAL_S, self._clock.real_s(1 / max(0.01, self._switches().camera_fps))
        )
        try:
            async with asyncio.timeout(interval_s):
                while await stream.read():
                    pass
        except TimeoutError:
            return True
        return False
