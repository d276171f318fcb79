"""The printer's FTPS server in the dialect of `BBL-P003`: implicit TLS, PASV only, curt."""

import asyncio
from collections.abc import Callable
from pathlib import PurePosixPath

from edge.simulator.card import Card
from edge.simulator.clock import PrinterClock
from edge.simulator.commands import Credentials
from edge.simulator.ftps_data import DataPort
from edge.simulator.ftps_session import FTPSSession
from edge.simulator.ftps_transfer import Transfers
from edge.simulator.mqtt_server import Counters
from edge.simulator.switches import Switches
from edge.simulator.tls_stream import TLSStream
from edge.simulator.wire import Wire

BANNER = "220 BBL-P003 FTP Server"
MAX_LINE_BYTES = 4096


class FTPSServer:
    """Serves the card to one or two sessions."""

    def __init__(
        self,
        credentials: Credentials,
        card: Card,
        wire: Wire,
        clock: PrinterClock,
        switches: Callable[[], Switches],
        counters: Counters,
    ) -> None:
        self._credentials, self._card = credentials, card
        self._switches, self._counters = switches, counters
        self._wire = wire
        self._data = DataPort(wire, switches)
        self._transfers = Transfers(self._data, card, clock, switches)
        self._sessions: dict[TLSStream, FTPSSession] = {}
        self._host = ""

    @property
    def is_uploading(self) -> bool:
        """Whether a file is coming in."""
        return self._transfers.uploads_active > 0

    async def open(self, host: str, number: int, pasv_number: int) -> tuple[int, int]:
        """Listen; return the control and the passive port."""
        self._host = host
        pasv = await self._data.open(host, pasv_number)
        return await self._wire.open(host, number, self._attend), pasv

    def drop_sessions(self) -> None:
        """Cut every control connection."""
        for stream in list(self._sessions):
            stream.abort()

    def seconds_since_upload(self, path: str) -> float | None:
        """Return printer seconds since a file was uploaded, None if it was not."""
        return self._transfers.seconds_since_upload(PurePosixPath(path))

    def upload_count(self) -> dict[str, int]:
        """Return how often each path was uploaded to."""
        return dict(self._transfers.uploads)

    async def _attend(self, stream: TLSStream) -> None:
        session = FTPSSession(
            stream, self._host, self._credentials, self._card, self._data, self._transfers
        )
        if len(self._sessions) >= self._switches().ftp_sessions:
            self._counters.violation("ftp_sessions")
            await session.say("421 There are too many connected users, please try later.")
            return
        self._sessions[stream] = session
        try:
            await session.say(BANNER)
            await self._converse(session, stream)
        finally:
            self._sessions.pop(stream, None)
            await self._data.release(session)

    async def _converse(self, session: FTPSSession, stream: TLSStream) -> None:
        while not session.is_over:
            try:
                async with asyncio.timeout(self._switches().ftp_idle_real_s):
                    line = await stream.readline(MAX_LINE_BYTES)
            except TimeoutError:
                await session.say("421 Timeout.")
                return
            if not line:
                return
            await session.handle(line.decode(errors="replace").rstrip("\r\n"))
        if session.offence:
            self._counters.violation(session.offence)
            stream.abort()
