"""The FTPS server's data connections: one passive port, one transfer at a time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from edge.simulator.switches import Switches
from edge.simulator.tls_stream import TLSStream
from edge.simulator.wire import HANDSHAKE_TIMEOUT_S, Wire

DATA_WITHIN_S = 20.0
RESERVE_WITHIN_S = 60.0


class DataRefused(Exception):
    """There is no data connection to be had; `reply` goes to the control connection."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


@dataclass(eq=False)
class DataConnection:
    """A data connection and whether its handshake is done."""

    stream: TLSStream
    is_private: bool = False
    _done: asyncio.Event = field(default_factory=asyncio.Event)

    def close(self) -> None:
        """End it: FIN without close_notify. [K] BBR"""
        self.stream.close()
        self._done.set()

    def abort(self) -> None:
        """Cut it."""
        self.stream.abort()
        self._done.set()

    async def closed(self) -> None:
        """Wait until a transfer has done with it."""
        await self._done.wait()


class DataPort:
    """Whoever said PASV last owns the next connection until the transfer ends."""

    def __init__(self, wire: Wire, switches: Callable[[], Switches]) -> None:
        self._wire, self._switches = wire, switches
        self._numbers: list[int] = []
        self._turn = 0
        self._owner: object | None = None
        self._free = asyncio.Condition()
        self._arrived: asyncio.Queue[DataConnection] = asyncio.Queue(maxsize=4)

    async def open(self, host: str, number: int) -> int:
        """Listen on the passive port (and those after it, if so switched); return the first."""
        for offset in range(self._switches().pasv_ports):
            wanted = number + offset if number else 0
            self._numbers.append(
                await self._wire.open(host, wanted, self._attend, is_private=False)
            )
        return self._numbers[0]

    async def reserve(self, owner: object) -> int:
        """Give the port to a session, after the one that has it; return the port's number."""
        try:
            async with asyncio.timeout(RESERVE_WITHIN_S), self._free:
                await self._free.wait_for(lambda: self._owner in {None, owner})
                self._owner = owner
        except TimeoutError:
            raise DataRefused("425 Another transfer is going on.") from None
        self._drop_stale()
        self._turn += 1
        return self._numbers[self._turn % len(self._numbers)]

    async def release(self, owner: object) -> None:
        """Give the port back."""
        if self._owner is owner:
            self._drop_stale()
            async with self._free:
                self._owner = None
                self._free.notify_all()

    async def take(self, owner: object) -> DataConnection:
        """Return the session's data connection, private; raise DataRefused."""
        if self._owner is not owner:
            raise DataRefused("425 Use PASV first.")
        try:
            async with asyncio.timeout(DATA_WITHIN_S):
                connection = await self._arrived.get()
        except TimeoutError:
            raise DataRefused("425 Failed to establish connection.") from None
        if not connection.is_private:
            await self._handshake(connection)
        if self._switches().needs_session_reuse and not connection.stream.is_session_reused:
            connection.abort()
            raise DataRefused(_REUSE_REFUSALS[self._switches().reuse_refusal])
        return connection

    async def _handshake(self, connection: DataConnection) -> None:
        try:
            await self._wire.handshake(connection.stream)
        except OSError:
            connection.abort()
            raise DataRefused("425 Failed to establish connection.") from None
        connection.is_private = True

    async def _attend(self, stream: TLSStream) -> None:
        """Take a connection: the handshake begins at once, beside the control connection. [U]"""
        connection = DataConnection(stream)
        if not self._switches().handshake_after_command:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                await self._wire.handshake(stream)
            connection.is_private = True
            is_reused = stream.is_session_reused or not self._switches().needs_session_reuse
            if not is_reused and self._switches().reuse_refusal == "close":
                stream.abort()
        if self._owner is None or self._arrived.full():
            stream.abort()
            return
        self._arrived.put_nowait(connection)
        await connection.closed()

    def _drop_stale(self) -> None:
        while not self._arrived.empty():
            self._arrived.get_nowait().abort()


_REUSE_REFUSALS = {
    "close": "426 Connection closed; transfer aborted.",
    "425": "425 Unable to build data connection: session reuse required.",
    "522": "522 SSL connection failed: session reuse required",
}
