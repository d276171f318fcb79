"""Whether the broker syncs every write, as the relay's /readyz asks it."""

from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from deploy.local.process import Command, free_port, http_answers, start, tool
from services.relay.settings import RelaySettings
from services.relay.streams import SyncCheck
from tests.fixtures.nats import Broker
from tests.fixtures.processes import run_service, service_env
from tests.fixtures.streams import fresh_streams

START_WITHIN_S = 60.0


async def test_a_broker_as_provisioned_syncs(broker: Broker) -> None:
    await SyncCheck(broker.server.monitor_url).check()


async def test_a_broker_that_does_not_is_told(tmp_path: Path) -> None:
    port, monitor = free_port(), free_port()
    folder = ("--jetstream", "--store_dir", str(tmp_path / "js"))
    listening = ("-a", "127.0.0.1", "-p", str(port), "-m", str(monitor))
    command = Command(name="nats", argv=[tool("nats-server"), *folder, *listening])
    server = await start(command, tmp_path / "nats.log")
    try:
        url = f"http://127.0.0.1:{monitor}"
        await server.wait_healthy(lambda: http_answers(f"{url}/healthz"), within_s=START_WITHIN_S)
        with pytest.raises(ValueError, match="sync_interval: always"):
            await SyncCheck(url).check()
    finally:
        await server.stop()


async def test_the_relay_says_that_it_has_asked(
    broker: Broker, database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    env = {
        **service_env("relay", database_url, broker),
        "LAYERLINE_NATS_MONITOR_URL": broker.server.monitor_url,
        "LAYERLINE_HEALTH_PORT": str(port),
    }
    async with (
        fresh_streams(broker),
        run_service("relay", env, tmp_path),
        httpx.AsyncClient() as http,
    ):
        answer = await http.get(f"http://127.0.0.1:{port}/readyz")
    assert answer.json()["checks"]["sync_always"] == "ok"


def test_the_question_crosses_no_foreign_network_in_the_clear(broker: Broker) -> None:
    settings = {
        "database_url": "postgresql://u:p7xq@127.0.0.1:5432/d",
        "nats_url": broker.url,
        "nats_creds": "/nowhere.creds",
    }
    plain = "http://broker.example.org:8222"
    with pytest.raises(ValidationError, match="LAYERLINE_NATS_MONITOR_URL"):
        RelaySettings.model_validate({**settings, "nats_monitor_url": plain})
    told = {"nats_monitor_url": plain, "private_network": True}
    assert RelaySettings.model_validate({**settings, **told}).nats_monitor_url == plain
