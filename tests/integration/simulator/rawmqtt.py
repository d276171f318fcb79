"""A bare MQTT client for what well-behaved libraries won't send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from edge.simulator import mqtt_packets as mqtt
from tests.integration.simulator.bench import CODE, REQUEST, SERIAL, Bench

WITHIN_S = 5.0


def text(value: str) -> bytes:
    """Return a length and the UTF-8 of a string."""
    return len(value.encode()).to_bytes(2, "big") + value.encode()


@dataclass
class RawMQTT:
    """A connection that sends packets as they are told."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, kind: int, body: bytes = b"", flags: int = 0) -> None:
        """Send one packet."""
        self.writer.write(mqtt.encode(kind, body, flags))

    async def receive(self) -> tuple[int, bytes]:
        """Return the next packet's kind and body; EOFError or OSError when cut off."""
        async with asyncio.timeout(WITHIN_S):
            first = (await self.reader.readexactly(1))[0]
            length = 0
            for position in range(4):
                byte = (await self.reader.readexactly(1))[0]
                length |= (byte & 0x7F) << (7 * position)
                if not byte & 0x80:
                    break
            return first >> 4, await self.reader.readexactly(length)

    async def until(self, kind: int) -> list[int]:
        """Return the kinds received up to this one."""
        kinds: list[int] = []
        while kind not in kinds:
            kinds.append((await self.receive())[0])
        return kinds

    async def is_cut(self) -> bool:
        """Whether the server ends the connection, whatever it sends before."""
        try:
            while True:
                await self.receive()
        except (EOFError, ConnectionError):
            return True

    async def connect(
        self, *, code: str = CODE, client_id: str = "raw", keepalive: int = 60
    ) -> int:
        """Send CONNECT; return the CONNACK's code."""
        flags = bytes([4, 0xC2]) + keepalive.to_bytes(2, "big")
        login = text(client_id) + text("bblp") + text(code)
        self.send(mqtt.CONNECT, text("MQTT") + flags + login)
        kind, body = await self.receive()
        assert kind == mqtt.CONNACK
        return body[1]

    def subscribe(self, topic: str, qos: int = 0) -> None:
        """Send SUBSCRIBE."""
        self.send(mqtt.SUBSCRIBE, b"\x00\x01" + text(topic) + bytes([qos]), 2)

    def publish(self, payload: bytes, *, qos: int = 0, is_duplicate: bool = False) -> None:
        """Send PUBLISH to the request topic."""
        head = text(REQUEST) + (b"\x00\x07" if qos else b"")
        self.send(mqtt.PUBLISH, head + payload, qos << 1 | is_duplicate << 3)


@asynccontextmanager
async def raw(bench: Bench) -> AsyncIterator[RawMQTT]:
    """Open a TLS connection to the broker."""
    reader, writer = await asyncio.open_connection(
        bench.ready.host, bench.ready.mqtt_port, ssl=bench.tls(), server_hostname=SERIAL
    )
    try:
        yield RawMQTT(reader, writer)
    finally:
        writer.transport.abort()
