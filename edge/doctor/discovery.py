"""Hearing where a printer says it is: it announces itself about every 30 s. [K1 BDY]

Anybody can send such a datagram, so it is a hint for a person; who answers there is proved by
TLS as everywhere.
"""

import asyncio
import socket
from dataclasses import dataclass

MAX_BYTES = 2048


@dataclass(frozen=True)
class Announcements:
    """Where they are listened for, and how long; 0 s: not at all."""

    host: str = ""
    """Every address of this computer: a broadcast comes to none in particular."""
    port: int = 2021
    within_s: float = 35.0


async def hear_of(serial: str, announcements: Announcements) -> str | None:
    """Return the address that the printer gives itself, None if it isn't heard of in time."""
    if announcements.within_s <= 0:
        return None
    try:
        heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    except OSError:
        return None
    with heard:
        try:
            heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            heard.setblocking(False)
            heard.bind((announcements.host, announcements.port))
        except OSError:
            return None  # another program has the port
        try:
            async with asyncio.timeout(announcements.within_s):
                return await _address_of(serial, heard)
        except (TimeoutError, OSError):
            return None


async def _address_of(serial: str, heard: socket.socket) -> str:
    loop = asyncio.get_running_loop()
    while True:
        datagram = await loop.sock_recv(heard, MAX_BYTES)
        address = read_announcement(datagram, serial)
        if address is not None:
            return address


def read_announcement(datagram: bytes, serial: str) -> str | None:
    """Return the address in an announcement of this printer; None for any other datagram."""
    head, *lines = datagram.decode(errors="replace").splitlines() or [""]
    fields = {
        key.strip().lower(): value.strip()
        for key, separator, value in (line.partition(":") for line in lines)
        if separator
    }
    if not head.startswith("NOTIFY") or fields.get("usn", "").upper() != serial.upper():
        return None
    try:
        socket.inet_aton(fields.get("location", ""))
    except OSError:
        return None
    return fields["location"]
