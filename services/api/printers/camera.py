"""Pictures of printers' cameras: asked of the node while somebody looks, kept for seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from contracts.telemetry import CAMERA_LEASE_S, MAX_PICTURE_BYTES, CameraLease

log = structlog.get_logger()

FRESH_S = 2.0
"""A picture this old is still shown at once."""
KEPT_S = 30.0
FIRST_WITHIN_S = 10.0
"""The node connects, and the camera sends one each second or two."""
ASK_AGAIN_S = CAMERA_LEASE_S / 4
_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"

Publish = Callable[[str, CameraLease], Awaitable[None]]
"""Tells a node, by its name, that somebody looks; drops it while the broker is away."""


@dataclass
class _View:
    node: str
    picture: bytes = b""
    taken_s: float = float("-inf")
    asked_s: float = float("-inf")
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Cameras:
    """The latest pictures, by printer; a printer that nobody looks at has none."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._views: dict[UUID, _View] = {}

    async def picture(self, node: str, printer_id: UUID) -> bytes | None:
        """Return a JPEG of now, or None when none comes."""
        view = self._views.setdefault(printer_id, _View(node))
        view.node = node
        now_s = time.monotonic()
        if now_s - view.asked_s > ASK_AGAIN_S:
            view.asked_s = now_s
            await self._publish(node, CameraLease(printer_id=printer_id))
        if now_s - view.taken_s > FRESH_S:
            view.news.clear()
            try:
                async with asyncio.timeout(FIRST_WITHIN_S):
                    await view.news.wait()
            except TimeoutError:
                return None
        return view.picture

    def take(self, node: str, printer_id: UUID, picture: bytes) -> None:
        """Take a picture off the broker; what is none, or not asked of the node, is dropped."""
        now_s = time.monotonic()
        view = self._views.get(printer_id)
        is_jpeg = picture.startswith(_JPEG_START) and picture.endswith(_JPEG_END)
        if view is None or view.node != node or not is_jpeg or len(picture) > MAX_PICTURE_BYTES:
            log.debug("picture_dropped", printer_id=printer_id, bytes=len(picture))
            return
        view.picture, view.taken_s = picture, now_s
        view.news.set()
        self._forget(now_s)

    def _forget(self, now_s: float) -> None:
        old = [
            printer_id
            for printer_id, view in self._views.items()
            if now_s - max(view.taken_s, view.asked_s) > KEPT_S
        ]
        for printer_id in old:
            del self._views[printer_id]
