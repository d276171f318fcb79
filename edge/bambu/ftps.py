"""The printer's FTPS server: upload, list, delete.

A small server of the maker's own: implicit TLS, PASV only, no FEAT or EPSV, an unquoted PWD,
one transfer at a time, data connections that must reuse the control session and never end
with a closing alert. [K BBR, K1 RST, ADR2]
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath

import aioftp
import structlog
from aioftp.common import DEFAULT_PORT

from contracts.sentences import Sentence
from edge.bambu.tls import PrinterTrust
from edge.bambu.tls_stream import Handler, TLSStream
from edge.printer import (
    AccessCodeRefused,
    PrinterError,
    PrinterUnreachable,
    StorageRefused,
    TransferFailed,
)

log = structlog.get_logger()

USER = "bblp"
CHUNK_BYTES = 64 * 1024
CONNECT_TIMEOUT_S = 20.0
REPLY_TIMEOUT_S = 30.0
HANDSHAKE_TIMEOUT_S = 15.0
END_REPLY_TIMEOUT_S = 15.0
"""How long to wait for 226; SIZE decides in any case."""
TRANSFER_BASE_S = 30.0
TRANSFER_FLOOR_BYTES_S = 25_000
"""An A1 took 46 KB/s, P1S 135 KB/s; half of the slowest is the floor. [K1 ADR2, BDY#1452]"""
LIST_TIMEOUT_S = 60.0
QUIT_TIMEOUT_S = 2.0
UPLOAD_TRIES = 3

NETWORK_ERRORS = (OSError, EOFError, TimeoutError, ssl.SSLError, ValueError)


class FTPSClient(aioftp.Client):
    """aioftp's control connection, with data connections that this server takes."""

    greeting = ""
    """What the server said first."""

    async def connect(  # type: ignore[override] # as aioftp's own client does
        self, host: str, port: int = DEFAULT_PORT
    ) -> list[str]:
        """Connect and keep the greeting."""
        lines: list[str] = await super().connect(host, port)
        self.greeting = " ".join(lines).strip()
        return lines

    async def open_data(self, *, offers_session: bool = True) -> TLSStream:
        """Return a data connection whose handshake has not begun."""
        _, port = await self._do_pasv()
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(self.server_host, port)
        control = self.stream.writer.get_extra_info("ssl_object")
        session = control.session if offers_session else None
        return TLSStream(reader, writer, control.context, session)

    async def transfer(
        self, command: str, handler: Handler, *, offers_session: bool = True
    ) -> None:
        """Run `handler` on the data connection of `command`; doesn't wait for the end's reply.

        The command goes out before the TLS handshake: some servers begin theirs only then.
        """
        data = await self.open_data(offers_session=offers_session)
        try:
            await self.command(command, "1xx")
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                await data.handshake()
            await handler(data)
            await data.close()
        except BaseException:
            data.abort()
            raise

    async def size(self, name: str) -> int | None:
        """Return a file's size in bytes, None if there is no such file."""
        try:
            _, lines = await self.command(f"SIZE {name}", "213")
        except aioftp.StatusCodeError:
            return None
        return int(lines[-1].strip())


class PrinterFTPS:
    """The printer's card; one session at a time, for the printer takes one or two. [S]"""

    def __init__(
        self, *, host: str, port: int, access_code: str, trust: PrinterTrust, user: str = USER
    ) -> None:
        self._host, self._port, self._user = host, port, user
        self._access_code = access_code
        self._trust = trust
        self._lock = asyncio.Lock()

    async def upload(self, source: Path, name: str, on_progress: Callable[[int], None]) -> None:
        """Put `source` on the card as `name`, sure of its size; see edge.printer.Printer."""
        size = source.stat().st_size  # noqa: ASYNC240 - one stat of a local file
        timeout_s = TRANSFER_BASE_S + size / TRANSFER_FLOOR_BYTES_S
        last: PrinterError = TransferFailed("The upload was not tried.")
        async with self._lock:
            for attempt in range(1, UPLOAD_TRIES + 1):
                try:
                    async with asyncio.timeout(timeout_s), self.session() as client:
                        await self._put(client, source, name, on_progress)
                        arrived = await client.size(name)
                    if arrived == size:
                        return
                    last = TransferFailed(
                        Sentence.PARTLY_ON_PRINTER.say(arrived=arrived or 0, size=size)
                    )
                except (TransferFailed, PrinterUnreachable) as exc:
                    if await self._arrived_anyway(name, size):
                        return
                    last = exc
                except TimeoutError:
                    last = TransferFailed(Sentence.UPLOAD_TOO_SLOW.say(seconds=f"{timeout_s:.0f}"))
                log.warning("upload_attempt_failed", attempt=attempt, reason=str(last))
                await self._delete_quietly(name)
        raise last

    async def list_files(self) -> tuple[str, ...]:
        """Return the names in the card's root."""
        async with self._lock, self._limited(), self.session() as client:
            return await _names(client)

    async def delete_file(self, name: str) -> None:
        """Delete a file and see by listing that it is gone; raise TransferFailed if it is not."""
        async with self._lock, self._limited(), self.session() as client:
            try:
                await client.command(f"DELE {name}", "2xx")
            except aioftp.StatusCodeError as exc:
                log.debug("delete_refused", name=name, reply=str(exc.received_codes))
            if name in await _names(client):
                raise TransferFailed(f"The printer still lists {name} after deleting it.")

    @asynccontextmanager
    async def _limited(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(LIST_TIMEOUT_S):
                yield
        except TimeoutError:
            raise TransferFailed(Sentence.FILES_SILENT) from None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[FTPSClient]:
        """Log in for commands of one's own; every failure leaves as a PrinterError."""
        context = await self._trust.context()
        client = FTPSClient(
            ssl=context,
            socket_timeout=REPLY_TIMEOUT_S,
            connection_timeout=CONNECT_TIMEOUT_S,
            passive_commands=("pasv",),
        )
        try:
            try:
                await client.connect(self._host, self._port)
                await self._log_in(client)
            except ssl.SSLCertVerificationError as exc:
                raise self._trust.mismatch(exc) from exc
            except aioftp.StatusCodeError as exc:
                raise PrinterUnreachable(Sentence.FILES_REFUSED.say(why=reply_of(exc))) from exc
            except NETWORK_ERRORS as exc:
                raise PrinterUnreachable(Sentence.FILES_AWAY.say(why=exc or "time-out")) from exc
            try:
                yield client
            except aioftp.StatusCodeError as exc:
                raise TransferFailed(Sentence.FILES_SAID.say(why=reply_of(exc))) from exc
            except NETWORK_ERRORS as exc:
                raise TransferFailed(
                    Sentence.TRANSFER_BROKE_OFF.say(why=exc or "time-out")
                ) from exc
            await _quit(client)
        finally:
            _hang_up(client)

    async def _log_in(self, client: FTPSClient) -> None:
        try:
            await client.login(self._user, self._access_code)
        except aioftp.StatusCodeError as exc:
            raise AccessCodeRefused(Sentence.FILES_CODE_REFUSED.say(why=reply_of(exc))) from exc
        try:
            await client.command("PBSZ 0", "200")
            await client.command("PROT P", "200")
            # Sizes are of bytes, also on a connection that transfers nothing: ProFTPD, for one,
            # refuses SIZE in text mode.
            await client.command("TYPE I", "200")
        except aioftp.StatusCodeError as exc:
            raise TransferFailed(Sentence.FILES_SAID.say(why=reply_of(exc))) from exc

    async def _put(
        self, client: FTPSClient, source: Path, name: str, on_progress: Callable[[int], None]
    ) -> None:
        async def send(data: TLSStream) -> None:
            sent = 0
            with source.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    await data.write(chunk)
                    sent += len(chunk)
                    on_progress(sent)

        try:
            await client.transfer(f"STOR {name}", send)
        except aioftp.StatusCodeError as exc:
            raise StorageRefused(Sentence.CARD_REFUSED.say(why=reply_of(exc))) from exc
        try:
            async with asyncio.timeout(END_REPLY_TIMEOUT_S):
                await client.command(None, "2xx")
        except (aioftp.StatusCodeError, *NETWORK_ERRORS) as exc:
            # Also said after complete files; SIZE decides. [K PYB]
            log.info("upload_end_unconfirmed", name=name, reply=str(exc) or "time-out")

    async def _arrived_anyway(self, name: str, size: int) -> bool:
        # Asked on a control connection of its own: the other may be stuck. [K1]
        try:
            async with self._limited(), self.session() as client:
                return await client.size(name) == size
        except PrinterError:
            return False

    async def _delete_quietly(self, name: str) -> None:
        try:
            async with self._limited(), self.session() as client:
                await client.command(f"DELE {name}", ("2xx", "550"))
        except PrinterError as exc:
            log.info("delete_failed", name=name, reason=str(exc))


async def _names(client: FTPSClient) -> tuple[str, ...]:
    received = bytearray()

    async def collect(data: TLSStream) -> None:
        while chunk := await data.read():
            received.extend(chunk)

    try:
        await client.transfer("NLST", collect)
    except aioftp.StatusCodeError as exc:
        # An empty directory is a 550 on some servers. [D]
        if exc.received_codes and exc.received_codes[-1].matches("550"):
            return ()
        raise
    await client.command(None, "2xx")
    lines = received.decode(errors="replace").splitlines()
    return tuple(PurePosixPath(line.strip()).name for line in lines if line.strip())


async def _quit(client: FTPSClient) -> None:
    try:
        async with asyncio.timeout(QUIT_TIMEOUT_S):
            await client.command("QUIT", "2xx")
    except (aioftp.StatusCodeError, *NETWORK_ERRORS):
        pass


def _hang_up(client: FTPSClient) -> None:
    """Send the closing alert and let go at once: the printer never sends its own. [K]"""
    try:
        transport = client.stream.writer.transport
    except ConnectionError:
        return  # never connected
    client.close()
    transport.abort()


def reply_of(exc: aioftp.StatusCodeError) -> str:
    """Return the server's last words."""
    return f"{exc.received_codes[-1]} {' '.join(exc.info).strip()}"[:200]
