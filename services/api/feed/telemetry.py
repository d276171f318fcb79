"""Telemetry off the broker: handed to the feed, and remembered as a sign of life."""

import asyncio
import contextlib
from datetime import datetime
from typing import Final
from uuid import UUID

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import ValidationError

from contracts.subjects import TELEMETRY_ALL, camera_subject, telemetry_subject
from contracts.telemetry import CameraLease, PrinterTelemetry
from runtime.backoff import backoff
from runtime.clock import Clock
from runtime.nats import connect_nats
from runtime.settings import NatsSettings
from services.api.feed.hub import FeedHub
from services.api.printers.camera import Cameras

log = structlog.get_logger()

MAX_RETRY_S: Final = 5.0
FLUSH_TIMEOUT_S: Final = 1
_CAMERA = "camera"
"""telemetry.<node>.camera.<printer>; telemetry.<node>.<printer> is for the feed."""


class Telemetry:
    """The broker's last-value-wins news, as long as the process lives."""

    def __init__(self, settings: NatsSettings, hub: FeedHub, clock: Clock) -> None:
        self._settings, self._hub, self._clock = settings, hub, clock
        self._client: Client | None = None
        self._heard: dict[UUID, datetime] = {}
        self.cameras = Cameras(self._ask_for_pictures)

    def heard(self, printer_id: UUID) -> datetime | None:
        """Return when the printer was last heard by this process."""
        return self._heard.get(printer_id)

    async def check_broker(self) -> None:
        """Raise unless the broker answers."""
        if self._client is None or not self._client.is_connected:
            raise ConnectionError("not connected")
        await self._client.flush(timeout=FLUSH_TIMEOUT_S)

    async def run(self) -> None:
        """Listen until cancelled; the client reconnects by itself once it was connected."""
        for wait_s in backoff(initial_s=0.2, max_s=MAX_RETRY_S):
            try:
                self._client = await connect_nats(
                    self._settings.nats_url, self._settings.nats_creds, name="api"
                )
                break
            except (nats.errors.Error, OSError, TimeoutError) as exc:
                log.warning("broker_unreachable", error=f"{type(exc).__name__}: {exc}")
            await asyncio.sleep(wait_s)
        if self._client is None:
            return
        try:
            await self._client.subscribe(TELEMETRY_ALL, cb=self._take)
            await asyncio.Event().wait()
        finally:
            await self._client.close()

    async def _take(self, message: Msg) -> None:
        match message.subject.split("."):
            case [_, node, kind, printer] if kind == _CAMERA:
                self._take_picture(node, printer, message.data)
            case [_, _, _]:
                self._take_news(message)

    def _take_picture(self, node: str, printer: str, picture: bytes) -> None:
        with contextlib.suppress(ValueError):
            self.cameras.take(node, UUID(printer), picture)

    async def _ask_for_pictures(self, node: str, lease: CameraLease) -> None:
        if self._client is None or not self._client.is_connected:
            return
        try:
            await self._client.publish(camera_subject(node), lease.model_dump_json().encode())
        except nats.errors.Error as exc:
            log.info("camera_lease_dropped", node=node, reason=type(exc).__name__)

    def _take_news(self, message: Msg) -> None:
        try:
            news = PrinterTelemetry.model_validate_json(message.data)
        except ValidationError:
            log.debug("telemetry_unreadable", subject=message.subject)
            return
        if message.subject != telemetry_subject(news.node, news.printer_id):
            log.warning("telemetry_misaddressed", subject=message.subject)
            return
        self._heard[news.printer_id] = self._clock.now()
        self._hub.hint(f"event: telemetry\ndata: {news.model_dump_json()}\n\n".encode())
