"""Floors that are servers: a broker without accounts, an HTTP app of few routes."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.process import Command, free_port, port_answers, start, tool

WITHIN_S = 60.0


@asynccontextmanager
async def bare_broker(folder: Path) -> AsyncIterator[str]:
    """Yield the URL of a broker that syncs every message, as ours does."""
    port = free_port()
    config = _config(folder, port)
    command = Command(name="bare broker", argv=[tool("nats-server"), "-c", str(config)])
    process = await start(command, folder / "bare.log")
    try:
        await process.wait_healthy(lambda: port_answers(port), within_s=WITHIN_S)
        yield f"nats://127.0.0.1:{port}"
    finally:
        await process.stop()


def _config(folder: Path, port: int) -> Path:
    folder.mkdir(exist_ok=True)
    config = folder / "bare.conf"
    store = f'{{ store_dir: "{folder}/bare", sync_interval: always }}'
    config.write_text(f"listen: 127.0.0.1:{port}\njetstream {store}\n")
    return config


@asynccontextmanager
async def bare_app(floor: str, *arguments: str, log_file: Path) -> AsyncIterator[int]:
    """Yield the port of tests.bench.floors.`floor`, which gets its arguments and a port."""
    port = free_port()
    argv = [sys.executable, "-m", f"tests.bench.floors.{floor}", *arguments, str(port)]
    process = await start(Command(name=f"bare {floor}", argv=argv), log_file)
    try:
        await process.wait_healthy(lambda: port_answers(port), within_s=WITHIN_S)
        yield port
    finally:
        await process.stop()
