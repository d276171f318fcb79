"""The node and the simulated printer as real processes."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from contracts.ids import PrinterId, printer_id_of

BIN = Path(sys.executable).parent
START_WITHIN_S = 45.0
STOP_WITHIN_S = 8.0


@dataclass(frozen=True)
class Simulator:
    """A simulated P1S and its control API."""

    serial: str
    access_code: str
    ready: dict[str, Any]
    http: aiohttp.ClientSession

    @property
    def printer_id(self) -> PrinterId:
        return printer_id_of(self.serial)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ready['control_port']}"

    async def get(self, path: str) -> dict[str, Any]:
        async with self.http.get(self.url + path) as response:
            return dict(await response.json())

    async def post(self, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
        async with self.http.post(self.url + path, json=body or {}) as response:
            assert response.status == 200, await response.text()
            return dict(await response.json())

    async def starts(self) -> int:
        return int((await self.get("/counters"))["starts"])


@asynccontextmanager
async def simulator(folder: Path, *, time_scale: float = 300.0) -> AsyncIterator[Simulator]:
    """Run a printer on free ports."""
    serial, code = f"01P{uuid4().hex[:12].upper()}", "80421753"
    argv = [str(BIN / "layerline-simulator"), "--serial", serial, "--access-code", code]
    argv += ["--data-dir", str(folder), "--time-scale", str(time_scale)]
    for name in ("mqtt", "ftps", "pasv", "camera", "control"):
        argv += [f"--{name}-port", "0"]
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *argv, stdout=asyncio.subprocess.PIPE, stderr=log, start_new_session=True
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_WITHIN_S):
            line = await process.stdout.readline()
        async with aiohttp.ClientSession() as http:
            yield Simulator(serial, code, json.loads(line), http)
    finally:
        await _stop(process, signal.SIGTERM)


@dataclass
class EdgeProcess:
    """`layerline-edge run` with its own data folder; can be killed and started again."""

    env: dict[str, str]
    folder: Path
    process: asyncio.subprocess.Process | None = field(default=None)

    async def start(self) -> None:
        with (self.folder / "edge.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                str(BIN / "layerline-edge"),
                "run",
                env={"PATH": os.environ["PATH"], **self.env},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def stop(self, sig: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        return await _stop(self.process, sig)


async def _stop(process: asyncio.subprocess.Process, sig: signal.Signals) -> int:
    if process.returncode is None:
        process.send_signal(sig)
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            return await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise


def edge_env(
    folder: Path, *, node: str, url: str, creds: Path, printer: Simulator, time_scale: float = 60.0
) -> dict[str, str]:
    """Return the settings of a node with one printer."""
    return {
        "LAYERLINE_NODE": node,
        "LAYERLINE_NATS_URL": url,
        "LAYERLINE_NATS_CREDS": str(creds),
        "LAYERLINE_EDGE_DATA": str(folder),
        "LAYERLINE_TIME_SCALE": str(time_scale),
        "LAYERLINE_LOG_FORMAT": "json",
        "LAYERLINE_LOG_LEVEL": "debug",
        "BAMBU_IP": "127.0.0.1",
        "BAMBU_SERIAL": printer.serial,
        "BAMBU_ACCESS_CODE": printer.access_code,
        "BAMBU_NAME": "Left",
        "BAMBU_CA_FILE": printer.ready["ca_file"],
        "BAMBU_MQTT_PORT": str(printer.ready["mqtt_port"]),
        "BAMBU_FTPS_PORT": str(printer.ready["ftps_port"]),
        "BAMBU_CAMERA_PORT": str(printer.ready["camera_port"]),
    }
