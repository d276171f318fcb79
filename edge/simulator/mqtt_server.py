"""The printer's MQTT broker: one topic, one user, no PUBACK, little patience."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from edge.simulator import mqtt_packets as mqtt
from edge.simulator.commands import Credentials
from edge.simulator.switches import Switches
from edge.simulator.tls_stream import TLSStream

USER = "bblp"
FIRST_PACKET_WITHIN_S = 15.0
REFUSED_PROTOCOL, REFUSED_SERVER_UNAVAILABLE = 1, 3
MAX_UNSENT_BYTES = 1 << 20
"""A client that takes nothing is dropped."""
KEEPALIVE_GRACE = 1.5

OnRequest = Callable[[bytes], None]


@dataclass
class Counters:
    """What tests read of the printer's protocols."""

    connections: int = 0
    refused_logins: int = 0
    duplicates: int = 0
    qos1_publishes: int = 0
    violations: dict[str, int] = field(default_factory=dict)

    def violation(self, kind: str) -> None:
        """Count a thing that no client should do."""
        self.violations[kind] = self.violations.get(kind, 0) + 1


@dataclass(eq=False)
class _Client:
    stream: TLSStream
    client_id: str = ""
    topics: set[str] = field(default_factory=set)


class MQTTServer:
    """Serves one printer's report and request topics."""

    def __init__(
        self,
        credentials: Credentials,
        switches: Callable[[], Switches],
        counters: Counters,
        on_request: OnRequest,
        on_connect: Callable[[], None],
    ) -> None:
        self._credentials, self._switches = credentials, switches
        self._counters = counters
        self._on_request, self._on_connect = on_request, on_connect
        self._clients: list[_Client] = []

    @property
    def client_count(self) -> int:
        """How many are logged in."""
        return len(self._clients)

    def drop_clients(self) -> None:
        """Cut every connection."""
        for client in list(self._clients):
            client.stream.abort()

    def publish(self, payload: bytes) -> None:
        """Send to whoever subscribed the report topic; nobody else gets it later."""
        topic = self._topic("report")
        message = mqtt.publish(topic, payload)
        for client in list(self._clients):
            if topic not in client.topics:
                continue
            if client.stream.unsent_bytes > MAX_UNSENT_BYTES:
                client.stream.abort()
            else:
                client.stream.write(message)

    async def serve(self, stream: TLSStream) -> None:
        """Attend one connection until it ends."""
        client = _Client(stream)
        try:
            keepalive_s = await self._log_in(client)
            while keepalive_s is not None:
                async with asyncio.timeout(keepalive_s * KEEPALIVE_GRACE or None):
                    packet = await self._read(stream)
                if packet is None or not self._handle(packet, client):
                    break
                await stream.drain()
        except mqtt.BadPacket:
            self._counters.violation("bad_packet")
            raise
        finally:
            if client in self._clients:
                self._clients.remove(client)
        if keepalive_s is not None:
            stream.abort()

    async def _log_in(self, client: _Client) -> int | None:
        """Return the keepalive in seconds, None for a refused client. [U] which code"""
        async with asyncio.timeout(FIRST_PACKET_WITHIN_S):
            packet = await self._read(client.stream)
        if packet is None or packet.kind != mqtt.CONNECT:
            raise mqtt.BadPacket("CONNECT comes first")
        try:
            connect = mqtt.parse_connect(packet.body)
        except mqtt.OtherProtocol:
            self._counters.violation("bad_packet")
            await self._refuse(client, REFUSED_PROTOCOL)
            return None
        if (connect.username, connect.password) != (USER, self._credentials.access_code):
            self._counters.refused_logins += 1
            await self._refuse(client, self._switches().connack_code)
            return None
        if not self._make_room(connect.client_id):
            await self._refuse(client, REFUSED_SERVER_UNAVAILABLE)
            return None
        client.client_id = connect.client_id
        client.stream.write(mqtt.encode(mqtt.CONNACK, b"\x00\x00"))
        self._clients.append(client)
        self._counters.connections += 1
        self._on_connect()
        return connect.keepalive_s

    async def _refuse(self, client: _Client, code: int) -> None:
        client.stream.write(mqtt.encode(mqtt.CONNACK, bytes([0, code])))
        await client.stream.drain()

    def _make_room(self, client_id: str) -> bool:
        """A client with the same id is dropped [S]; the limit is [U]."""
        for client in list(self._clients):
            if client_id and client.client_id == client_id:
                client.stream.abort()
                self._clients.remove(client)
        switches = self._switches()
        if len(self._clients) < switches.client_limit:
            return True
        self._counters.violation("client_limit")
        if switches.client_limit_drops == "newest":
            return False
        self._clients.pop(0).stream.abort()
        return True

    async def _read(self, stream: TLSStream) -> mqtt.Packet | None:
        """Return the next packet, None for one that is too long."""
        first = (await stream.readexactly(1))[0]
        length = 0
        for position in range(mqtt.MAX_LENGTH_BYTES):
            byte = (await stream.readexactly(1))[0]
            length |= (byte & 0x7F) << (7 * position)
            if not byte & 0x80:
                break
        else:
            raise mqtt.BadPacket("length field is too long")
        switches = self._switches()
        if length > switches.request_limit_bytes:
            self._counters.violation("long_request")
            if switches.long_request == "drop":
                return None
            await _skip(stream, length)
            return mqtt.Packet(mqtt.IGNORED, 0, b"")
        return mqtt.Packet(first >> 4, first & 0x0F, await stream.readexactly(length))

    def _handle(self, packet: mqtt.Packet, client: _Client) -> bool:
        """Return whether the client may stay."""
        if packet.kind == mqtt.PUBLISH:
            return self._take_request(mqtt.parse_publish(packet), client)
        if packet.kind == mqtt.SUBSCRIBE:
            return self._subscribe(mqtt.parse_subscribe(packet), client)
        if packet.kind == mqtt.UNSUBSCRIBE:
            gone = mqtt.parse_subscribe(packet)
            client.topics.difference_update(gone.topics)
            client.stream.write(mqtt.encode(mqtt.UNSUBACK, gone.packet_id.to_bytes(2, "big")))
        elif packet.kind == mqtt.PINGREQ:
            client.stream.write(mqtt.encode(mqtt.PINGRESP))
        return packet.kind not in {mqtt.DISCONNECT, mqtt.CONNECT}

    def _take_request(self, message: mqtt.Publish, client: _Client) -> bool:
        """Hand a request over; QoS 1 is processed, also again, and not acknowledged. [K] BBR"""
        if message.qos:
            self._counters.qos1_publishes += 1
            self._counters.duplicates += message.is_duplicate
            if self._switches().puback:
                body = message.packet_id.to_bytes(2, "big")
                client.stream.write(mqtt.encode(mqtt.PUBACK, body))
        if message.topic == self._topic("request"):
            self._on_request(message.payload)
        else:
            self._counters.violation("foreign_topic")
        return True

    def _subscribe(self, wish: mqtt.Subscribe, client: _Client) -> bool:
        """Grant QoS 0 on the report topic; another wish may end the connection. [K1] ADR2, A1D"""
        for topic in wish.topics:
            is_foreign = topic != self._topic("report")
            has_wildcard = "#" in topic or "+" in topic
            if is_foreign:
                kind = "wildcard_subscription" if has_wildcard else "foreign_subscription"
                self._counters.violation(kind)
            if has_wildcard or topic == self._topic("request"):
                return False
            if is_foreign and self._switches().wrong_serial_subscription == "drop":
                return False
        client.topics.update(wish.topics)
        granted = bytes(len(wish.topics))
        head = wish.packet_id.to_bytes(2, "big")
        client.stream.write(mqtt.encode(mqtt.SUBACK, head + granted))
        return True

    def _topic(self, name: str) -> str:
        return f"device/{self._credentials.serial}/{name}"


async def _skip(stream: TLSStream, count: int) -> None:
    while count > 0:
        count -= len(await stream.readexactly(min(count, mqtt.SKIP_BYTES)))
