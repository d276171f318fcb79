"""`layerline-simulator`: a P1S on real sockets."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from ipaddress import IPv4Address
from pathlib import Path

from edge.simulator.ams import (
    DEFAULT_SPOOL,
    TRAYS_PER_AMS,
    Filament,
    Loaded,
    loaded,
    spool_or_none,
)
from edge.simulator.hosting import HostOptions, Ready, host_printer
from edge.simulator.printer import PrinterOptions
from edge.simulator.recording import Replay, read_capture
from edge.simulator.scenarios import scenarios
from edge.simulator.switches import SwitchBoard, Switches

SERIAL_LENGTH = 15
EXIT_USAGE = 2
DEFAULT_FILAMENTS = (Filament("PLA", "F2754EFF"), Filament("PETG", "1F79E5FF"))


def main(argv: Sequence[str] | None = None) -> None:
    """Run one printer until SIGTERM; exit 2 with a sentence when it can't."""
    options = _parser().parse_args(argv)
    if options.list:
        for name, scenario in scenarios().items():
            print(f"{name:28}{scenario.about}")
        return
    try:
        asyncio.run(_host(_host_options(options)))
    except* (OSError, ValueError) as group:
        for exc in group.exceptions:
            print(f"layerline-simulator: {exc}", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="layerline-simulator",
        description="A simulated Bambu Lab P1S: MQTT over TLS, implicit FTPS, camera.",
    )
    parser.add_argument("--serial", type=_serial, default="01P00A000000001")
    parser.add_argument("--access-code", default="12345678")
    parser.add_argument(
        "--host", type=_ipv4, default="127.0.0.1", help="an IPv4 address of this machine"
    )
    for name, usual in (("mqtt", 8883), ("ftps", 990), ("pasv", 2024), ("camera", 6000)):
        parser.add_argument(f"--{name}-port", type=int, default=usual, help="0: any free port")
    parser.add_argument("--control-port", type=int, default=0, help="the buttons, over HTTP")
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(".layerline/simulator"),
        help="card, certificates, memory, log",
    )
    parser.add_argument("--ca-dir", type=Path, help="a CA that printers share")
    parser.add_argument("--time-scale", type=_scale, default=1.0, help="60: an hour in a minute")
    parser.add_argument("--scenario", choices=sorted(scenarios()), metavar="NAME")
    parser.add_argument("--list", action="store_true", help="list the scenarios and end")
    parser.add_argument("--set", type=json.loads, metavar="JSON", help="switches, by name")
    parser.add_argument("--firmware", help="for example 01.10.00.00")
    parser.add_argument("--mode", choices=("cloud", "lan", "lan+developer"))
    content = parser.add_mutually_exclusive_group()
    content.add_argument("--ams", type=_filaments, metavar="TYPE:RRGGBB,…", help="at most four")
    content.add_argument("--no-ams", action="store_true")
    parser.add_argument(
        "--spool",
        type=_spool,
        default=DEFAULT_SPOOL,
        metavar="TYPE:RRGGBB",
        help="on the external holder, or none",
    )
    parser.add_argument("--replay", type=Path, metavar="FILE", help="tell a capture again")
    parser.add_argument("--ssdp", type=_address, metavar="HOST:PORT", help="announce to, each 30 s")
    return parser


def _serial(text: str) -> str:
    if len(text) != SERIAL_LENGTH or not text.startswith("01P"):
        raise argparse.ArgumentTypeError("a P1S's serial has 15 characters and begins 01P")
    return text


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError:
        raise argparse.ArgumentTypeError("an IPv4 address is expected") from None


def _scale(text: str) -> float:
    scale = float(text)
    if not 0 < scale < float("inf"):
        raise argparse.ArgumentTypeError("more than 0 is expected")
    return scale


def _spool(text: str) -> Filament | None:
    try:
        return spool_or_none(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None


def _filaments(text: str) -> Loaded:
    if text in {"", "none"}:
        return Loaded()
    pairs = [part.partition(":") for part in text.split(",")]
    if len(pairs) > TRAYS_PER_AMS or any(len(color) not in {6, 8} for _, _, color in pairs):
        raise argparse.ArgumentTypeError("at most four of TYPE:RRGGBB")
    return loaded(tuple(Filament(kind, color.upper().ljust(8, "F")) for kind, _, color in pairs))


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError("HOST:PORT is expected")
    return host, int(port)


def _host_options(options: argparse.Namespace) -> HostOptions:
    return HostOptions(
        printer=_printer_options(options),
        control_port=options.control_port,
        scenario=scenarios()[options.scenario] if options.scenario else None,
        announce_to=options.ssdp,
    )


def _printer_options(options: argparse.Namespace) -> PrinterOptions:
    data_dir: Path = options.data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    content = Loaded() if options.no_ams else options.ams or loaded(DEFAULT_FILAMENTS)
    content = replace(content, spool=options.spool)
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
        content=content,
        switches=_switches(options),
        replay=Replay(read_capture(options.replay)) if options.replay else None,
    )


def _switches(options: argparse.Namespace) -> Switches:
    board = SwitchBoard(Switches())
    chosen = {"firmware": options.firmware, "mode": options.mode}
    board.change({key: value for key, value in chosen.items() if value is not None})
    if options.set is not None:
        board.change(dict(options.set))
    return board.now


async def _host(options: HostOptions) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    await host_printer(options, _say_ready, stop)


def _say_ready(ready: Ready) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(asdict(ready)), flush=True)
