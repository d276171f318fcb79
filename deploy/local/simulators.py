"""Simulated printers as child processes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.plan import ACCESS_CODE, AMS, PlannedPrinter, RunningPrinter
from deploy.local.process import ChildProcess, Command, free_port, start, tool

START_WITHIN_S = 20.0


async def start_simulator(
    printer: PlannedPrinter, folder: Path, logs: Path, *, speed: float
) -> tuple[ChildProcess, RunningPrinter]:
    """Start one and return it with its ports; its card survives in `folder`."""
    name = f"printer-{printer.number}"
    # Fixed for the life of the stack, so that a restarted printer is found where it was.
    ports = {kind: free_port() for kind in ("mqtt", "ftps", "pasv", "camera", "control")}
    log_file = logs / f"{name}.log"
    already_said = log_file.stat().st_size if log_file.exists() else 0
    command = Command(name=name, argv=_arguments(printer, folder, ports, speed))
    process = await start(command, log_file)
    ready: dict[str, Any] = {}

    async def says_ready() -> bool:
        with log_file.open() as log:
            log.seek(already_said)
            for line in log:
                if line.startswith('{"ready"'):
                    ready.update(json.loads(line))
        return bool(ready)

    try:
        await process.wait_healthy(says_ready, within_s=START_WITHIN_S)
    except BaseException:
        await process.stop()
        raise
    return process, RunningPrinter(
        planned=printer,
        host=str(ready["host"]),
        mqtt_port=int(ready["mqtt_port"]),
        ftps_port=int(ready["ftps_port"]),
        camera_port=int(ready["camera_port"]),
        control_port=int(ready["control_port"]),
        ca_file=Path(ready["ca_file"]),
    )


def _arguments(
    printer: PlannedPrinter, folder: Path, ports: Mapping[str, int], speed: float
) -> list[str]:
    options = {
        "--serial": printer.serial,
        "--access-code": ACCESS_CODE,
        "--host": "127.0.0.1",
        **{f"--{kind}-port": str(port) for kind, port in ports.items()},
        "--data-dir": str(folder / printer.serial),
        "--ca-dir": str(folder / "ca"),
        "--time-scale": str(speed),
        "--ams": AMS,
    }
    return [tool("layerline-simulator"), *(part for pair in options.items() for part in pair)]
