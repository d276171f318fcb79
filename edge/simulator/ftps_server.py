"""The printer's FTPS server in the dialect of `BBL-P003`: implicit TLS, PASV only, curt.

The data connection's TLS handshake begins at accept, beside the control connection; the server
never says goodbye (close_notify) on it, and confirms an upload when the client has.
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from edge.simulator.card import Card, CardRefused
from edge.simulator.faults import Faults

USER = "bblp"
BANNER = "220 BBL-P003 FTP Server"
IDLE_S = 300.0
DATA_WITHIN_S = 20.0
CHUNK_BYTES = 64 * 1024
NOT_KNOWN = frozenset({"EPSV", "FEAT", "MLSD", "MLST", "REST", "AVBL", "SITE", "EPRT", "PORT"})

DataStream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class FtpsServer:
    """Serves the card; one passive port, one transfer at a time."""

    def __init__(self, access_code: str, card: Card, faults: Callable[[], Faults]) -> None:
        self.access_code, self.card, self.faults = access_code, card, faults
        self.host, self.pasv_port = "127.0.0.1", 0
        self.waiting: asyncio.Queue[DataStream] = asyncio.Queue(maxsize=8)
        self.transfer = asyncio.Lock()
        self._servers: list[asyncio.Server] = []
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(
        self, host: str, port: int, pasv_port: int, context: ssl.SSLContext
    ) -> tuple[int, int]:
        """Listen; return the control and the passive port."""
        self.host = host
        data = await asyncio.start_server(self._accept_data, host, pasv_port, ssl=context)
        control = await asyncio.start_server(self._serve, host, port, ssl=context)
        self._servers = [data, control]
        self.pasv_port = int(data.sockets[0].getsockname()[1])
        return int(control.sockets[0].getsockname()[1]), self.pasv_port

    async def stop(self) -> None:
        """Stop listening and drop every session."""
        for server in self._servers:
            server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept_data(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        ssl_object = writer.get_extra_info("ssl_object")
        if self.faults().needs_session_reuse and not ssl_object.session_reused:
            writer.transport.abort()
            return
        while self.waiting.full():
            _, stale = self.waiting.get_nowait()
            stale.transport.abort()
        self.waiting.put_nowait((reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        session = _Session(self, writer)
        try:
            await session.say(BANNER)
            while not session.is_over:
                async with asyncio.timeout(IDLE_S):
                    line = await reader.readline()
                if not line:
                    return
                verb, _, argument = line.decode(errors="replace").strip().partition(" ")
                await session.handle(verb.upper(), argument)
        except (OSError, TimeoutError, ValueError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()


class _Session:
    """One control connection."""

    def __init__(self, server: FtpsServer, writer: asyncio.StreamWriter) -> None:
        self._server, self._writer = server, writer
        self._card = server.card
        self._folder = PurePosixPath("/")
        self._user = ""
        self._is_in = self._is_private = False
        self.is_over = False

    async def say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()

    async def handle(self, verb: str, argument: str) -> None:
        if verb in {"USER", "PASS", "QUIT", "NOOP"}:
            await self._greet(verb, argument)
        elif not self._is_in:
            await self.say("530 Please login with USER and PASS.")
        elif verb in {"LIST", "NLST", "STOR", "RETR"}:
            await self._transfer(verb, argument)
        elif verb in NOT_KNOWN:
            await self.say("502 Command not implemented.")
        else:
            answer = _ANSWERS.get(verb)
            try:
                reply = answer(self, argument) if answer else "502 Command not implemented."
            except CardRefused as exc:
                reply = f"{exc.reply} {exc}"
            await self.say(reply)

    async def _greet(self, verb: str, argument: str) -> None:
        if verb == "USER":
            self._user = argument
            await self.say("331 Please specify the password.")
        elif verb == "PASS":
            self._is_in = self._user == USER and argument == self._server.access_code
            await self.say("230 Login successful." if self._is_in else "530 Login incorrect.")
        elif verb == "QUIT":
            self.is_over = True
            await self.say("221 Goodbye.")
        else:
            await self.say("200 NOOP ok.")

    def pbsz(self, _: str) -> str:
        return "200 PBSZ set to 0."

    def prot(self, level: str) -> str:
        self._is_private = level.upper() == "P"
        return "200 PROT now Private." if self._is_private else "200 PROT now Clear."

    def type(self, _: str) -> str:
        return "200 Switching to Binary mode."

    def pwd(self, _: str) -> str:
        return f"257 {self._folder}"  # unquoted: strict parsers fail on it. [K1] RST

    def cwd(self, name: str) -> str:
        folder = self._path(name)
        self._card.must_be_folder(folder)
        self._folder = folder
        return "250 Directory successfully changed."

    def cdup(self, _: str) -> str:
        return self.cwd("..")

    def pasv(self, _: str) -> str:
        while not self._server.waiting.empty():
            self._server.waiting.get_nowait()[1].transport.abort()
        high, low = divmod(self._server.pasv_port, 256)
        address = self._server.host.replace(".", ",")
        return f"227 Entering Passive Mode ({address},{high},{low})."

    def size(self, name: str) -> str:
        return f"213 {self._card.size(self._path(name))}"

    def dele(self, name: str) -> str:
        self._card.delete(self._path(name))
        return "250 Delete operation successful."

    def mkd(self, name: str) -> str:
        path = self._path(name)
        self._card.make_folder(path)
        return f'257 "{path}" created'

    def _path(self, name: str) -> PurePosixPath:
        return self._card.normal(self._folder / name)

    async def _transfer(self, verb: str, argument: str) -> None:
        if not self._is_private:
            self.is_over = True  # the server drops who asks for data in the clear. [K1] RST
            return
        async with self._server.transfer:
            try:
                if verb == "STOR":
                    await self._store(argument)
                else:
                    await self._send(verb, argument)
            except CardRefused as exc:
                await self.say(f"{exc.reply} {exc}")

    async def _data(self) -> DataStream | None:
        try:
            async with asyncio.timeout(DATA_WITHIN_S):
                return await self._server.waiting.get()
        except TimeoutError:
            await self.say("425 Failed to establish connection.")
            return None

    async def _send(self, verb: str, argument: str) -> None:
        if verb == "RETR":
            content = self._card.read(self._path(argument))
        else:
            name = "" if argument.startswith("-") else argument
            content = self._card.listing(self._path(name), bare=verb == "NLST").encode()
        await self.say("150 Here comes the data.")
        data = await self._data()
        if data is None:
            return
        _, writer = data
        for start in range(0, len(content), CHUNK_BYTES):
            writer.write(content[start : start + CHUNK_BYTES])
            await writer.drain()
        await _flushed(writer)
        writer.transport.abort()  # no close_notify. [K]
        await self.say("226 Transfer complete.")

    async def _store(self, argument: str) -> None:
        faults = self._server.faults()
        path = self._path(argument)
        if faults.upload_refused:
            raise CardRefused(553, "Could not create file.")
        target = self._card.file_for(path)
        await self.say("150 Ok to send data.")
        data = await self._data()
        if data is None:
            return
        reader, writer = data
        is_whole = await self._receive(reader, target, faults)
        writer.transport.abort()
        if not is_whole:
            self.is_over = True
        elif not faults.no_226:
            await self.say("226 Transfer complete.")

    async def _receive(self, reader: asyncio.StreamReader, target: Path, faults: Faults) -> bool:
        """Write what comes to the card; return whether the client ended it."""
        received = 0
        began = time.monotonic()
        with target.open("wb") as file:
            while True:
                chunk = await reader.read(CHUNK_BYTES)
                if not chunk:
                    return True
                file.write(chunk)
                received += len(chunk)
                if faults.upload_cut_at_bytes is not None and (
                    received >= faults.upload_cut_at_bytes
                ):
                    return False
                if faults.upload_bytes_per_s:
                    due = received / faults.upload_bytes_per_s
                    await asyncio.sleep(max(0.0, due - (time.monotonic() - began)))


_ANSWERS: dict[str, Callable[[_Session, str], str]] = {
    "PBSZ": _Session.pbsz,
    "PROT": _Session.prot,
    "TYPE": _Session.type,
    "PWD": _Session.pwd,
    "CWD": _Session.cwd,
    "CDUP": _Session.cdup,
    "PASV": _Session.pasv,
    "SIZE": _Session.size,
    "DELE": _Session.dele,
    "MKD": _Session.mkd,
}


async def _flushed(writer: asyncio.StreamWriter) -> None:
    """Return once the kernel has all bytes: an abort throws away what it has not."""
    protocol = getattr(writer.transport, "_ssl_protocol", None)
    below = getattr(protocol, "_transport", None)
    deadline = time.monotonic() + DATA_WITHIN_S
    with contextlib.suppress(OSError):
        await writer.drain()
    while time.monotonic() < deadline and (  # noqa: ASYNC110 - no event tells of a flush
        writer.transport.get_write_buffer_size()
        or (below is not None and below.get_write_buffer_size())
    ):
        await asyncio.sleep(0.005)
