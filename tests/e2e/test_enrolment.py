"""A node comes in with a code, its printer goes online; revoked, it is out and stays out."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local.demo.client import Json, Person, open_browser, sign_in
from deploy.local.plan import ACCESS_CODE, PlannedPrinter, RunningPrinter
from deploy.local.process import ChildProcess, Command, start, tool
from deploy.local.simulators import start_simulator
from deploy.local.state import StackState, read_state
from edge.enrol.files import NodeFiles
from tests.e2e.conftest import layerline
from tests.eventually import eventually
from tests.fixtures.folders import open_to_postgres

NODE = "attic"
WITHIN_S = 60
CLOSED_FOR_GOOD = 70

pytestmark = pytest.mark.timeout(240)


@pytest_asyncio.fixture
async def own_stack(tmp_path: Path) -> AsyncIterator[StackState]:
    """A stack of this test's own: a printer more would get in the way of others."""
    data_dir = tmp_path / "stack"
    open_to_postgres(tmp_path)
    started = layerline(data_dir, "up", "--background", "--printers", "1")
    state = read_state(data_dir)
    if state is None:
        pytest.fail(f"the stack did not come up: {started.stdout}{started.stderr}")
    yield state
    assert "stopped" in layerline(data_dir, "down").stdout


@asynccontextmanager
async def a_printer(folder: Path) -> AsyncIterator[RunningPrinter]:
    """Yield a simulated printer that the stack doesn't know."""
    process, running = await start_simulator(PlannedPrinter(77, NODE), folder, folder, speed=20)
    try:
        yield running
    finally:
        await process.stop()


@asynccontextmanager
async def running(env: Mapping[str, str], log: Path) -> AsyncIterator[ChildProcess]:
    """Yield `layerline-edge run`."""
    process = await start(Command("edge", [tool("layerline-edge"), "run"], env=env), log)
    try:
        yield process
    finally:
        await process.stop()


def node_env(data: Path, printer: RunningPrinter) -> dict[str, str]:
    """Return the settings of the node: nothing of the broker, that comes with enrolment."""
    return {
        "LAYERLINE_EDGE_DATA": str(data),
        "LAYERLINE_LOG_FORMAT": "json",
        "BAMBU_IP": printer.host,
        "BAMBU_SERIAL": printer.planned.serial,
        "BAMBU_ACCESS_CODE": ACCESS_CODE,
        "BAMBU_NAME": "Attic",
        "BAMBU_CA_FILE": str(printer.ca_file),
        "BAMBU_MQTT_PORT": str(printer.mqtt_port),
        "BAMBU_FTPS_PORT": str(printer.ftps_port),
        "BAMBU_CAMERA_PORT": str(printer.camera_port),
    }


def enroll(url: str, code: str, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run `layerline-edge enroll`."""
    return subprocess.run(
        [tool("layerline-edge"), "enroll", url, code],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


async def the_node(ada: Person) -> Json:
    (node,) = [n for n in await ada.get("/api/nodes") if n["name"] == NODE]
    assert isinstance(node, dict)
    return node


async def test_node_is_enrolled_serves_its_printer_and_is_revoked(
    own_stack: StackState, tmp_path: Path
) -> None:
    data = tmp_path / "node"
    async with a_printer(tmp_path) as printer, open_browser(own_stack.url) as browser:
        ada = await sign_in(browser, "ada")
        new = await ada.post(
            "/api/nodes",
            {"name": NODE, "printers": [{"serial": printer.planned.serial, "name": "Attic"}]},
        )
        env = node_env(data, printer)
        wrong = enroll(own_stack.url, "WRONG-CODE", env)
        assert wrong.returncode == 1
        assert "get a new one" in wrong.stderr
        assert not (data / "node.creds").exists()
        for _ in range(2):  # the second run does no harm
            enrolled = enroll(own_stack.url, new["code"], env)
            assert (enrolled.returncode, enrolled.stderr) == (0, "")
            assert f"node {NODE}" in enrolled.stdout
        seed = NodeFiles(data).credentials().seed

        async def is_online() -> bool:
            (found,) = [p for p in await ada.get("/api/printers") if p["node"] == NODE]
            return bool(found["is_online"])

        async with running(env, tmp_path / "edge.log") as edge:
            await eventually(is_online, within_s=WITHIN_S)
            assert (await the_node(ada))["last_fact_at"] is not None
            await ada.post(f"/api/nodes/{NODE}/revoke")
            async with asyncio.timeout(WITHIN_S):
                assert await edge.wait() == CLOSED_FOR_GOOD

        async def is_cut() -> bool:
            return (await the_node(ada))["cut_at"] is not None

        await eventually(is_cut, within_s=WITHIN_S)
        async with running(env, tmp_path / "again.log"):

            async def is_refused() -> bool:
                log = (tmp_path / "again.log").read_text()
                return "renewal_refused" in log and "key-revoked" in log

            await eventually(is_refused, within_s=WITHIN_S)
        for text in (tmp_path / "edge.log").read_text(), (tmp_path / "again.log").read_text():
            assert seed not in text
            assert new["code"] not in text
            assert all(json.loads(line) for line in text.splitlines() if line.startswith("{"))
