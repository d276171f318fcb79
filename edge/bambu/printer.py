"""A Bambu Lab printer of the ESP32 family (P1S) behind the port edge.printer."""

import asyncio
import random
import ssl
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import structlog
from aiomqtt.exceptions import MqttConnectError

from contracts.sentences import Sentence
from edge.bambu.camera import pictures
from edge.bambu.capture import Capture
from edge.bambu.ftps import PrinterFTPS
from edge.bambu.session import Session, connect, sequence
from edge.bambu.tls import PrinterTrust
from edge.bambu.watchdog import DOUBT_EVERY_S, STEADY_S, Watchdog
from edge.printer import (
    AccessCodeRefused,
    CertificateMismatch,
    Order,
    PrinterError,
    PrinterListener,
    PrinterReport,
    PrinterUnreachable,
)
from runtime.backoff import backoff
from runtime.clock import Clock

log = structlog.get_logger()

RECONNECT_INITIAL_S = 1.0
RECONNECT_MAX_S = 60.0
"""Some 40 quick reconnects took an A1 off the network. [K1]"""
PERSON_NEEDED_S = 300.0
"""Between tries when only a person can help: wrong access code, wrong certificate."""
_WRONG_CODE = frozenset({4, 5, 134, 135})
"""Bad credentials and not authorised; sources differ on which a P1S says. [U]"""


@dataclass(frozen=True)
class Address:
    """Where a printer is, and its secret."""

    name: str
    serial: str
    host: str
    access_code: str
    mqtt_port: int
    ftps_port: int
    camera_port: int
    ca_file: Path | None


class BambuPrinter:
    """One printer: an MQTT session that comes back, FTPS sessions when needed."""

    def __init__(
        self,
        address: Address,
        *,
        folder: Path,
        clock: Clock,
        fresh_report_s: float,
        doubt_every_s: float = DOUBT_EVERY_S,
    ) -> None:
        """`folder` keeps the trusted issuer and the captured messages."""
        self._address = address
        self._clock = clock
        self._fresh_report_s = fresh_report_s
        self._trust = PrinterTrust(
            host=address.host,
            port=address.mqtt_port,
            serial=address.serial,
            folder=folder,
            ca_file=address.ca_file,
        )
        self._ftps = PrinterFTPS(
            host=address.host,
            port=address.ftps_port,
            access_code=address.access_code,
            trust=self._trust,
        )
        self._capture = Capture(folder / "capture", address.serial, address.access_code)
        self._sequence = sequence()
        self._watchdog = Watchdog(doubt_every_s)
        self._session: Session | None = None
        self._is_uploading = False

    @property
    def serial(self) -> str:
        """Return the maker's serial number."""
        return self._address.serial

    @property
    def name(self) -> str:
        """Return what people call it."""
        return self._address.name

    async def stay_connected(self, listener: PrinterListener) -> None:
        """Keep a session for ever, reconnecting with back-off; never returns by itself."""
        waits = backoff(initial_s=RECONNECT_INITIAL_S, max_s=RECONNECT_MAX_S)
        while True:
            error, was_steady = await self._one_session(listener)
            listener.on_offline(error)
            if was_steady:
                waits = backoff(initial_s=RECONNECT_INITIAL_S, max_s=RECONNECT_MAX_S)
            needs_person = isinstance(error, AccessCodeRefused | CertificateMismatch)
            wait_s = PERSON_NEEDED_S * random.uniform(0.9, 1.1) if needs_person else next(waits)  # noqa: S311 - jitter
            await asyncio.sleep(wait_s)

    async def refresh(self) -> PrinterReport:
        """Return a report whose full one is fresh; raise PrinterUnreachable if none comes."""
        return await self._connected().fresh_report(self._fresh_report_s)

    async def send(self, order: Order) -> str:
        """Send `order` at most once and return its sequence id."""
        return await self._connected().order(order)

    async def upload(self, source: Path, name: str, on_progress: Callable[[int], None]) -> None:
        """Put `source` on the card as `name`, sure of its size."""
        self._is_uploading = True
        try:
            await self._ftps.upload(source, name, on_progress)
        finally:
            self._is_uploading = False

    def pictures(self) -> AsyncGenerator[bytes, None]:
        """Yield the camera's JPEG pictures as they come, until closed."""
        address = self._address
        return pictures(address.host, address.camera_port, address.access_code, self._trust)

    async def list_files(self) -> tuple[str, ...]:
        """Return the names in the card's root."""
        return await self._ftps.list_files()

    async def delete_file(self, name: str) -> None:
        """Delete a file, verified by listing."""
        await self._ftps.delete_file(name)

    def close(self) -> None:
        """Close what is open on the disk."""
        self._capture.close()

    def _connected(self) -> Session:
        if self._session is None:
            raise PrinterUnreachable(Sentence.NOT_CONNECTED)
        return self._session

    async def _one_session(self, listener: PrinterListener) -> tuple[PrinterError, bool]:
        """Return why the session ended, and whether it reported for a while."""
        session: Session | None = None
        try:
            context = await self._trust.context()
            client = connect(
                host=self._address.host,
                port=self._address.mqtt_port,
                access_code=self._address.access_code,
                context=context,
            )
            self._watchdog.begin()
            async with client:
                session = Session(
                    self._address.serial,
                    client,
                    self._clock,
                    self._capture,
                    self._sequence,
                    is_uploading=lambda: self._is_uploading,
                    watchdog=self._watchdog,
                )
                await session.open()
                self._session = session
                await session.listen(listener)
        except PrinterError as exc:
            return exc, self._was_steady(session)
        except aiomqtt.MqttError as exc:
            return self._error_of(exc), self._was_steady(session)
        finally:
            self._session = None
        raise AssertionError("listening ends with an exception")

    def _was_steady(self, session: Session | None) -> bool:
        if session is None or session.report is None:
            return False
        return self._clock.boottime() - session.began_at >= STEADY_S

    def _error_of(self, exc: aiomqtt.MqttError) -> PrinterError:
        code = getattr(exc, "rc", None)
        number = getattr(code, "value", code)
        if isinstance(exc, MqttConnectError) and number in _WRONG_CODE:
            return AccessCodeRefused(Sentence.ACCESS_CODE_REFUSED.say(serial=self.serial))
        below = exc.__cause__ or exc.__context__
        if isinstance(below, ssl.SSLCertVerificationError):
            return self._trust.mismatch(below)
        return PrinterUnreachable(Sentence.NO_SESSION.say(serial=self.serial, why=exc))
