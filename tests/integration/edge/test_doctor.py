"""`layerline-edge doctor` against a simulated printer, healthy and in every kind of trouble."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.local.process import free_port
from edge.bambu.codes.decode import error_fault
from edge.bambu.tls import anchor_path
from edge.doctor.discovery import Announcements
from edge.doctor.examination import examine
from edge.doctor.findings import Chart, Check, Outcome, Unknown
from edge.doctor.patience import Patience
from edge.doctor.rendering import Examination, as_document, as_text
from edge.doctor.subject import subject_of
from edge.settings import PrinterSettings
from edge.simulator.certificates import make_certificates
from runtime.clock import SystemClock
from tests.integration.edge.golden_files import assert_golden, normal
from tests.integration.simulator.bench import CODE, SERIAL, Bench, simulator
from tests.unit.simulator.sliced import gcode, sliced

HOMING_FAILED = 0x03004000
Start = Callable[..., AbstractAsyncContextManager[Bench]]
DEAF = Announcements(within_s=0)
QUIET = replace(Patience(), puback_s=0.2)
"""Short for what never comes; what comes late on a loaded machine is given its time."""


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CA and the printer's certificate: making keys is slow."""
    folder = tmp_path_factory.mktemp("identity")
    make_certificates(SERIAL, folder, folder)
    return folder


@pytest.fixture
def start(identity: Path, tmp_path: Path) -> Start:
    """Start a simulator with switches."""
    folder = tmp_path / "printer"
    shutil.copytree(identity, folder)
    return partial(simulator, folder)


def settings_for(bench: Bench, **changes: object) -> PrinterSettings:
    """Return what a node would have in its settings."""
    values = {
        "name": "Left",
        "ip": bench.ready.host,
        "serial": SERIAL,
        "access_code": SecretStr(CODE),
        "mqtt_port": bench.ready.mqtt_port,
        "ftps_port": bench.ready.ftps_port,
        "ca_file": Path(bench.ready.ca_file),
    }
    return PrinterSettings.model_validate(values | changes)


async def examined(
    printer: PrinterSettings,
    folder: Path,
    *,
    patience: Patience = QUIET,
    counts_clients: bool = False,
    announcements: Announcements = DEAF,
) -> Chart:
    """Examine with a node's data folder that is `folder`."""
    scratch = folder / "scratch"
    scratch.mkdir()
    subject = subject_of(
        printer,
        edge_data=folder,
        scratch=scratch,
        clock=SystemClock(),
        patience=patience,
        announcements=announcements,
    )
    return await examine(subject, counts_clients=counts_clients)


def examination(printer: PrinterSettings, chart: Chart) -> Examination:
    return Examination(datetime(2026, 1, 2, tzinfo=UTC), "0.1.0", ((printer, chart),), ())


def assert_reads(name: str, printer: PrinterSettings, chart: Chart, folder: Path) -> None:
    """Compare the text with its golden file; the driver's table of faults is not the doctor's."""
    text = normal(as_text(examination(printer, chart)), folder)
    fault = error_fault(HOMING_FAILED)
    assert fault is not None
    for part in (fault.text, fault.advice):
        text = text.replace(part or "-", "…")
    assert_golden(name, text)


def failed(chart: Chart) -> list[Check]:
    return [f.check for f in chart.in_order() if f.outcome is Outcome.FAILED]


class TestHealthy:
    async def test_all_is_well_and_nothing_is_left_behind(
        self, start: Start, tmp_path: Path
    ) -> None:
        async with start() as bench:
            printer = settings_for(bench)
            chart = await examined(printer, tmp_path)
            counters = await bench.get("/counters")
            files = await bench.get("/card")

        assert_reads("healthy", printer, chart, tmp_path)
        assert counters["protocol_violations"] == 0
        assert counters["pushalls"] == 1
        assert counters["starts"] == 0
        assert "doctor" not in json.dumps(files)

    async def test_what_is_unknown_about_a_p1s_is_answered(
        self, start: Start, tmp_path: Path
    ) -> None:
        async with start(
            puback=True, connack_code=4, needs_session_reuse=False, handshake_after_command=True
        ) as bench:
            chart = await examined(
                settings_for(bench), tmp_path, patience=replace(Patience(), puback_s=20, order_s=1)
            )

        assert failed(chart) == []
        answers = chart.answers
        assert answers[Unknown.PUBACK] is True
        assert answers[Unknown.WRONG_CODE] == "connack 4"
        assert answers[Unknown.SESSION_REUSE] is False
        assert answers[Unknown.HANDSHAKE] == "after the command"
        assert answers[Unknown.PASSIVE_PORTS] == bench.ready.pasv_port
        assert answers[Unknown.GREETING] == "BBL-P003 FTP Server"
        assert answers[Unknown.FIRMWARE] == "01.08.02.00"
        assert abs(int(answers[Unknown.CARD_CLOCK] or 0)) < 5

    async def test_the_document_holds_neither_code_nor_serial(
        self, start: Start, tmp_path: Path
    ) -> None:
        async with start() as bench:
            printer = settings_for(bench, name=SERIAL)
            chart = await examined(printer, tmp_path)

        masked = json.dumps(as_document(examination(printer, chart), shows_serials=False))
        shown = json.dumps(as_document(examination(printer, chart), shows_serials=True))
        assert CODE not in masked + shown
        assert SERIAL not in masked
        assert SERIAL in shown
        assert json.loads(masked)["is_well"] is True
        assert json.loads(masked)["printers"][0]["report"]["gcode_state"] == "IDLE"

    async def test_a_printer_never_met_is_trusted_for_the_examination_alone(
        self, start: Start, tmp_path: Path
    ) -> None:
        async with start() as bench:
            printer = settings_for(bench, ca_file=None)
            chart = await examined(printer, tmp_path)

        assert_reads("first-meeting", printer, chart, tmp_path)
        assert not anchor_path(tmp_path, SERIAL).exists()


class TestClientLimit:
    @pytest.mark.parametrize(
        ("drops", "answer"),
        [("newest", "1, the newest is refused"), ("oldest", "1, the oldest is dropped")],
    )
    async def test_it_is_counted_when_asked_for(
        self, start: Start, tmp_path: Path, drops: str, answer: str
    ) -> None:
        patience = replace(QUIET, settle_s=0.5 if drops == "newest" else 2.0)
        async with start(client_limit=1, client_limit_drops=drops) as bench:
            chart = await examined(
                settings_for(bench), tmp_path, patience=patience, counts_clients=True
            )
        assert chart.answers[Unknown.CLIENT_LIMIT] == answer
        assert failed(chart) == []


class TestAtWork:
    async def test_a_print_is_not_disturbed(self, start: Start, tmp_path: Path) -> None:
        async with start(scale=1.0, hang_in_prepare=True) as bench:
            bench.put_on_card("job.gcode.3mf", sliced(gcode()))
            async with bench.mqtt() as talk:
                await talk.start("job.gcode.3mf")
                await bench.state(gcode_state="PREPARE")
            printer = settings_for(bench)
            chart = await examined(printer, tmp_path)
            counters = await bench.get("/counters")

        assert_reads("printing", printer, chart, tmp_path)
        assert counters["uploads"] == {}
        assert counters["refused_logins"] == 0
        assert counters["qos1_publishes"] == 0


async def _nothing(_: Bench) -> None:
    """Leave the printer as the switches made it."""


async def _remove_card(bench: Bench) -> None:
    await bench.post("/card/remove")


async def _fail(bench: Bench) -> None:
    bench.put_on_card("job.gcode.3mf", sliced(gcode()))
    async with bench.mqtt() as talk:
        await talk.start("job.gcode.3mf")
        await bench.state(gcode_state="RUNNING")
        await bench.post("/incidents", {"name": "homing-failed"})
        await bench.state(gcode_state="FAILED")


WAITS_IN_VAIN: dict[str, dict[str, float]] = {
    "reports-stall": {"report_s": 2.0},
    "no-echo": {"answer_s": 1.0},
    "upload-unconfirmed": {"upload_end_s": 1.0},
}


@pytest.mark.parametrize(
    ("name", "switches", "prepare", "expected"),
    [
        ("reports-stall", {"reports_stall": True}, _nothing, [Check.MESSAGES]),
        ("developer-mode-off", {"mode": "lan"}, _nothing, [Check.ORDERS]),
        (
            "developer-mode-off-bare-echo",
            {"mode": "lan", "refusal_has_result": False, "refusal_shows_hms": False},
            _nothing,
            [Check.ORDERS],
        ),
        ("no-echo", {"echo_is_lost": True}, _nothing, [Check.FIRMWARE, Check.ORDERS]),
        ("updating", {"upgrade_status": "DOWNLOADING"}, _nothing, [Check.FIRMWARE]),
        ("no-card", {}, _remove_card, [Check.CARD]),
        ("error-shown", {}, _fail, [Check.CONDITION]),
        ("card-full", {"storage": "full", "storage_refusal": "552"}, _nothing, [Check.UPLOAD]),
        ("card-cuts", {"storage": "full", "storage_refusal": "cut"}, _nothing, [Check.UPLOAD]),
        ("upload-truncated", {"upload_end": "truncated"}, _nothing, [Check.UPLOAD]),
        ("upload-unconfirmed", {"upload_end": "never"}, _nothing, []),
        ("upload-complained-of", {"upload_end": "426"}, _nothing, []),
        ("printer-clock-behind", {"card_clock_offset_s": -864_000.0}, _nothing, []),
        ("newer-firmware", {"firmware": "01.12.00.00"}, _nothing, []),
        ("certificate-expired", {"certificate": "expired"}, _nothing, [Check.IDENTITY]),
        ("another-printer", {"certificate": "other_cn"}, _nothing, [Check.IDENTITY]),
    ],
)
async def test_trouble_is_told_with_what_to_do(
    start: Start,
    tmp_path: Path,
    name: str,
    switches: dict[str, object],
    prepare: Callable[[Bench], "asyncio.Future[None]"],
    expected: list[Check],
) -> None:
    patience = replace(QUIET, **WAITS_IN_VAIN.get(name, {}))
    async with start(**switches) as bench:
        await prepare(bench)
        printer = settings_for(bench)
        chart = await examined(printer, tmp_path, patience=patience)

    assert failed(chart) == expected
    assert_reads(name, printer, chart, tmp_path)


class TestDoor:
    async def test_a_wrong_access_code(self, start: Start, tmp_path: Path) -> None:
        async with start() as bench:
            printer = settings_for(bench, access_code=SecretStr("00000001"))
            chart = await examined(printer, tmp_path)
            counters = await bench.get("/counters")

        assert_reads("wrong-access-code", printer, chart, tmp_path)
        assert counters["refused_logins"] == 1

    async def test_too_many_connections(self, start: Start, tmp_path: Path) -> None:
        async with start(client_limit=1) as bench, bench.mqtt():
            printer = settings_for(bench)
            chart = await examined(printer, tmp_path)
        assert_reads("too-many-connections", printer, chart, tmp_path)

    async def test_the_file_server_is_taken(self, start: Start, tmp_path: Path) -> None:
        async with start(ftp_sessions=1) as bench:
            _, writer = await asyncio.open_connection(
                bench.ready.host, bench.ready.ftps_port, ssl=bench.tls()
            )
            printer = settings_for(bench)
            chart = await examined(printer, tmp_path)
            writer.transport.abort()
        assert_reads("file-server-taken", printer, chart, tmp_path)

    async def test_another_issuer_than_before(self, start: Start, tmp_path: Path) -> None:
        other = tmp_path / "other"
        other.mkdir()
        make_certificates(SERIAL, other, other)
        kept = anchor_path(tmp_path, SERIAL)
        kept.parent.mkdir()
        shutil.copy(other / "ca.pem", kept)
        async with start() as bench:
            printer = settings_for(bench, ca_file=None)
            chart = await examined(printer, tmp_path)
        assert_reads("another-issuer", printer, chart, tmp_path)

    async def test_a_ca_file_that_is_none(self, start: Start, tmp_path: Path) -> None:
        wrong = tmp_path / "ca.pem"
        wrong.write_text("no certificate")
        async with start() as bench:
            printer = settings_for(bench, ca_file=wrong)
            chart = await examined(printer, tmp_path)
        assert_reads("unreadable-ca-file", printer, chart, tmp_path)


class TestNetwork:
    async def test_nobody_listens(self, tmp_path: Path) -> None:
        printer = unreachable(free_port())
        chart = await examined(printer, tmp_path)
        assert_reads("nobody-listens", printer, chart, tmp_path)

    async def test_a_printer_that_has_moved_is_heard_of(self, start: Start, tmp_path: Path) -> None:
        port = free_port()
        announcements = Announcements("127.0.0.1", port, within_s=20)
        async with start(announce_to=("127.0.0.1", port)):
            printer = unreachable(free_port()).model_copy(update={"ip": "127.0.0.2"})
            chart = await examined(printer, tmp_path, announcements=announcements)
        assert_reads("printer-has-moved", printer, chart, tmp_path)

    async def test_the_name_is_unknown(self, tmp_path: Path) -> None:
        printer = unreachable(8883).model_copy(update={"ip": "printer.invalid"})
        chart = await examined(printer, tmp_path)
        assert_reads("name-unknown", printer, chart, tmp_path)

    async def test_something_else_listens(self, tmp_path: Path) -> None:
        async with a_mute_server() as port:
            printer = unreachable(port)
            chart = await examined(printer, tmp_path, patience=replace(QUIET, handshake_s=0.5))
        assert_reads("something-else-listens", printer, chart, tmp_path)


def unreachable(port: int) -> PrinterSettings:
    return PrinterSettings(
        name="Left",
        ip="127.0.0.1",
        serial=SERIAL,
        access_code=SecretStr(CODE),
        mqtt_port=port,
        ftps_port=port,
    )


@asynccontextmanager
async def a_mute_server() -> AsyncIterator[int]:
    """Take connections and say nothing."""
    stop = asyncio.Event()

    async def wait(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stop.wait()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        stop.set()
