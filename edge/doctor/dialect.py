"""Which FTPS dialect a printer speaks, found out by listing and by one test file."""

import asyncio
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import aioftp

from edge.bambu.ftps import NETWORK_ERRORS, FTPSClient, PrinterFTPS, reply_of
from edge.bambu.tls_stream import TLSStream
from edge.doctor.patience import Patience
from edge.printer import PrinterError

TEST_BYTES = 1_000_000
CHUNK_BYTES = 64 * 1024
CLEAN_UP_S = 15.0
_LINE = re.compile(r"\S+\s+\S+\s+\S+\s+\S+\s+\d+\s+(\w{3})\s+(\d+)\s+([\d:]+)\s+(.+)")


@dataclass(frozen=True)
class Dialect:
    """How data connections are to be made; None where the printer didn't show it."""

    greeting: str
    passive_port: int | None
    shakes_hands_at_accept: bool | None
    """Else only after the command."""


@dataclass(frozen=True)
class Sent:
    """What became of the test file."""

    name: str
    refusal: str | None
    """The server's reply when it would not take the file."""
    breakdown: str | None
    """How the transfer broke off."""
    arrived_bytes: int | None
    end_reply: str | None
    """The server's word after the last byte; None for silence."""
    end_s: float
    """From the last byte to that word."""
    total_s: float
    listed_at: datetime | None
    """The printer's time of the file, by its own clock."""
    is_deleted: bool


def test_file_name() -> str:
    """Return a name that no printer starts by itself and no sweep takes for a job's."""
    return f"layerline-doctor-{secrets.token_hex(4)}.bin"


async def find_dialect(ftps: PrinterFTPS, patience: Patience) -> Dialect:
    """List in another way than the driver does; raise PrinterError if there is no login."""
    async with asyncio.timeout(patience.listing_s), ftps.session() as client:
        greeting = client.greeting
        port, at_accept = await _list_hands_first(client, patience.order_s)
    return Dialect(greeting, port, at_accept)


async def _list_hands_first(client: FTPSClient, wait_s: float) -> tuple[int | None, bool | None]:
    """Begin the handshake before the command; return the port and whether that was answered."""
    data = await client.open_data()
    port = data.peer_port
    try:
        try:
            async with asyncio.timeout(wait_s):
                await data.handshake()
            at_accept = True
        except TimeoutError:
            at_accept = False
        await client.command("NLST", "1xx")
        if not at_accept:
            await data.handshake()
        await _read_all(data)
        await data.close()
        await client.command(None, "2xx")
    except (aioftp.StatusCodeError, *NETWORK_ERRORS):
        data.abort()
        return port, None
    return port, at_accept


async def needs_session_reuse(ftps: PrinterFTPS, patience: Patience) -> bool | None:
    """List on a data connection of a new TLS session; None when it isn't clear.

    The printer may refuse it and keep the control connection for a while, which others then
    lack: the last thing to be asked.
    """
    received = bytearray()

    async def collect(data: TLSStream) -> None:
        while chunk := await data.read():
            received.extend(chunk)

    try:
        async with asyncio.timeout(patience.listing_s), ftps.session() as client:
            try:
                await client.transfer("NLST", collect, offers_session=False)
                await client.command(None, "2xx")
            except aioftp.StatusCodeError as exc:
                # 550 speaks of the folder, not of the session.
                return None if exc.received_codes[-1].matches("550") else True
            except NETWORK_ERRORS:
                return True
    except (PrinterError, TimeoutError):
        return None
    # An end without a word and without a name may be a refusal too.
    return False if received else None


async def _read_all(data: TLSStream) -> None:
    while await data.read():
        pass


async def send_test_file(ftps: PrinterFTPS, patience: Patience) -> Sent:
    """Put 1 MB on the card, look at it, delete it; raise PrinterError if there is no login."""
    name = test_file_name()
    try:
        return await _send_and_delete(ftps, name, patience)
    except asyncio.CancelledError:
        # Somebody stops the doctor: the file isn't left on the card for that.
        with suppress(TimeoutError):
            async with asyncio.timeout(CLEAN_UP_S):
                await _delete(ftps, name)
        raise


async def _send_and_delete(ftps: PrinterFTPS, name: str, patience: Patience) -> Sent:
    upload = _Upload(name)
    try:
        async with asyncio.timeout(patience.upload_s), ftps.session() as client:
            await upload.run(client, patience.upload_end_s)
    except TimeoutError:
        upload.breakdown = f"it took longer than {patience.upload_s:g} s"
    except PrinterError as exc:
        if not upload.is_in:
            raise
        upload.breakdown = str(exc)
    arrived, listed_at = await _look_at(ftps, name, patience)
    return Sent(
        name=name,
        refusal=upload.refusal,
        breakdown=upload.breakdown,
        arrived_bytes=arrived,
        end_reply=upload.end_reply,
        end_s=upload.end_s,
        total_s=upload.total_s,
        listed_at=listed_at,
        is_deleted=await _delete(ftps, name),
    )


class _Upload:
    """One try at the test file."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.is_in = False
        self.refusal: str | None = None
        self.breakdown: str | None = None
        self.end_reply: str | None = None
        self.end_s = 0.0
        self.total_s = 0.0

    async def run(self, client: FTPSClient, end_s: float) -> None:
        """Send it and hear how the server ends it; raise what breaks the connection."""
        self.is_in = True
        now = asyncio.get_running_loop().time
        begun = now()
        try:
            await client.transfer(f"STOR {self._name}", _send_all)
        except aioftp.StatusCodeError as exc:
            self.refusal = reply_of(exc)
            return
        ended = now()
        self.end_reply = await _end_reply(client, end_s)
        self.end_s = now() - ended
        # A server that stays silent shall not make the speed look low.
        self.total_s = (now() if self.end_reply else ended) - begun


async def _send_all(data: TLSStream) -> None:
    left = TEST_BYTES
    while left > 0:
        # Random: what compresses on its way would look fast.
        await data.write(secrets.token_bytes(min(CHUNK_BYTES, left)))
        left -= CHUNK_BYTES


async def _end_reply(client: FTPSClient, end_s: float) -> str | None:
    try:
        async with asyncio.timeout(end_s):
            answer = await client.command(None, "2xx")
    except aioftp.StatusCodeError as exc:
        return reply_of(exc)
    except NETWORK_ERRORS:
        return None
    if answer is None:
        return None
    code, lines = answer
    return f"{code} {' '.join(lines).strip()}"[:200]


async def _look_at(
    ftps: PrinterFTPS, name: str, patience: Patience
) -> tuple[int | None, datetime | None]:
    """Return size and time of the file, on a control connection that isn't stuck."""
    size: int | None = None
    try:
        async with asyncio.timeout(patience.listing_s), ftps.session() as client:
            size = await client.size(name)
            return size, _listed_at(await _listing(client), name)
    except (PrinterError, TimeoutError):
        return size, None


async def _listing(client: FTPSClient) -> list[str]:
    received = bytearray()

    async def collect(data: TLSStream) -> None:
        while chunk := await data.read():
            received.extend(chunk)

    await client.transfer("LIST", collect)
    await client.command(None, "2xx")
    return received.decode(errors="replace").splitlines()


def _listed_at(lines: list[str], name: str) -> datetime | None:
    """Return a file's time in a POSIX listing: local to the printer, a year if it isn't ours."""
    for line in lines:
        found = _LINE.fullmatch(line.strip())
        if found is None or found[4] != name:
            continue
        month, day, rest, _ = found.groups()
        has_year = ":" not in rest
        # A leap year stands in where there is none, so that 29 February can be read.
        text = f"{month} {day} {rest} 00:00" if has_year else f"{month} {day} 2000 {rest}"
        try:
            return datetime.strptime(text, "%b %d %Y %H:%M")  # noqa: DTZ007 - it has no zone
        except ValueError:
            return None
    return None


async def _delete(ftps: PrinterFTPS, name: str) -> bool:
    try:
        await ftps.delete_file(name)
    except PrinterError:
        return False
    return True
