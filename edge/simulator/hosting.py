"""Runs one printer and its control port until told to stop."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass

from aiohttp import web

from edge.simulator.control import control_app
from edge.simulator.discovery import announce, announcement
from edge.simulator.fates import apply_scenario
from edge.simulator.printer import PrinterOptions, SimulatedPrinter
from edge.simulator.scenarios import Scenario

CONTROL_HOST = "127.0.0.1"


@dataclass(frozen=True)
class HostOptions:
    """A printer, and what stands around it."""

    printer: PrinterOptions
    control_port: int
    scenario: Scenario | None = None
    announce_to: tuple[str, int] | None = None


@dataclass(frozen=True)
class Ready:
    """Where everything listens; its fields are the line that the command prints."""

    ready: bool
    serial: str
    host: str
    mqtt_port: int
    ftps_port: int
    pasv_port: int
    camera_port: int
    control_port: int
    ca_file: str


async def host_printer(
    options: HostOptions, on_ready: Callable[[Ready], None], stop: asyncio.Event
) -> None:
    """Run until `stop` is set; raise OSError (in a group) if a port is taken."""
    async with asyncio.TaskGroup() as tasks:
        printer = SimulatedPrinter(options.printer, tasks)
        if options.scenario is not None:
            apply_scenario(printer, options.scenario)
        runner = web.AppRunner(control_app(printer), access_log=None)
        running: list[asyncio.Task[None]] = []
        try:
            ports = await printer.open()
            await runner.setup()
            await web.TCPSite(runner, CONTROL_HOST, options.control_port).start()
            running.append(tasks.create_task(printer.run()))
            if options.announce_to is not None:
                running.append(tasks.create_task(_announce(printer, *options.announce_to)))
            control_port = int(runner.addresses[0][1])
            listens = {f"{name}_port": number for name, number in asdict(ports).items()}
            on_ready(
                Ready(
                    ready=True,
                    serial=options.printer.serial,
                    host=options.printer.host,
                    control_port=control_port,
                    ca_file=str(printer.ca_file),
                    **listens,
                )
            )
            await stop.wait()
        finally:
            for task in running:
                task.cancel()
            await runner.cleanup()
            printer.close()


async def _announce(printer: SimulatedPrinter, host: str, port: int) -> None:
    options = printer.options

    def now() -> bytes | None:
        switches = printer.board.now
        if not printer.is_heard:
            return None
        return announcement(
            options.host,
            options.serial,
            f"P1S {options.serial[-4:]}",
            firmware=switches.firmware,
            mode=switches.mode,
        )

    await announce(now, host, port, printer.clock)
