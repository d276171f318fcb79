"""What goes over FTPS data connections, at the printer's pace and with its ways to end."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from edge.simulator.card import Card, CardRefused
from edge.simulator.clock import PrinterClock
from edge.simulator.ftps_data import DataConnection, DataPort
from edge.simulator.switches import Switches
from edge.simulator.tls_stream import TLSStream

CHUNK_BYTES = 16 * 1024
READ_TIMEOUT_S = 120.0
TRUNCATED_SHARE = 0.9
CUT_AFTER_BYTES = 4096

Say = Callable[[str], Awaitable[None]]
OK_150, OK_226 = "150 Ok to send data.", "226 Transfer complete."


class TransferCut(Exception):
    """The server cuts off data and control connection."""


class Transfers:
    """Stores, sends and lists."""

    def __init__(
        self, data: DataPort, card: Card, clock: PrinterClock, switches: Callable[[], Switches]
    ) -> None:
        self._data, self._card = data, card
        self._clock, self._switches = clock, switches
        self._ended_at_s: dict[PurePosixPath, float] = {}
        self.uploads: dict[str, int] = {}
        self.uploads_active = 0

    def seconds_since_upload(self, path: PurePosixPath) -> float | None:
        """Return printer seconds since the file came, None if it did not."""
        ended_at_s = self._ended_at_s.get(path)
        return None if ended_at_s is None else self._clock.now_s() - ended_at_s

    async def send_listing(
        self, owner: object, path: PurePosixPath, say: Say, *, bare: bool
    ) -> None:
        """Send a listing."""
        offset_s = self._switches().card_clock_offset_s
        listing = self._card.listing(path, bare=bare, clock_offset_s=offset_s)
        await self._send(owner, [listing.encode()], say)

    async def retrieve(self, owner: object, path: PurePosixPath, say: Say) -> None:
        """Send a file; whoever stops reading early loses the control connection. [K1] RST"""
        await self._send(owner, _pieces(self._card.file(path)), say)

    async def store(self, owner: object, path: PurePosixPath, say: Say) -> None:
        """Take a file. 150 comes at once, without waiting for the data handshake."""
        target = self._target(path)
        await say(OK_150)
        self.uploads_active += 1
        try:
            connection = await self._data.take(owner)
            try:
                await self._receive(connection.stream, target)
                await self._confirm(connection, target, say)
            finally:
                connection.close()
        finally:
            self.uploads_active -= 1
        self._ended_at_s[path] = self._clock.now_s()
        self.uploads[str(path)] = self.uploads.get(str(path), 0) + 1

    def _target(self, path: PurePosixPath) -> Path:
        switches = self._switches()
        target = self._card.new_file(path, takes_any_name=switches.bad_names == "accepted")
        if switches.upload_refused:
            raise CardRefused(553, "Could not create file.")
        if switches.storage != "normal" and switches.storage_refusal != "cut":
            is_553 = switches.storage_refusal == "553"
            raise CardRefused(
                int(switches.storage_refusal),
                "Could not create file." if is_553 else "Insufficient storage space.",
            )
        return target

    async def _send(self, owner: object, pieces: Iterable[bytes], say: Say) -> None:
        await say("150 Here comes the data.")
        connection = await self._data.take(owner)
        try:
            for piece in pieces:
                connection.stream.write(piece)
                await connection.stream.drain()
                await self._pace(len(piece))
            if self._switches().download_end == "close_notify":
                connection.stream.say_end()
        except OSError as exc:
            raise TransferCut from exc
        finally:
            connection.close()
        await say(OK_226)

    async def _receive(self, stream: TLSStream, target: Path) -> None:
        """Write what comes to the card until the client ends it."""
        received = 0
        with target.open("wb") as file:
            while True:
                async with asyncio.timeout(READ_TIMEOUT_S):
                    chunk = await stream.read()
                if not chunk:
                    return
                cut_at = self._cut_at()
                file.write(chunk if cut_at is None else chunk[: max(0, cut_at - received)])
                received += len(chunk)
                if cut_at is not None and received >= cut_at:
                    stream.abort()
                    raise TransferCut
                await self._stall_or_pace(received, len(chunk))

    def _cut_at(self) -> int | None:
        switches = self._switches()
        if switches.storage != "normal":
            return CUT_AFTER_BYTES
        return switches.upload_cut_at_bytes

    async def _stall_or_pace(self, received: int, size: int) -> None:
        switches = self._switches()
        stall_at = switches.upload_stalls_at_bytes
        if stall_at is not None and received >= stall_at:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(switches.ftp_idle_real_s):
                    await asyncio.Event().wait()
            raise TransferCut
        await self._pace(size)

    async def _pace(self, size: int) -> None:
        rate = self._switches().upload_bytes_per_s
        if rate:
            await asyncio.sleep(self._clock.real_s(size / rate))

    async def _confirm(self, connection: DataConnection, target: Path, say: Say) -> None:
        """Say how it ended, in the way that is switched on. [K] BBR, [K1] ADR2, [K] PYB"""
        switches = self._switches()
        way = switches.upload_end
        if way == "late":
            await asyncio.sleep(self._clock.real_s(switches.upload_end_delay_s))
        elif way == "truncated":
            _truncate(target)
        is_silent = way == "close_notify_only" and connection.stream.ending != "close_notify"
        if way == "never" or is_silent:
            return
        await say("426 Failure reading network stream." if way == "426" else OK_226)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def _truncate(target: Path) -> None:
    with target.open("r+b") as file:
        file.truncate(int(target.stat().st_size * TRUNCATED_SHARE))
