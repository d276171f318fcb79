"""`layerline-simulator`: a P1S on real sockets."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from edge.simulator.control import Control
from edge.simulator.printer import PrinterOptions, SimulatedPrinter
from edge.simulator.report import TRAYS_PER_AMS

SERIAL_LENGTH = 15
EXIT_USAGE = 2


def main(argv: Sequence[str] | None = None) -> None:
    """Run one printer until SIGTERM; exit 2 with a sentence when it can't listen."""
    options = _parser().parse_args(argv)
    try:
        asyncio.run(_serve(_options(options), options.control_port))
    except OSError as exc:
        print(f"layerline-simulator: {exc}", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="layerline-simulator",
        description="A simulated Bambu Lab P1S: MQTT over TLS, implicit FTPS, camera.",
    )
    parser.add_argument("--serial", type=_serial, default="01P00A000000001")
    parser.add_argument("--access-code", default="12345678")
    parser.add_argument("--host", default="127.0.0.1")
    for name, usual in (("mqtt", 8883), ("ftps", 990), ("pasv", 2024), ("camera", 6000)):
        parser.add_argument(f"--{name}-port", type=int, default=usual, help="0: any free port")
    parser.add_argument("--control-port", type=int, default=0, help="the buttons, over HTTP")
    parser.add_argument("--data-dir", type=Path, required=True, help="card, certificate, log")
    parser.add_argument("--ca-dir", type=Path, help="a CA that printers share")
    parser.add_argument("--time-scale", type=float, default=1.0, help="60: an hour in a minute")
    parser.add_argument(
        "--ams",
        type=_filaments,
        default=(("PLA", "F2754EFF"), ("PETG", "1F79E5FF")),
        metavar="TYPE:RRGGBB,...",
        help="filaments in the AMS, at most four; none: no AMS",
    )
    return parser


def _serial(text: str) -> str:
    if len(text) != SERIAL_LENGTH or not text.startswith("01P"):
        raise argparse.ArgumentTypeError("a P1S's serial has 15 characters and begins 01P")
    return text


def _filaments(text: str) -> tuple[tuple[str, str], ...]:
    if text in {"", "none"}:
        return ()
    pairs = [part.partition(":") for part in text.split(",")]
    if len(pairs) > TRAYS_PER_AMS or any(len(color) not in {6, 8} for _, _, color in pairs):
        raise argparse.ArgumentTypeError("at most four of TYPE:RRGGBB")
    return tuple((kind, color.upper().ljust(8, "F")) for kind, _, color in pairs)


def _options(options: argparse.Namespace) -> PrinterOptions:
    data_dir: Path = options.data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    return PrinterOptions(
        serial=options.serial,
        access_code=options.access_code,
        host=options.host,
        mqtt_port=options.mqtt_port,
        ftps_port=options.ftps_port,
        pasv_port=options.pasv_port,
        camera_port=options.camera_port,
        data_dir=data_dir,
        ca_dir=(options.ca_dir or data_dir).resolve(),
        time_scale=options.time_scale,
        filaments=options.ams,
    )


async def _serve(options: PrinterOptions, control_port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    printer = SimulatedPrinter(options)
    ports = await printer.start()
    runner = web.AppRunner(Control(printer).app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", control_port)
    await site.start()
    ready = {
        "ready": True,
        "serial": options.serial,
        "host": options.host,
        "mqtt_port": ports.mqtt,
        "ftps_port": ports.ftps,
        "pasv_port": ports.pasv,
        "camera_port": ports.camera,
        "control_port": runner.addresses[0][1],
        "ca_file": str(printer.ca_file),
    }
    print(json.dumps(ready), flush=True)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(printer.run())
        await stop.wait()
        running.cancel()
    await printer.stop()
    await runner.cleanup()
