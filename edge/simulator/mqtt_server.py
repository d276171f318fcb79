"""The printer's MQTT broker: one topic, one user, no PUBACK, little patience."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from edge.simulator import mqtt_packets as mqtt
from edge.simulator.faults import Faults

USER = "bblp"
MAX_REQUEST_BYTES = 4096
"""A longer request drops the connection. [K1] ADR2"""
FIRST_PACKET_WITHIN_S = 10.0
TLS_WITHIN_S = 15.0

OnRequest = Callable[[bytes], None]


@dataclass
class Counters:
    """What tests read of the broker."""

    connections: int = 0
    refused_logins: int = 0
    protocol_violations: int = 0
    clients: int = 0


@dataclass(eq=False)
class _Client:
    writer: asyncio.StreamWriter
    topics: set[str] = field(default_factory=set)


class MqttServer:
    """Serves one printer's report and request topics."""

    def __init__(
        self, serial: str, access_code: str, faults: Callable[[], Faults], on_request: OnRequest
    ) -> None:
        self._report_topic = f"device/{serial}/report"
        self._request_topic = f"device/{serial}/request"
        self._access_code, self._faults, self._on_request = access_code, faults, on_request
        self._clients: list[_Client] = []
        self._server: asyncio.Server | None = None
        self.counters = Counters()

    async def start(self, host: str, port: int, context: ssl.SSLContext) -> int:
        """Listen; return the port."""
        self._server = await asyncio.start_server(
            self._serve, host, port, ssl=context, ssl_handshake_timeout=TLS_WITHIN_S
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and drop every client without a word."""
        if self._server is not None:
            self._server.close()
        self.drop_clients()

    def drop_clients(self) -> None:
        """Cut every connection."""
        for client in list(self._clients):
            client.writer.transport.abort()

    def report(self, payload: bytes) -> None:
        """Send a message to whoever subscribed the report topic; nobody else gets it later."""
        message = mqtt.publish(self._report_topic, payload)
        for client in self._clients:
            if self._report_topic in client.topics and not client.writer.is_closing():
                client.writer.write(message)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(writer)
        try:
            keepalive_s = await self._log_in(reader, client)
            patience_s = keepalive_s * 1.5 if keepalive_s else None
            while True:
                async with asyncio.timeout(patience_s):
                    packet = await _read(reader)
                if not self._handle(packet, client):
                    return
                await writer.drain()
        except mqtt.BadPacket:
            self.counters.protocol_violations += 1
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            if client in self._clients:
                self._clients.remove(client)
            self.counters.clients = len(self._clients)
            writer.transport.abort()

    async def _log_in(self, reader: asyncio.StreamReader, client: _Client) -> int:
        async with asyncio.timeout(FIRST_PACKET_WITHIN_S):
            packet = await _read(reader)
        if packet.kind != mqtt.CONNECT:
            raise mqtt.BadPacket("CONNECT comes first")
        connect = mqtt.parse_connect(packet.body)
        if (connect.username, connect.password) != (USER, self._access_code):
            self.counters.refused_logins += 1
            await self._refuse(client, self._faults().connack_code)
        if len(self._clients) >= self._faults().client_limit:
            await self._refuse(client, 3)
        client.writer.write(mqtt.encode(mqtt.CONNACK, b"\x00\x00"))
        self._clients.append(client)
        self.counters.connections += 1
        self.counters.clients = len(self._clients)
        return connect.keepalive_s

    async def _refuse(self, client: _Client, code: int) -> None:
        client.writer.write(mqtt.encode(mqtt.CONNACK, bytes([0, code])))
        with contextlib.suppress(OSError):
            await client.writer.drain()
        client.writer.close()
        raise ConnectionResetError

    def _handle(self, packet: mqtt.Packet, client: _Client) -> bool:
        """Return whether the client may stay."""
        if packet.kind == mqtt.PUBLISH:
            return self._take_request(mqtt.parse_publish(packet))
        if packet.kind == mqtt.SUBSCRIBE:
            return self._subscribe(mqtt.parse_subscribe(packet), client)
        if packet.kind == mqtt.UNSUBSCRIBE:
            gone = mqtt.parse_subscribe(packet)
            client.topics.difference_update(gone.topics)
            client.writer.write(mqtt.encode(mqtt.UNSUBACK, gone.packet_id.to_bytes(2, "big")))
            return True
        if packet.kind == mqtt.PINGREQ:
            client.writer.write(mqtt.encode(mqtt.PINGRESP))
            return True
        return packet.kind == mqtt.PUBACK

    def _take_request(self, message: mqtt.Publish) -> bool:
        """Hand the request over; QoS 1 is processed and never acknowledged. [K] BBR"""
        if len(message.payload) > MAX_REQUEST_BYTES:
            self.counters.protocol_violations += 1
            return False
        if message.topic == self._request_topic:
            self._on_request(message.payload)
        return True

    def _subscribe(self, wish: mqtt.Subscribe, client: _Client) -> bool:
        """Grant the report topic; a wildcard or the request topic drops the client. [K1] ADR2"""
        for topic in wish.topics:
            if "#" in topic or "+" in topic or topic == self._request_topic:
                self.counters.protocol_violations += 1
                return False
        client.topics.update(wish.topics)
        granted = bytes(len(wish.topics))
        client.writer.write(mqtt.encode(mqtt.SUBACK, wish.packet_id.to_bytes(2, "big") + granted))
        return True


async def _read(reader: asyncio.StreamReader) -> mqtt.Packet:
    first = (await reader.readexactly(1))[0]
    length = 0
    for position in range(mqtt.MAX_LENGTH_BYTES):
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << (7 * position)
        if not byte & 0x80:
            return mqtt.Packet(first >> 4, first & 0x0F, await reader.readexactly(length))
    raise mqtt.BadPacket("length field is too long")
