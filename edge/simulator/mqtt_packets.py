"""MQTT 3.1.1 packets, as far as the printer's small broker speaks them. Pure.

Own code: the sans-io packet library for Python speaks MQTT 5 alone, and no broker library can be
told to leave out a PUBACK or to cut a client off for what it subscribes to.
"""

from dataclasses import dataclass

CONNECT, CONNACK, PUBLISH, PUBACK = 1, 2, 3, 4
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = 8, 9, 10, 11
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14
MAX_LENGTH_BYTES = 4
SKIP_BYTES = 4096
IGNORED = 0
"""Stands for a packet that was read past."""


class BadPacket(Exception):
    """Bytes that are no packet the broker understands: it drops the connection."""


class OtherProtocol(BadPacket):
    """A CONNECT of another MQTT than 3.1.1: it is refused in MQTT 3.1.1's words."""


@dataclass(frozen=True)
class Packet:
    """One packet: its kind, the flags of its first byte, the rest."""

    kind: int
    flags: int
    body: bytes


@dataclass(frozen=True)
class Connect:
    """What a client says first."""

    client_id: str
    username: str
    password: str
    keepalive_s: int


@dataclass(frozen=True)
class Publish:
    """A message from a client."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int
    is_duplicate: bool


@dataclass(frozen=True)
class Subscribe:
    """Topics that a client wants."""

    packet_id: int
    topics: tuple[str, ...]


def encode(kind: int, body: bytes = b"", flags: int = 0) -> bytes:
    """Return the bytes of a packet."""
    length = len(body)
    header = bytearray([kind << 4 | flags])
    while True:
        length, byte = divmod(length, 128)
        header.append(byte | (0x80 if length else 0))
        if not length:
            return bytes(header) + body


def publish(topic: str, payload: bytes) -> bytes:
    """Return a QoS 0 message."""
    name = topic.encode()
    return encode(PUBLISH, len(name).to_bytes(2, "big") + name + payload)


def parse_connect(body: bytes) -> Connect:
    """Return the CONNECT; raise OtherProtocol for another one than MQTT 3.1.1."""
    reader = _Reader(body)
    if reader.text() != "MQTT" or reader.byte() != 4:
        raise OtherProtocol("not MQTT 3.1.1")
    flags = reader.byte()
    keepalive = reader.number()
    client_id = reader.text()
    if flags & 0x04:
        reader.text()
        reader.blob()
    username = reader.text() if flags & 0x80 else ""
    password = reader.text() if flags & 0x40 else ""
    return Connect(client_id, username, password, keepalive)


def parse_publish(packet: Packet) -> Publish:
    """Return the PUBLISH."""
    reader = _Reader(packet.body)
    qos = packet.flags >> 1 & 0x03
    topic = reader.text()
    packet_id = reader.number() if qos else 0
    return Publish(topic, reader.rest(), qos, packet_id, bool(packet.flags & 0x08))


def parse_subscribe(packet: Packet) -> Subscribe:
    """Return the SUBSCRIBE or UNSUBSCRIBE."""
    reader = _Reader(packet.body)
    packet_id = reader.number()
    topics: list[str] = []
    while not reader.is_empty:
        topics.append(reader.text())
        if packet.kind == SUBSCRIBE:
            reader.byte()
    return Subscribe(packet_id, tuple(topics))


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    @property
    def is_empty(self) -> bool:
        return self._at >= len(self._body)

    def _take(self, count: int) -> bytes:
        taken = self._body[self._at : self._at + count]
        if len(taken) < count:
            raise BadPacket("cut short")
        self._at += count
        return taken

    def byte(self) -> int:
        return self._take(1)[0]

    def number(self) -> int:
        return int.from_bytes(self._take(2), "big")

    def blob(self) -> bytes:
        return self._take(self.number())

    def text(self) -> str:
        try:
            return self.blob().decode()
        except UnicodeDecodeError:
            raise BadPacket("not UTF-8") from None

    def rest(self) -> bytes:
        return self._body[self._at :]
