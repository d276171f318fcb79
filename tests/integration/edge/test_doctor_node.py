"""What the doctor says about the computer that it runs on: clock, broker, disk."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web

from contracts.events import PrinterOffline
from deploy.local.process import free_port
from edge.doctor.command import examine_all
from edge.doctor.discovery import Announcements
from edge.doctor.findings import Check, Finding, Outcome
from edge.doctor.node import NodeSubject, check_node
from edge.doctor.patience import Patience
from edge.settings import load_doctor_settings
from runtime.clock import SystemClock
from services.provision.keys import Keys
from tests.fixtures.nats import Broker
from tests.integration.edge.conftest import World

DEAF = Announcements(within_s=0)


def a_node(folder: Path) -> NodeSubject:
    return NodeSubject(
        edge_data=folder,
        nats_url=None,
        nats_creds=None,
        api_url=None,
        clock=SystemClock(),
        patience=Patience(),
        time_service=folder / "no-time-service",
        min_free_bytes=1,
    )


async def found(node: NodeSubject, check: Check) -> Finding:
    return next(finding for finding in await check_node(node) if finding.check is check)


async def test_beside_a_running_node_all_is_well_and_nothing_is_disturbed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in world.edge.env.items():
        monkeypatch.setenv(name, value)
    settings, printers = load_doctor_settings()

    examination = await examine_all(
        settings, printers, SystemClock(), Patience(puback_s=0.2), announcements=DEAF
    )

    assert examination.failures == ()
    outcomes = {finding.check: finding.outcome for finding in examination.node}
    assert outcomes[Check.LAYERLINE] is Outcome.OK
    assert outcomes[Check.DISK] is Outcome.OK
    counters = await world.printer.get("/counters")
    assert counters["clients"] == 1
    assert counters["connections"] == 2
    assert counters["protocol_violations"] == 0
    assert not [fact for fact in world.services.facts if isinstance(fact, PrinterOffline)]


class TestLayerline:
    async def test_a_broker_that_lets_the_node_in(self, broker: Broker, tmp_path: Path) -> None:
        creds = broker.keys.node_creds("doctored")
        node = replace(a_node(tmp_path), nats_url=broker.url, nats_creds=creds)
        finding = await found(node, Check.LAYERLINE)
        assert finding.outcome is Outcome.OK

    async def test_a_broker_that_refuses_the_node(self, broker: Broker, tmp_path: Path) -> None:
        creds = Keys(tmp_path / "foreign").node_creds("doctored")
        node = replace(a_node(tmp_path), nats_url=broker.url, nats_creds=creds)
        finding = await found(node, Check.LAYERLINE)
        assert finding.outcome is Outcome.FAILED
        assert "refuses this node" in finding.text

    async def test_no_broker(self, broker: Broker, tmp_path: Path) -> None:
        creds = broker.keys.node_creds("doctored")
        url = f"nats://127.0.0.1:{free_port()}"
        node = replace(a_node(tmp_path), nats_url=url, nats_creds=creds)
        finding = await found(node, Check.LAYERLINE)
        assert finding.outcome is Outcome.FAILED
        assert "doesn't answer" in finding.text

    async def test_credentials_that_are_no_credentials(
        self, broker: Broker, tmp_path: Path
    ) -> None:
        creds = tmp_path / "node.creds"
        creds.write_text("nothing")
        node = replace(a_node(tmp_path), nats_url=broker.url, nats_creds=creds)
        finding = await found(node, Check.LAYERLINE)
        assert finding.outcome is Outcome.FAILED
        assert "can't be used" in finding.text

    async def test_credentials_that_are_gone(self, broker: Broker, tmp_path: Path) -> None:
        node = replace(a_node(tmp_path), nats_url=broker.url, nats_creds=tmp_path / "gone")
        finding = await found(node, Check.LAYERLINE)
        assert finding.outcome is Outcome.FAILED
        assert "Enrol the node again" in str(finding.advice)

    async def test_a_node_that_is_not_enrolled_is_no_failure(self, tmp_path: Path) -> None:
        finding = await found(a_node(tmp_path), Check.LAYERLINE)
        assert finding.outcome is Outcome.SKIPPED


class TestClock:
    @pytest.mark.parametrize(
        ("ahead", "outcome", "word"),
        [
            (timedelta(0), Outcome.OK, "agrees"),
            (timedelta(hours=1), Outcome.FAILED, "behind"),
            (timedelta(hours=-1), Outcome.FAILED, "ahead"),
        ],
    )
    async def test_the_clock_is_compared_with_layerlines(
        self, tmp_path: Path, ahead: timedelta, outcome: Outcome, word: str
    ) -> None:
        async with a_web_server(ahead) as url:
            finding = await found(replace(a_node(tmp_path), api_url=url), Check.CLOCK)
        assert finding.outcome is outcome
        assert word in finding.text

    async def test_a_time_service_is_believed(self, tmp_path: Path) -> None:
        service = tmp_path / "synchronized"
        service.touch()
        finding = await found(replace(a_node(tmp_path), time_service=service), Check.CLOCK)
        assert finding.outcome is Outcome.OK

    async def test_without_anything_to_compare_with_it_says_so(self, tmp_path: Path) -> None:
        away = f"http://127.0.0.1:{free_port()}"
        finding = await found(replace(a_node(tmp_path), api_url=away), Check.CLOCK)
        assert finding.outcome is Outcome.SKIPPED

    async def test_credentials_from_the_future_show_a_clock_that_is_behind(
        self, broker: Broker, tmp_path: Path
    ) -> None:
        made = broker.keys.node_creds("doctored").read_text()
        (tmp_path / "node.creds").write_text(made)
        node = replace(a_node(tmp_path), clock=_Yesterday())
        finding = await found(node, Check.CLOCK)
        assert finding.outcome is Outcome.FAILED
        assert "set-ntp" in str(finding.advice)


class _Yesterday(SystemClock):
    def now(self) -> datetime:
        return datetime.now(UTC) - timedelta(days=1)


class TestDisk:
    async def test_room_enough(self, tmp_path: Path) -> None:
        finding = await found(a_node(tmp_path / "not" / "there" / "yet"), Check.DISK)
        assert finding.outcome is Outcome.OK

    async def test_a_full_disk(self, tmp_path: Path) -> None:
        node = replace(a_node(tmp_path), min_free_bytes=10**18)
        finding = await found(node, Check.DISK)
        assert finding.outcome is Outcome.FAILED
        assert "Make room" in str(finding.advice)

    async def test_a_folder_that_takes_no_files(self) -> None:
        # Even root can't write there.
        finding = await found(a_node(Path(f"/proc/{os.getpid()}")), Check.DISK)
        assert finding.outcome is Outcome.FAILED
        assert "may not write" in finding.text

    async def test_without_a_folder_it_says_so(self, tmp_path: Path) -> None:
        finding = await found(replace(a_node(tmp_path), edge_data=None), Check.DISK)
        assert finding.outcome is Outcome.SKIPPED


@asynccontextmanager
async def a_web_server(ahead: timedelta) -> AsyncIterator[str]:
    """Answer with a date that is off."""

    async def answer(_: web.Request) -> web.Response:
        date = format_datetime(datetime.now(UTC) + ahead, usegmt=True)
        return web.Response(headers={"Date": date})

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
