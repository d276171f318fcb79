"""A foreign, unmodified client prints on the simulated printer, on a printer's real ports."""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from deploy.local.process import Command, free_port, http_answers, start

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "samples" / "cube-small.gcode.3mf"
SERIAL, CODE = "01P00A000000077", "12345678"
START_WITHIN_S = 60.0
SESSION_WITHIN_S = 240.0
_RUN = "from edge.simulator.cli import main; main()"
pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Printer:
    """A simulated printer at an address of its own."""

    host: str
    control: str


@pytest_asyncio.fixture
async def printer(tmp_path: Path) -> AsyncIterator[Printer]:
    """Run `layerline-simulator` on 8883, 990 and 6000: the client knows no others."""
    host = f"127.{random.randint(64, 127)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
    control = free_port()
    argv = ["-c", _RUN, "--host", host, "--serial", SERIAL]
    argv += ["--access-code", CODE, "--data-dir", str(tmp_path / "printer")]
    argv += ["--control-port", str(control), "--pasv-port", "0", "--time-scale", "120"]
    process = await start(
        Command(name="simulator", argv=[sys.executable, *argv], env={}), tmp_path / "simulator.log"
    )
    url = f"http://127.0.0.1:{control}"
    try:
        await process.wait_healthy(lambda: http_answers(f"{url}/state"), within_s=START_WITHIN_S)
        yield Printer(host, url)
    finally:
        await process.stop()


async def test_it_uploads_prints_pauses_resumes_and_stops(printer: Printer) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "ignore", "-m", "tests.integration.foreign.bambulabs_session"),
        *(printer.host, CODE, SERIAL, str(SAMPLE)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SESSION_WITHIN_S):
            said, errors = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()

    assert child.returncode == 0, errors.decode()[-2000:]
    steps = dict(json.loads(line) for line in said.splitlines())
    assert steps["nozzle"] == 0.4
    assert steps["upload"].startswith("226")
    assert any("foreign.gcode.3mf" in line for line in steps["listed"][1])
    assert steps["deleted"].startswith("250")
    assert steps["failed"] is True
    async with aiohttp.ClientSession() as http, http.get(f"{printer.control}/counters") as answer:
        counters = await answer.json()
    assert counters["starts"] == 2
    assert counters["collisions"] == 1  # nobody took the first part away
