"""What forks do in tests."""

import asyncio
import json
import os
import signal
import socket
import sys

import anyio.lowlevel
import httpx
import uvicorn

from deploy.local.process import free_port


def tell() -> int:
    """Say what this process was given; end with 7."""
    told = {"argv": sys.argv, "env": dict(os.environ), "session": os.getsid(0)}
    sys.stdout.write(json.dumps(told))
    return 7


def stay() -> None:
    """Say `ready` and stay."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    signal.pause()


def use() -> None:
    """Do with the libraries what services do; say what they loaded only now."""
    known = set(sys.modules)
    asyncio.run(_use())
    sys.stdout.write(json.dumps(sorted(set(sys.modules) - known)))


async def _use() -> None:
    await anyio.lowlevel.checkpoint()
    socket.getaddrinfo("localhost", None)
    uvicorn.Config(_nothing).load()
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            await client.get(f"http://127.0.0.1:{free_port()}")
        except httpx.ConnectError:
            return


async def _nothing(scope: object, receive: object, send: object) -> None:
    """Be an application of ASGI."""
