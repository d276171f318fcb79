"""Pictures for those who watch: one connection to a printer's camera, while a lease lasts."""

import asyncio
from contextlib import aclosing

import structlog

from contracts.telemetry import CAMERA_LEASE_S, MAX_PICTURE_BYTES
from edge.printer import PrinterError
from edge.tools import Tools
from runtime.backoff import backoff

log = structlog.get_logger()

PICTURE_EVERY_S = 1.0
RETRY_INITIAL_S = 1.0
RETRY_MAX_S = 15.0


class CameraWorker:
    """Shows what one printer's camera sees, however many watch."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._until_s = float("-inf")
        self._wanted = asyncio.Event()

    def watch(self) -> None:
        """Show pictures for as long as a lease lasts from now on."""
        self._until_s = self._tools.clock.boottime() + CAMERA_LEASE_S
        self._wanted.set()

    async def run(self) -> None:
        """Show for ever to who asks."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
            while self._is_watched():
                try:
                    await self._show()
                except PrinterError as exc:
                    log.info("camera_away", reason=str(exc))
                    await asyncio.sleep(next(waits))

    def _is_watched(self) -> bool:
        return self._tools.clock.boottime() < self._until_s

    async def _show(self) -> None:
        """Pass pictures on, at most one a second, until nobody watches."""
        shown_s = float("-inf")
        async with aclosing(self._tools.printer.pictures()) as pictures:
            async for picture in pictures:
                if not self._is_watched():
                    return
                now_s = self._tools.clock.boottime()
                if now_s - shown_s < PICTURE_EVERY_S or len(picture) > MAX_PICTURE_BYTES:
                    continue
                shown_s = now_s
                await self._tools.dispatch.show(self._tools.printer_id, picture)
