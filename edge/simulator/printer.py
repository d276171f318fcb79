"""One simulated printer: the machine, its card, its servers, its clock."""

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from edge.simulator.camera import CameraServer
from edge.simulator.card import Card
from edge.simulator.certificates import Certificates, make_certificates
from edge.simulator.faults import Faults
from edge.simulator.ftps_server import FtpsServer
from edge.simulator.machine import Machine, order_of
from edge.simulator.mqtt_server import MqttServer
from edge.simulator.program import Program, read_program
from edge.simulator.report import Report, delta, snapshot, version_modules

TICK_S = 0.05
DELTA_EVERY_S = 0.15
"""Real seconds between deltas: at speed a real printer's 1-3 s would skip percents."""
PUSHALL_EVERY_S = 300.0
FIRMWARE = "01.08.02.00"
REFUSED_CODE = 84033543
CONTROL = frozenset(
    {
        "project_file",
        "pause",
        "resume",
        "stop",
        "gcode_line",
        "gcode_file",
        "print_speed",
        "skip_objects",
        "clean_print_error",
        "calibration",
        "unload_filament",
        "ams_change_filament",
        "ams_control",
        "ams_filament_setting",
    }
)
GHOST_SUFFIX = ".gcode.3mf"


@dataclass(frozen=True)
class PrinterOptions:
    """What a simulated printer is."""

    serial: str
    access_code: str
    host: str
    mqtt_port: int
    ftps_port: int
    pasv_port: int
    camera_port: int
    data_dir: Path
    ca_dir: Path
    time_scale: float
    filaments: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Ports:
    """Where the printer listens."""

    mqtt: int
    ftps: int
    pasv: int
    camera: int


class SimulatedPrinter:
    """A printer that listens; `run` lets its time pass."""

    def __init__(self, options: PrinterOptions) -> None:
        self.options = options
        self.card = Card(options.data_dir / "sd")
        self.machine = Machine(options.host, options.filaments, self._load)
        self.time_scale = options.time_scale
        self._memory = options.data_dir / "memory.json"
        self._recall()
        self.faults = Faults()
        self.mqtt = MqttServer(
            options.serial, options.access_code, lambda: self.faults, self._on_request
        )
        self.ftps = FtpsServer(options.access_code, self.card, lambda: self.faults)
        self.camera = CameraServer(options.access_code)
        self.pushalls = self.pushall_violations = 0
        self._certificates: Certificates | None = None
        self._ports: Ports | None = None
        self._last_pushall = -PUSHALL_EVERY_S
        self._sequence = 0
        self._sent: Report = snapshot(self.machine.report)
        self._virtual_s = 0.0
        self._log_file = options.data_dir / "log.jsonl"

    @property
    def ca_file(self) -> Path:
        """The CA that the printer's certificate comes from."""
        return self.options.ca_dir / "ca.pem"

    async def start(self) -> Ports:
        """Listen on every port; return them."""
        options = self.options
        self._certificates = await asyncio.to_thread(
            make_certificates, options.serial, options.data_dir, options.ca_dir
        )
        wanted = self._ports or Ports(
            options.mqtt_port, options.ftps_port, options.pasv_port, options.camera_port
        )
        context = self._certificates.server_context()
        self._ports = await self._listen(wanted, context)
        return self._ports

    async def _listen(self, wanted: Ports, context: ssl.SSLContext) -> Ports:
        host = self.options.host
        ftps, pasv = await self.ftps.start(host, wanted.ftps, wanted.pasv, context)
        mqtt = await self.mqtt.start(host, wanted.mqtt, context)
        camera = await self.camera.start(host, wanted.camera, context)
        return Ports(mqtt, ftps, pasv, camera)

    async def stop(self) -> None:
        """Go silent: every connection dies without a goodbye."""
        await self.mqtt.stop()
        await self.ftps.stop()
        await self.camera.stop()

    async def power_cycle(self, off_s: float) -> None:
        """Switch off, stay off for real seconds, boot with an empty memory."""
        await self.stop()
        self.machine.power_cycle()
        await asyncio.sleep(off_s)
        await self.start()
        ghost = next((f for f in self.card.files() if f.endswith(GHOST_SUFFIX)), None)
        if self.faults.ghost_print and ghost:
            self.machine.start(order_of({"param": "Metadata/plate_1.gcode"}, ghost))

    async def run(self) -> None:
        """Let time pass until cancelled."""
        last = time.monotonic()
        last_delta = last
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            self._virtual_s += (now - last) * self.time_scale
            last = now
            self.machine.faults = self.faults
            self.machine.report["sdcard"] = self.card.is_inserted
            before = self._memorable()
            self.machine.advance(self._virtual_s)
            if self._memorable() != before:
                self._remember()
            if now - last_delta >= DELTA_EVERY_S:
                last_delta = now
                self._send_delta()

    def jump(self, seconds: float) -> None:
        """Let printer seconds pass at once."""
        self._virtual_s += seconds

    def start_at_screen(self, path: str, member: str) -> None:
        """Somebody starts a file at the screen: ids "0", the file's name. [E]"""
        self.machine.start(order_of({"param": member}, path))

    def clear_plate(self) -> None:
        """Somebody takes the part off."""
        self.machine.part_on_plate = False
        self._remember()

    def _load(self, path: str, member: str) -> Program:
        return read_program(self.card.on_disk(PurePosixPath(path)), member)

    def _memorable(self) -> tuple[bool, int, int]:
        machine = self.machine
        return machine.part_on_plate, machine.collisions, sum(machine.starts.values())

    def _remember(self) -> None:
        machine = self.machine
        memory = {
            "part_on_plate": machine.part_on_plate,
            "collisions": machine.collisions,
            "starts": machine.starts,
        }
        temporary = self._memory.with_suffix(".new")
        temporary.write_text(json.dumps(memory))
        temporary.replace(self._memory)

    def _recall(self) -> None:
        if self._memory.exists():
            memory = json.loads(self._memory.read_text())
            self.machine.part_on_plate = memory["part_on_plate"]
            self.machine.collisions = memory["collisions"]
            self.machine.starts = memory["starts"]

    def _send_delta(self) -> None:
        changed = delta(self._sent, self.machine.report)
        if changed and not self.faults.reports_stall:
            self._sent = snapshot(self.machine.report)
            self._push({**changed, "command": "push_status", "msg": 1})

    def _push(self, status: Report) -> None:
        self._sequence += 1
        self._say({"print": {**status, "sequence_id": str(self._sequence)}})

    def _say(self, message: Report) -> None:
        self._log("report", message)
        self.mqtt.report(json.dumps(message).encode())

    def _log(self, kind: str, message: Any) -> None:
        entry = {"at": time.time(), "printer_s": self._virtual_s, kind: message}
        with self._log_file.open("a") as log:
            log.write(json.dumps(entry) + "\n")

    def _on_request(self, payload: bytes) -> None:
        try:
            request = json.loads(payload.decode(errors="replace"))
        except ValueError:
            return
        self._log("request", request)
        if not isinstance(request, dict):
            return
        for kind, body in request.items():
            if isinstance(body, dict) and isinstance(body.get("command"), str):
                self._obey(kind, body)

    def _obey(self, kind: str, body: Report) -> None:
        command = body["command"]
        if kind == "pushing":
            self._push_all(command)
        elif kind == "info" and command == "get_version":
            modules = version_modules(
                self.options.serial, FIRMWARE, has_ams=bool(self.options.filaments)
            )
            self._echo(kind, {**body, "module": modules})
        elif command in CONTROL and self.faults.refuse_commands:
            refusal = {
                "result": "failed",
                "reason": "mqtt message verify failed",
                "err_code": REFUSED_CODE,
            }
            self._echo(kind, {**body, **refusal}, result=None)
        else:
            act = _ACTIONS.get(command)
            if act is not None:
                is_done = act(self, body)
                self._echo(kind, body, result="success" if is_done else "fail")

    def _push_all(self, command: str) -> None:
        if command != "pushall":
            return
        now = time.monotonic()
        self.pushalls += 1
        if now - self._last_pushall < PUSHALL_EVERY_S / self.time_scale:
            self.pushall_violations += 1
        self._last_pushall = now
        if not self.faults.reports_stall:
            self._sent = snapshot(self.machine.report)
            self._push({**self._sent, "command": "push_status", "msg": 0})

    def _echo(self, kind: str, body: Report, *, result: str | None = "success") -> None:
        if self.faults.echo_is_lost:
            return
        outcome = {} if result is None else {"result": result, "reason": result}
        self._say({kind: {**body, **outcome}})

    def project_file(self, body: Report) -> bool:
        """Take a job; what comes of it is seen in the reports. [K] OBA#38"""
        if not self.faults.ignore_start:
            path = self.card.path_of_url(str(body.get("url") or body.get("file") or ""))
            self.machine.start(order_of(body, str(path)))
        return True


def _speed(printer: SimulatedPrinter, body: Report) -> bool:
    printer.machine.set_speed(int(body.get("param") or 0))
    return True


def _light(printer: SimulatedPrinter, body: Report) -> bool:
    printer.machine.set_light(str(body.get("led_mode", "off")))
    return True


def _clear_error(printer: SimulatedPrinter, _: Report) -> bool:
    printer.machine.clear_error()
    return True


_ACTIONS: dict[str, Callable[[SimulatedPrinter, Report], bool]] = {
    "project_file": SimulatedPrinter.project_file,
    "pause": lambda printer, _: printer.machine.pause(),
    "resume": lambda printer, _: printer.machine.resume(),
    "stop": lambda printer, _: printer.machine.stop(),
    "print_speed": _speed,
    "ledctrl": _light,
    "clean_print_error": _clear_error,
    "gcode_file": lambda _printer, _body: True,  # acknowledged and inert. [K] OBA#38
}
