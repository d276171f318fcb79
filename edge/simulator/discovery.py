"""The printer's announcement to the network, a datagram every 30 s. [K1] BDY ssdp_server.py"""

import asyncio
import socket
from collections.abc import Callable

from edge.simulator.clock import PrinterClock

EVERY_S = 30.0


def announcement(host: str, serial: str, name: str, *, firmware: str, mode: str) -> bytes:
    """Return the NOTIFY datagram. Pure."""
    lines = (
        "NOTIFY * HTTP/1.1",
        "Host: 239.255.255.250:1990",
        "Server: UPnP/1.0",
        f"Location: {host}",
        "NT: urn:bambulab-com:device:3dprinter:1",
        f"USN: {serial}",
        "Cache-Control: max-age=1800",
        "DevModel.bambu.com: C12",
        f"DevName.bambu.com: {name}",
        "DevSignal.bambu.com: -44",
        f"DevConnect.bambu.com: {'cloud' if mode == 'cloud' else 'lan'}",
        "DevBind.bambu.com: free",
        "Devseclink.bambu.com: secure",
        f"DevVersion.bambu.com: {firmware}",
        "DevCap.bambu.com: 1",
        "",
        "",
    )
    return "\r\n".join(lines).encode()


async def announce(
    datagram: Callable[[], bytes | None], host: str, port: int, clock: PrinterClock
) -> None:
    """Send it until cancelled, unless there is none; `host` may be a broadcast address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        while True:
            if (now := datagram()) is not None:
                sock.sendto(now, (host, port))
            await asyncio.sleep(clock.real_s(EVERY_S))
