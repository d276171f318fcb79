"""One simulated printer: the machine, its card and its servers, and the time that passes."""

import asyncio
import contextlib
import secrets
import ssl
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from edge.simulator.ams import Loaded
from edge.simulator.camera import CameraServer
from edge.simulator.card import Card, CardRefused, has_bad_name
from edge.simulator.certificates import Certificates, make_certificates
from edge.simulator.clock import PrinterClock
from edge.simulator.commands import CommandDesk, Credentials, parse_requests
from edge.simulator.ftps_server import FTPSServer
from edge.simulator.job import BUSY
from edge.simulator.machine import Machine
from edge.simulator.memory import Memory
from edge.simulator.mqtt_server import Counters, MQTTServer
from edge.simulator.orders import DEFAULT_MEMBER, JobOrder, screen_order
from edge.simulator.program import (
    STORAGE_ERROR,
    Machinery,
    Program,
    Unprintable,
    read_program,
)
from edge.simulator.recording import Recorder, Replay
from edge.simulator.report import Report, ReportFeed
from edge.simulator.sending import Outbox, Sender
from edge.simulator.switches import SwitchBoard, Switches
from edge.simulator.wire import Wire

PROGRESS_REAL_S = 0.1
"""Changes of percent and layer wait so long for each other; states never wait."""
IDLE_NOISE_S, IDLE_NOISE_REAL_S = 2.7, 1.0
"""[K1] ADR2: 0.37 messages a second. At speed, no more often than the real second."""
BUSY_NOISE_S, BUSY_NOISE_REAL_S = 2.0, 0.5
FLUSHED_AFTER_S = 1.0
MIN_PAUSE_S = 0.005
GHOST_ENDING = ".gcode.3mf"
LATE_PUSHALL_S = 5.0


class Power(StrEnum):
    """Whether the printer runs."""

    ON = "on"
    OFF = "off"
    BOOTING = "booting"


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
    content: Loaded
    switches: Switches
    replay: Replay | None


@dataclass(frozen=True)
class Ports:
    """Where the printer listens."""

    mqtt: int
    ftps: int
    pasv: int
    camera: int


class SimulatedPrinter:
    """A printer that listens once opened; `run` lets its time pass."""

    def __init__(self, options: PrinterOptions, tasks: asyncio.TaskGroup) -> None:
        self.options = options
        self.clock = PrinterClock(options.time_scale, time.monotonic)
        self.board = SwitchBoard(options.switches)
        self.credentials = Credentials(options.serial, options.access_code)
        self.card = Card(options.data_dir / "sd")
        self.machine = Machine(options.host, options.content, self.switches)
        self.counters = Counters()
        self.power = Power.ON
        self.has_wifi = True
        self.pushalls = self.pushall_violations = 0
        self._memory = Memory(
            options.data_dir / "memory.json", self.machine, self.card, self.board, self.credentials
        )
        self._memory.recall()
        self._desk = CommandDesk(self.credentials, self.machine, self.switches)
        self._recorder = Recorder(options.data_dir / "log.jsonl")
        self.wire = Wire(tasks, self._context, self.switches, self.clock)
        self.mqtt = MQTTServer(
            self.credentials, self.switches, self.counters, self._on_request, self._on_connect
        )
        self.ftps = FTPSServer(
            self.credentials, self.card, self.wire, self.clock, self.switches, self.counters
        )
        self.camera = CameraServer(self.credentials, self.clock, self.switches, lambda: self.report)
        self._feed, self._outbox = ReportFeed(), Outbox()
        self._sender = Sender(self.mqtt.publish, self._recorder, self.clock.now_s, self.switches)
        self._orders: asyncio.Queue[JobOrder] = asyncio.Queue(maxsize=64)
        self._wake = asyncio.Event()
        self._certificates: Certificates | None = None
        self._last_pushall_s: float | None = None
        self._boots_at_s = 0.0
        self._connected_at_s = 0.0
        self._flushed_at = float("-inf")

    def switches(self) -> Switches:
        """Return the switches as they are now."""
        return self.board.now

    @property
    def ca_file(self) -> Path:
        """The CA that the printer's certificate comes from."""
        return self.options.ca_dir / "ca.pem"

    async def open(self) -> Ports:
        """Listen on every port; return them. Raise OSError if one is taken."""
        options = self.options
        self._certificates = await asyncio.to_thread(
            make_certificates, options.serial, options.data_dir, options.ca_dir
        )
        mqtt = await self.wire.open(options.host, options.mqtt_port, self.mqtt.serve)
        ftps, pasv = await self.ftps.open(options.host, options.ftps_port, options.pasv_port)
        camera = await self.wire.open(options.host, options.camera_port, self.camera.serve)
        return Ports(mqtt, ftps, pasv, camera)

    def close(self) -> None:
        """Go silent and remember."""
        self.wire.close()
        self._memory.save()
        self._recorder.close()

    async def run(self) -> None:
        """Let time pass until cancelled."""
        self._feed.restart(self.machine.report)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take_orders())
            while True:
                self._wake.clear()
                await self._tick()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause_s()):
                        await self._wake.wait()

    def touched(self) -> None:
        """Say that something was changed from outside: it is told at once."""
        self._wake.set()

    def start_at_screen(self, path: str, member: str = DEFAULT_MEMBER, name: str = "") -> None:
        """Somebody starts a file at the screen. [E]"""
        self._orders.put_nowait(screen_order(path, member, name))

    def insert_card(self, *, is_inserted: bool) -> None:
        """Insert or remove the card."""
        self.card.is_inserted = is_inserted
        self.machine.set_card(is_inserted=is_inserted)
        self.touched()

    def switch_off(self) -> None:
        """Cut the power: memory is lost, connections die without a word."""
        if self.power is not Power.OFF:
            self.power = Power.OFF
            self.wire.cut_power()
            self._outbox.clear()
            self.machine.boot()

    def switch_on(self) -> None:
        """Begin to boot."""
        if self.power is Power.OFF:
            self.power = Power.BOOTING
            self._boots_at_s = self.clock.now_s() + self.switches().boot_s
            self.touched()

    def lose_wifi(self) -> None:
        """Lose the radio: the print goes on, and no connection is told. [K]"""
        if self.has_wifi:
            self.has_wifi = False
            self.wire.lose_reach()

    async def regain_wifi(self) -> None:
        """Have the radio back."""
        if not self.has_wifi:
            self.has_wifi = True
            await self.wire.regain_reach(is_on=self.power is Power.ON)

    @property
    def is_heard(self) -> bool:
        """Whether what it says reaches anybody."""
        return self.has_wifi and self.power is Power.ON

    @property
    def report(self) -> Report:
        """What it would say in full now."""
        replay = self.options.replay
        return replay.state if replay is not None else self.machine.report

    def set_mode(self, mode: str) -> str:
        """Toggle LAN or Developer Mode: a new access code, returned. ValueError. [K] BDY"""
        self.board.change({"mode": mode})
        self.credentials.access_code = f"{secrets.randbelow(10**8):08d}"
        self.mqtt.drop_clients()
        self.ftps.drop_sessions()
        self.camera.drop_viewers()
        self._memory.save()
        return self.credentials.access_code

    def _context(self) -> ssl.SSLContext:
        if self._certificates is None:
            raise RuntimeError("not open yet")
        switches = self.switches()
        return self._certificates.server_context(
            switches.certificate, tls13_allowed=switches.tls13_allowed
        )

    async def _tick(self) -> None:
        now_s = self.clock.now_s()
        if self.power is Power.BOOTING and now_s >= self._boots_at_s:
            await self._boot()
        if self.power is not Power.ON:
            return
        self._disconnect_by_switch(now_s)
        if self.options.replay is not None:
            self._play(self.options.replay, now_s)
        else:
            if self._feed.has_urgent_news(self.machine.report):
                self._flush()
            for is_news in self.machine.advance(now_s):
                self._memory.save()
                if is_news:
                    self._flush()
        for message in self._outbox.due(now_s):
            if message is None:
                self._send_full()
            else:
                self._sender.send_echo(message)
        self._memory.save()
        if self._flush_due_in_s() <= 0:
            self._flush()

    def _pause_s(self) -> float:
        """Return how many real seconds nothing happens."""
        replay = self.options.replay
        dues = [self._outbox.next_due_s()]
        if self.power is Power.BOOTING:
            dues.append(self._boots_at_s)
        if self.power is Power.ON:
            dues.append(replay.next_due_s() if replay else self.machine.next_due_s())
        now_s = self.clock.now_s()
        pauses = [self.clock.real_s(due - now_s) for due in dues if due is not None]
        if self.power is Power.ON:
            pauses.append(self._flush_due_in_s())
        return max(MIN_PAUSE_S, min(pauses, default=IDLE_NOISE_REAL_S))

    def _flush_due_in_s(self) -> float:
        if self.options.replay is not None:
            return IDLE_NOISE_REAL_S
        if self._feed.has_urgent_news(self.machine.report):
            return 0.0
        is_busy = self.machine.report["gcode_state"] in BUSY
        noise_s, floor_s = (
            (BUSY_NOISE_S, BUSY_NOISE_REAL_S) if is_busy else (IDLE_NOISE_S, IDLE_NOISE_REAL_S)
        )
        every_s = max(self.clock.real_s(noise_s), floor_s)
        if self._feed.has_news(self.machine.report):
            every_s = PROGRESS_REAL_S
        return self._flushed_at + every_s - time.monotonic()

    def _flush(self) -> None:
        self._flushed_at = time.monotonic()
        if self.options.replay is None:
            message = self._feed.delta(self.machine.report)
            if message is not None:
                self._sender.send_report(message)

    def _send_full(self) -> None:
        report: Report = dict(self.report)
        if self.switches().total_layers_only_as_delta:
            report.pop("total_layer_num", None)
        self._sender.send_report(self._feed.full(report))

    def _play(self, replay: Replay, now_s: float) -> None:
        for message in replay.due(now_s):
            self._sender.send_report(message)

    async def _boot(self) -> None:
        self.power = Power.ON
        self._feed.restart(self.machine.report)
        await self.wire.restore()
        if self.switches().ghost_print:
            ghosts = [name for name in self.card.files() if name.count("/") == 1]
            for name in [name for name in ghosts if name.endswith(GHOST_ENDING)][:1]:
                self.start_at_screen(name)

    def _on_connect(self) -> None:
        self._connected_at_s = self.clock.now_s()
        if self.switches().half_dead:
            self.board.change({"half_dead": False})  # a reconnect is its cure. [K] BDY#887

    def _disconnect_by_switch(self, now_s: float) -> None:
        every_s = self.switches().disconnect_every_s
        if every_s and self.mqtt.client_count and now_s - self._connected_at_s >= every_s:
            self.mqtt.drop_clients()

    def _on_request(self, payload: bytes) -> None:
        now_s = self.clock.now_s()
        self._recorder.write("request", payload, now_s)
        delay_s = self.switches().echo_delay_s
        if self.ftps.is_uploading:
            delay_s += self.switches().mqtt_lag_during_upload_s
        for kind, body in parse_requests(payload):
            answer = self._desk.answer(kind, body)
            if answer.echo is not None:
                self._outbox.put(now_s + delay_s, answer.echo)
            if answer.order is not None and not self._orders.full():
                self._orders.put_nowait(answer.order)
            if answer.wants_full_report:
                self._ask_full(now_s)
            if answer.resumes_stream and self.switches().reports_stall:
                self.board.change({"reports_stall": False})
        self.touched()

    def _ask_full(self, now_s: float) -> None:
        """Count how often a full report is asked for; once in 5 minutes is enough. [K] OBA"""
        switches = self.switches()
        last_s, self._last_pushall_s = self._last_pushall_s, now_s
        is_too_soon = last_s is not None and now_s - last_s < switches.pushall_every_s
        self.pushalls += 1
        self.pushall_violations += is_too_soon
        delay_s = switches.pushall_delay_s
        if is_too_soon and switches.pushall_too_soon == "ignore":
            return
        if is_too_soon and switches.pushall_too_soon == "delay":
            delay_s += LATE_PUSHALL_S
        self._outbox.put(now_s + delay_s, None)

    async def _take_orders(self) -> None:
        while True:
            order = await self._orders.get()
            outcome = await asyncio.to_thread(self._read, order)
            if self.power is Power.ON:
                for _ in self.machine.advance(self.clock.now_s()):
                    self._flush()
                self.machine.start(order, outcome)
            self.touched()

    def _read(self, order: JobOrder) -> Program | Unprintable:
        """Open the file on the card; what is wrong with it is the answer."""
        switches = self.switches()
        since_s = self.ftps.seconds_since_upload(order.path)
        is_fresh = since_s is not None and since_s < FLUSHED_AFTER_S
        if has_bad_name(order.file_name) or (is_fresh and switches.unflushed_start_fails):
            return Unprintable(STORAGE_ERROR)
        machinery = Machinery(
            switches.models_accepted, switches.nozzle_mm, switches.md5_mismatch_error
        )
        try:
            path = self.card.on_disk(PurePosixPath(order.path))
            return read_program(path, order.member, order.md5, machinery)
        except Unprintable as exc:
            return exc
        except (CardRefused, OSError, ValueError):  # no such place on any disk
            return Unprintable(STORAGE_ERROR)
