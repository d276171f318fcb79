"""Hearing a printer out: everything it said, and waiting for something in particular."""

import asyncio
from collections import deque
from collections.abc import Callable

import aiomqtt

from edge.bambu.capture import Direction
from edge.bambu.messages import Json, parse_message
from edge.bambu.session import Session
from edge.printer import Echo, PrinterError, PrinterReport

MAX_KEPT = 500


class Ear:
    """Takes what a session records and reports; keeps it in memory."""

    def __init__(self) -> None:
        self.report: PrinterReport | None = None
        self.is_over = False
        """The printer ended the connection."""
        self._bodies: deque[Json] = deque(maxlen=MAX_KEPT)
        self._news = asyncio.Event()

    def write(self, direction: Direction, payload: bytes) -> None:
        """Take one message as it stood on the wire."""
        message = parse_message(payload) if direction == "report" else None
        for body in (message or {}).values():
            if isinstance(body, dict):
                self._bodies.append(body)
        self._news.set()

    def on_report(self, report: PrinterReport) -> None:
        """Take the merged state."""
        self.report = report
        self._news.set()

    def on_echo(self, echo: Echo) -> None:
        """Echoes are read off the wire: some lack what makes them one."""

    def on_offline(self, error: PrinterError) -> None:
        """The end shows itself in `follow`."""

    def answer_to(self, sequence_id: str) -> Json | None:
        """Return what the printer answered to a message of ours."""
        return next(
            (body for body in self._bodies if str(body.get("sequence_id")) == sequence_id), None
        )

    async def follow(self, session: Session) -> None:
        """Listen until the connection ends."""
        try:
            async for message in session.client.messages:
                if isinstance(message.payload, bytes):
                    session.take(message.payload, self)
                    self._news.set()
        except aiomqtt.MqttError:
            self.is_over = True
            self._news.set()

    async def hears(self, probe: Callable[[], bool], *, within_s: float) -> bool:
        """Wait until `probe` holds; False when time or the connection is over first."""
        try:
            async with asyncio.timeout(within_s):
                while not probe():
                    if self.is_over:
                        return False
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return probe()
        return True
