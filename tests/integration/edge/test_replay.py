"""A print by the driver on a simulated printer, told again from what was captured of it."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.bambu.printer import Address, BambuPrinter
from edge.printer import Echo, Order, PrinterError, PrinterReport, PrinterState, Start, Stop
from edge.replay.command import replay_files
from edge.simulator.certificates import make_certificates
from runtime.clock import SystemClock
from tests.eventually import eventually
from tests.integration.edge.machines import BIN
from tests.integration.simulator.bench import CODE, SERIAL, Bench, simulator
from tests.unit.simulator.sliced import gcode, sliced

SID = 184467
START = Start(
    sid=SID,
    name=f"layerline-{SID}",
    file_name=f"layerline-{SID}.gcode.3mf",
    gcode_path="Metadata/plate_1.gcode",
    use_ams=False,
    ams_mapping=(),
)


class Listener:
    """Keeps the last report."""

    def __init__(self) -> None:
        self.report: PrinterReport | None = None

    def on_report(self, report: PrinterReport) -> None:
        self.report = report

    def on_echo(self, echo: Echo) -> None:
        pass

    def on_offline(self, error: PrinterError) -> None:
        self.report = None

    async def sees(self, state: PrinterState) -> None:
        async def is_so() -> bool:
            return self.report is not None and self.report.state is state

        await eventually(is_so)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("identity")
    make_certificates(SERIAL, folder, folder)
    return folder


@asynccontextmanager
async def connected(bench: Bench, folder: Path) -> AsyncIterator[tuple[BambuPrinter, Listener]]:
    """A driver with a session."""
    address = Address(
        name="Left",
        serial=SERIAL,
        host=bench.ready.host,
        access_code=CODE,
        mqtt_port=bench.ready.mqtt_port,
        ftps_port=bench.ready.ftps_port,
        camera_port=bench.ready.camera_port,
        ca_file=Path(bench.ready.ca_file),
    )
    printer = BambuPrinter(address, folder=folder, clock=SystemClock(), fresh_report_s=30)
    listener = Listener()
    async with asyncio.TaskGroup() as group:
        session = group.create_task(printer.stay_connected(listener))
        try:
            await listener.sees(PrinterState.IDLE)
            yield printer, listener
        finally:
            session.cancel()
    printer.close()


async def run(
    identity: Path, folder: Path, *, orders: tuple[Order, ...], end: PrinterState
) -> Path:
    """Print with the driver and return its capture."""
    shutil.copytree(identity, folder / "printer")
    async with (
        simulator(folder / "printer", scale=60.0 if orders else 600.0) as bench,
        connected(bench, folder) as (printer, listener),
    ):
        bench.put_on_card(START.file_name, sliced(gcode(layers=20, minutes=100)))
        await printer.send(START)
        for order in orders:
            await listener.sees(PrinterState.RUNNING)
            await printer.send(order)
        await listener.sees(end)
    return folder / "capture" / f"{SERIAL}.jsonl"


async def test_a_print_to_its_end(identity: Path, tmp_path: Path) -> None:
    capture = await run(identity, tmp_path, orders=(), end=PrinterState.FINISH)

    document = json.loads(replay_files([capture], as_json=True))

    decided = [m["decision"] for m in document["moments"] if m["decision"]]
    assert decided == ["sent", "started", "done"]
    assert document["last_decisions"] == {START.name: "done"}
    assert CODE not in capture.read_text()


async def test_a_print_that_was_stopped_by_the_command(identity: Path, tmp_path: Path) -> None:
    capture = await run(identity, tmp_path, orders=(Stop(),), end=PrinterState.FAILED)

    process = await asyncio.create_subprocess_exec(
        str(BIN / "layerline-edge"), "replay", str(capture), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()

    assert process.returncode == 0
    assert f"{START.name}: cancelled." in output.decode()


async def test_a_file_that_is_not_there_is_exit_code_2(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        str(BIN / "layerline-edge"),
        "replay",
        str(tmp_path / "none.jsonl"),
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert "Traceback" not in errors.decode()
