"""Telling systemd that the process is ready and that its loop turns (sd_notify's datagrams)."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


@asynccontextmanager
async def supervised() -> AsyncIterator[None]:
    """Be watched while the block runs; does nothing where no service manager asks for it.

    A loop that stands still sends nothing, and the service manager restarts the process after
    its WatchdogSec.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        yield
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.setblocking(False)
        # "@" stands for the zero byte of an abstract address.
        channel.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        _tell(channel, READY)
        beating = asyncio.create_task(_beat(channel))
        try:
            yield
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating
            _tell(channel, STOPPING)


async def _beat(channel: socket.socket) -> None:
    limit_us = os.environ.get("WATCHDOG_USEC", "")
    if not limit_us.isdigit():
        return
    while True:
        _tell(channel, ALIVE)
        await asyncio.sleep(int(limit_us) / 1_000_000 / 3)


def _tell(channel: socket.socket, message: str) -> None:
    # A full or vanished socket is the service manager's trouble, not the print's.
    with suppress(OSError):
        channel.send(message.encode())
