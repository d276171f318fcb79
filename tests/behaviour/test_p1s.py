"""The driver of the P1S against a simulated one, as it is and with every doubt the other way."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest
import pytest_asyncio

from edge.bambu.printer import Address, BambuPrinter
from runtime.clock import SystemClock
from tests.behaviour.contract import WITHIN_S, Bench, PowerContract, PrinterContract
from tests.eventually import eventually
from tests.integration.edge.machines import Simulator, simulator

SAMPLE = Path(__file__).parents[2] / "samples" / "cube-small.gcode.3mf"
FRESH_REPORT_S = 30.0
HEALTHY: Mapping[str, object] = MappingProxyType({})
VARIANTS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "connack-4": {"connack_code": 4},
        "pubacks": {"puback": True},
        "few-clients": {"client_limit": 2, "client_limit_drops": "oldest"},
        "newer-firmware": {"firmware": "01.10.00.00"},
        "older-firmware": {"firmware": "01.06.00.00", "mode": "cloud"},
        "slow-full-report": {"pushall_delay_s": 300.0},
        "boot-stage-0": {"idle_stage": 0},
        "layers-as-delta": {"total_layers_only_as_delta": True},
        "layers-zero-at-end": {"total_layers_zero_at_end": True},
        "remembers-outcome": {"boot_forgets_outcome": False},
        "bed-report-stops": {"bed_report_stops_after_print": True},
        "late-echo": {"echo_delay_s": 300.0},
        "late-start": {"start_delay_s": 300.0},
        "slow-parse": {"parse_s": 300.0},
        "stale-outcome": {"stale_outcome_s": 600.0},
        "clamped-ids": {"clamps_ids": True},
        "paused-with-error": {"pause_shows_error": True},
        "no-session-reuse": {"needs_session_reuse": False},
        "reuse-425": {"reuse_refusal": "425"},
        "reuse-522": {"reuse_refusal": "522"},
        "handshake-after-command": {"handshake_after_command": True},
        "upload-close-notify-only": {"upload_end": "close_notify_only"},
        "upload-never-ends": {"upload_end": "never"},
        "upload-426": {"upload_end": "426"},
        "upload-ends-late": {"upload_end": "late"},
        "listing-fin": {"download_end": "fin"},
        "three-pasv-ports": {"pasv_ports": 3},
        "one-ftp-session": {"ftp_sessions": 1},
        "lags-in-uploads": {"mqtt_lag_during_upload_s": 900.0},
        "camera-takes-over": {"camera_second_viewer": "takes_over"},
        "echo-lost": {"echo_is_lost": True},
        "reports-doubled": {"report_is_doubled": True},
        "bad-utf8": {"report_has_bad_utf8": True},
    }
)


@dataclass(frozen=True)
class SimulatedHands:
    """Hands at the simulator's control port."""

    machine: Simulator

    async def set_pace(self, scale: float) -> None:
        await self.machine.post("/time", {"scale": scale})

    async def cut_connections(self) -> None:
        await self.machine.post("/connections/drop")

    async def power(self, *, on: bool) -> None:
        await self.machine.post("/power/on" if on else "/power/off")

    async def end_unheard(self) -> None:
        await self.machine.post("/faults", {"reports_stall": True})

        async def has_ended() -> bool:
            return bool((await self.machine.get("/state"))["gcode_state"] == "FINISH")

        await eventually(has_ended, within_s=WITHIN_S)
        await self.machine.post("/faults", {"reports_stall": False})

    async def starts(self) -> int:
        return await self.machine.starts()


async def a_bench(folder: Path, switches: Mapping[str, object]) -> AsyncIterator[Bench]:
    """Yield a driver and its machine; at the end, nobody may have broken the machine's rules."""
    async with simulator(folder) as machine:
        await machine.post("/plate/clear")
        await machine.post("/faults", {"camera_fps": 10, **switches})
        address = Address(
            name="Left",
            serial=machine.serial,
            host="127.0.0.1",
            access_code=machine.access_code,
            mqtt_port=int(machine.ready["mqtt_port"]),
            ftps_port=int(machine.ready["ftps_port"]),
            camera_port=int(machine.ready["camera_port"]),
            ca_file=None,
        )
        printer = BambuPrinter(
            address, folder=folder / "node", clock=SystemClock(), fresh_report_s=FRESH_REPORT_S
        )
        yield Bench(printer, SimulatedHands(machine), SAMPLE, "Metadata/plate_1.gcode")
        printer.close()
        counters = await machine.get("/counters")
        assert counters["protocol_violations"] == 0
        assert counters["collisions"] == 0


class TestP1S(PrinterContract, PowerContract):
    """As measured or most likely."""

    @pytest_asyncio.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[Bench]:
        async for bench in a_bench(tmp_path, HEALTHY):
            yield bench


@pytest.mark.long
class TestP1SVariants(PrinterContract):
    """Each doubt the other way."""

    @pytest_asyncio.fixture(params=sorted(VARIANTS))
    async def bench(self, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
        async for bench in a_bench(tmp_path, VARIANTS[request.param]):
            yield bench
