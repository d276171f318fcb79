"""One MQTT session with a printer: subscribe, ask once for everything, pass on what it says.

QoS 0 only: the printer never acknowledges QoS 1, and a queued message sent again after a
reconnect could start a print twice. [K BBR, BDY#1136]
"""

import asyncio
import json
import secrets
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

import aiomqtt
import structlog

from contracts.sentences import Sentence
from edge.bambu.capture import Recorder
from edge.bambu.messages import (
    MAX_REQUEST_BYTES,
    Json,
    Version,
    get_version,
    message_of,
    parse_message,
    parse_version,
    push_all,
    push_start,
)
from edge.bambu.report import FULL, Stamp, merge, read_echo, read_report
from edge.bambu.watchdog import Watchdog
from edge.printer import Order, PrinterListener, PrinterReport, PrinterUnreachable
from runtime.clock import Clock

log = structlog.get_logger()

USER = "bblp"
CONNECT_TIMEOUT_S = 20.0
KEEPALIVE_S = 20
SUBSCRIBE_TIMEOUT_S = 15.0
SEND_TIMEOUT_S = 5.0
SILENCE_S = 60.0
"""Then the stream of reports counts as stalled. [K PYB watchdog]"""
FULL_REPORT_TIMEOUT_S = 15.0
PUSH_ALL_EVERY_S = 300.0
"""A full report slows the printer: at most one in 5 minutes, and one in doubt. [K OBA]"""
ASK_AGAIN_S = 60.0
"""Until then a full report that was asked for is waited for."""
MAX_QUEUED_MESSAGES = 1000  # a full queue drops the newest; the gap then asks for a full report


def sequence() -> Iterator[str]:
    """Yield sequence ids that no other client is likely to use."""
    return (str(n) for n in count(20_000 + secrets.randbelow(1_000_000_000)))


@dataclass
class Session:
    """What is known since the connection was made."""

    serial: str
    client: aiomqtt.Client
    clock: Clock
    capture: Recorder
    sequence: Iterator[str]
    is_uploading: Callable[[], bool]
    """The printer's MQTT lags during an upload of ours: its silence means nothing. [S BDY]"""
    watchdog: Watchdog = field(default_factory=Watchdog)
    id: str = field(default_factory=lambda: uuid4().hex)
    state: Json = field(default_factory=dict)
    version: Version = field(default_factory=lambda: Version(firmware=None, model=None))
    full_at: float | None = None
    report: PrinterReport | None = None
    asked_full_at: float = float("-inf")
    began_at: float = float("inf")
    """When it was subscribed."""
    _has_asked_again: bool = False
    _full_came: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        """Subscribe to exactly the printer's reports, then ask for version and state.

        Any other subscription makes the printer drop the connection. [K1 ADR2]
        """
        await self.client.subscribe(
            f"device/{self.serial}/report", qos=0, timeout=SUBSCRIBE_TIMEOUT_S
        )
        self.began_at = self.clock.boottime()
        await self.publish(get_version(next(self.sequence)))
        await self.ask_full()

    async def publish(self, message: Json) -> None:
        """Send one message, at most once; raise PrinterUnreachable if it surely was not sent."""
        payload = json.dumps(message).encode()
        if len(payload) > MAX_REQUEST_BYTES:
            raise ValueError("the message is longer than the printer's buffer")
        self.capture.write("request", payload)
        try:
            await self.client.publish(
                f"device/{self.serial}/request", payload, qos=0, timeout=SEND_TIMEOUT_S
            )
        except aiomqtt.MqttCodeError as exc:
            raise PrinterUnreachable(Sentence.NOT_CONNECTED_WHY.say(why=exc)) from exc
        except aiomqtt.MqttError:
            # Handed to the socket, not seen leaving: it may still arrive, so it counts as sent.
            log.warning("message_departure_unseen", serial=self.serial)

    async def order(self, order: Order) -> str:
        """Send an order, at most once, and return its sequence id."""
        sequence_id = next(self.sequence)
        await self.publish(message_of(order, sequence_id))
        self.watchdog.sent(sequence_id, order, self.clock.boottime())
        return sequence_id

    async def ask_full(self) -> None:
        """Ask for a full report."""
        self.asked_full_at = self.clock.boottime()
        await self.publish(push_all(next(self.sequence)))

    async def fresh_report(self, max_age_s: float) -> PrinterReport:
        """Return a report whose full one is no older than `max_age_s`, asking if need be."""
        if self.report is None or self.clock.boottime() - self.report.full_at > max_age_s:
            self._full_came.clear()
            if not self._is_asked():
                await self.ask_full()
            try:
                async with asyncio.timeout(FULL_REPORT_TIMEOUT_S):
                    await self._full_came.wait()
            except TimeoutError:
                raise PrinterUnreachable(
                    Sentence.NO_FULL_REPORT_IN_TIME.say(seconds=f"{FULL_REPORT_TIMEOUT_S:g}")
                ) from None
        if self.report is None:
            raise PrinterUnreachable(Sentence.NO_FULL_REPORT)
        return self.report

    def _is_asked(self) -> bool:
        """Tell whether a full report was asked for lately and hasn't come yet."""
        is_open = self.full_at is None or self.full_at < self.asked_full_at
        return is_open and self.clock.boottime() - self.asked_full_at < ASK_AGAIN_S

    async def listen(self, listener: PrinterListener) -> None:
        """Pass on reports and echoes until the connection ends or stalls.

        Raises aiomqtt.MqttError when it ends, PrinterUnreachable when it stalls or takes no orders.
        """
        messages = aiter(self.client.messages)
        is_doubtful = False
        while True:
            try:
                async with asyncio.timeout(SILENCE_S / 2 if is_doubtful else SILENCE_S):
                    message = await anext(messages)
            except TimeoutError:
                if self.is_uploading():
                    continue
                if is_doubtful:
                    raise PrinterUnreachable(Sentence.STOPPED_REPORTING) from None
                is_doubtful = True
                await self._doubt()
                continue
            is_doubtful = False
            payload = message.payload
            if isinstance(payload, bytes):
                self.take(payload, listener)
            await self._ask_full_if_missing()
            if self.watchdog.may_ask_for_missed(self.clock.boottime()):
                log.info("reports_missed", serial=self.serial)
                await self.ask_full()
            if not self.is_uploading() and self.watchdog.is_half_dead(self.clock.boottime()):
                raise PrinterUnreachable(Sentence.TAKES_NO_ORDERS)

    async def _doubt(self) -> None:
        """Ask a silent printer to go on reporting, and what was missed."""
        await self.publish(push_start(next(self.sequence)))
        if self.watchdog.may_ask_in_doubt(self.clock.boottime()):
            await self.ask_full()

    def take(self, payload: bytes, listener: PrinterListener) -> None:
        """Take one message off the wire; what is no report, echo or version is ignored."""
        self.capture.write("report", payload)
        message = parse_message(payload)
        if message is None:
            log.info("printer_message_unreadable", serial=self.serial, bytes=len(payload))
            return
        for body in message.values():
            if not isinstance(body, dict):
                continue
            if body.get("command") == "push_status":
                self._take_status(body, listener)
            elif body.get("command") == "get_version" and "module" in body:
                self.version = parse_version(body)
                self._tell(listener, is_full=False)
            else:
                self.watchdog.answered(body.get("sequence_id"))
                echo = read_echo(body, self.id)
                if echo is not None:
                    listener.on_echo(echo)

    def _take_status(self, body: Json, listener: PrinterListener) -> None:
        is_full, now_s = body.get("msg") == FULL, self.clock.boottime()
        is_lagging = self.is_uploading()
        self.watchdog.heard(body.get("sequence_id"), now_s, is_full=is_full, is_lagging=is_lagging)
        self.state = merge(self.state, body)
        if is_full:
            self.full_at = now_s
        self._tell(listener, is_full=is_full)
        if is_full:
            self._full_came.set()

    def _tell(self, listener: PrinterListener, *, is_full: bool) -> None:
        if self.full_at is None:
            return  # a delta alone says nothing about the keys that it leaves out
        stamp = Stamp(self.id, self.clock.boottime(), self.full_at, is_full)
        try:
            report = read_report(self.state, stamp, serial=self.serial, version=self.version)
        except ValueError as exc:
            # A reading that nobody thought of must not end the process.
            log.error("printer_report_unreadable", serial=self.serial, error=str(exc)[:300])
            return
        self.report = report
        self.watchdog.reported(report)
        listener.on_report(report)

    async def _ask_full_if_missing(self) -> None:
        """Ask again for a first full report that didn't come: soon once, then rarely."""
        patience_s = PUSH_ALL_EVERY_S if self._has_asked_again else 2 * FULL_REPORT_TIMEOUT_S
        if self.full_at is None and self.clock.boottime() - self.asked_full_at > patience_s:
            self._has_asked_again = True
            await self.ask_full()


def connect(*, host: str, port: int, access_code: str, context: ssl.SSLContext) -> aiomqtt.Client:
    """Return a client for one session; a later session takes a new one, with nothing queued."""
    return aiomqtt.Client(
        host,
        port,
        username=USER,
        password=access_code,
        identifier=f"layerline-{secrets.token_hex(4)}",
        clean_session=True,
        timeout=CONNECT_TIMEOUT_S,
        keepalive=KEEPALIVE_S,
        tls_context=context,
        max_queued_incoming_messages=MAX_QUEUED_MESSAGES,
        max_queued_outgoing_messages=1,
    )
