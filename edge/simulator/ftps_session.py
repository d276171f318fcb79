"""One FTPS control connection: the reply table of `BBL-P003`. [K1] RST, A1D, ADR2"""

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from edge.simulator.card import Card, CardRefused, normal
from edge.simulator.commands import Credentials
from edge.simulator.ftps_data import DataPort, DataRefused
from edge.simulator.ftps_transfer import TransferCut, Transfers
from edge.simulator.tls_stream import TLSStream

USER = "bblp"
_FLAGS = re.compile(r"^(-\w+(\s+|$))+")
"""`LIST -la`: what other servers take and clients send."""
NOT_IMPLEMENTED = "502 Command not implemented."
"""Also to EPSV, FEAT, MLSD, MLST, REST, AVBL and SITE."""


class FTPSSession:
    """Answers commands one by one."""

    def __init__(
        self,
        stream: TLSStream,
        host: str,
        credentials: Credentials,
        card: Card,
        data: DataPort,
        transfers: Transfers,
    ) -> None:
        self._stream, self._host, self._credentials = stream, host, credentials
        self._card, self._data, self._transfers = card, data, transfers
        self._folder = PurePosixPath("/")
        self._user = ""
        self._is_in = self._is_private = False
        self._renamed: PurePosixPath | None = None
        self.is_over = False
        self.offence = ""
        self._answers: dict[str, Callable[[str], str]] = {
            "PBSZ": lambda _: "200 PBSZ=0",
            "PROT": self._protect,
            "TYPE": lambda kind: f"200 Type set to {kind.upper()}.",
            "MODE": lambda _: "200 Mode set to S.",
            "STRU": lambda _: "200 Structure set to F.",
            "PWD": lambda _: f"257 {self._folder}",  # unquoted: strict parsers fail. [K1] RST
            "CWD": self._enter,
            "CDUP": lambda _: self._enter(".."),
            "SIZE": lambda name: f"213 {self._card.file(self._path(name)).stat().st_size}",
            "DELE": self._delete,
            "MKD": self._make_folder,
            "RMD": self._remove_folder,
            "RNFR": self._rename_from,
            "RNTO": self._rename_to,
        }

    async def say(self, line: str) -> None:
        """Send one reply."""
        self._stream.write(f"{line}\r\n".encode())
        await self._stream.drain()

    async def handle(self, line: str) -> None:
        """Answer one command line."""
        verb, _, argument = line.partition(" ")
        verb = verb.upper()
        if verb in {"USER", "PASS", "QUIT", "NOOP"}:
            await self._greet(verb, argument)
        elif not self._is_in:
            await self.say("530 Please login with USER and PASS.")
        elif verb == "PASV":
            await self._passive()
        elif verb in {"LIST", "NLST", "STOR", "RETR"}:
            await self._transfer(verb, argument)
        else:
            await self.say(self._answer(verb, argument))

    def _answer(self, verb: str, argument: str) -> str:
        act = self._answers.get(verb)
        if act is None:
            return NOT_IMPLEMENTED
        try:
            return act(argument)
        except CardRefused as exc:
            return f"{exc.reply} {exc}"
        except OSError:
            return "550 Failed."

    async def _greet(self, verb: str, argument: str) -> None:
        if verb == "USER":
            self._user = argument
            await self.say("331 Please specify the password.")
        elif verb == "PASS":
            known = (USER, self._credentials.access_code)
            self._is_in = (self._user, argument) == known
            await self.say("230 Login successful." if self._is_in else "530 Login incorrect.")
        elif verb == "QUIT":
            self.is_over = True
            await self.say("221 Goodbye.")
        else:
            await self.say("200 NOOP ok.")

    async def _passive(self) -> None:
        try:
            high, low = divmod(await self._data.reserve(self), 256)
        except DataRefused as exc:
            await self.say(exc.reply)
            return
        address = self._host.replace(".", ",")
        await self.say(f"227 Entering Passive Mode ({address},{high},{low}).")

    async def _transfer(self, verb: str, argument: str) -> None:
        if not self._is_private:
            self.is_over, self.offence = True, "clear_data"  # cut off at once. [K1] RST
            return
        try:
            if verb == "STOR":
                await self._transfers.store(self, self._path(argument), self.say)
            elif verb == "RETR":
                await self._transfers.retrieve(self, self._path(argument), self.say)
            else:
                folder = self._path(_FLAGS.sub("", argument))
                bare = verb == "NLST"
                await self._transfers.send_listing(self, folder, self.say, bare=bare)
        except CardRefused as exc:
            await self.say(f"{exc.reply} {exc}")
        except DataRefused as exc:
            await self.say(exc.reply)
        except TransferCut:
            self.is_over = True
            self._stream.abort()
        finally:
            await self._data.release(self)

    def _protect(self, level: str) -> str:
        self._is_private = level.upper() == "P"
        return "200 PROT now Private." if self._is_private else "200 PROT now Clear."

    def _enter(self, name: str) -> str:
        folder = self._path(name)
        self._card.must_be_folder(folder)
        self._folder = folder
        return "250 Directory successfully changed."

    def _delete(self, name: str) -> str:
        self._card.delete(self._path(name))
        return "250 Delete operation successful."

    def _make_folder(self, name: str) -> str:
        path = self._path(name)
        self._card.make_folder(path)
        return f"257 {path} created"

    def _remove_folder(self, name: str) -> str:
        self._card.remove_folder(self._path(name))
        return "250 Remove directory operation successful."

    def _rename_from(self, name: str) -> str:
        path = self._path(name)
        self._card.file(path)
        self._renamed = path
        return "350 Ready for RNTO."

    def _rename_to(self, name: str) -> str:
        if self._renamed is None:
            return "503 RNFR required first."
        source, self._renamed = self._renamed, None
        self._card.rename(source, self._path(name))
        return "250 Rename successful."

    def _path(self, name: str) -> PurePosixPath:
        return normal(self._folder / name)
