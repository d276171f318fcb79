"""What every process is given: its own secrets, the same each time, and enough to start with."""

import json
from pathlib import Path

import aiohttp
import pytest

from deploy.local.process import Command, free_port, http_answers, start, tool
from runtime.nats import connect_nats
from runtime.settings import CREDENTIALS, DatabaseSettings, StorageSettings
from services.cli.main import main
from services.provision.broker import BrokerPlace, broker_config
from services.provision.handout import handout, write_handout
from services.provision.keys import Keys


@pytest.fixture
def handed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAYERLINE_KEYS_DIR", str(tmp_path / "keys"))
    main(["handout", str(tmp_path / "handed")])
    return tmp_path / "handed"


def _contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".creds"
    }


def test_a_second_handout_gives_the_same(handed: Path) -> None:
    before = _contents(handed)
    main(["handout", str(handed)])
    assert _contents(handed) == before


def test_only_what_a_foreign_server_reads_is_readable_by_others(handed: Path) -> None:
    modes = {p.relative_to(handed).as_posix(): p.stat().st_mode & 0o777 for p in _files(handed)}
    assert {name for name, mode in modes.items() if mode != 0o600} == {"postgres/password"}
    assert modes["postgres/password"] == 0o644


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_no_process_gets_what_it_does_not_need(handed: Path) -> None:
    given = {f.name: {path.name for path in f.iterdir()} for f in handed.iterdir()}
    assert given["relay"] == {"layerline_database_url", "nats.creds"}
    assert given["migrate"] == {"layerline_database_url"}
    with_keys = {name for name, files in given.items() if any("json" in file for file in files)}
    assert with_keys == {"api", "warden", "storage"}
    assert "account-keeper.json" not in given["api"]
    seeds = {path.read_text().strip() for path in (handed.parent / "keys").glob("*.seed")}
    told = "".join(_contents(handed / name)["layerline_database_url"] for name in ("api", "relay"))
    assert not any(seed in told for seed in seeds)


def test_secrets_are_read_from_the_folder_of_credentials(
    handed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CREDENTIALS, str(handed / "api"))
    monkeypatch.setenv("LAYERLINE_PRIVATE_NETWORK", "true")
    monkeypatch.setenv("LAYERLINE_S3_ENDPOINT", "http://storage:8333")
    password = (handed / "postgres/password").read_text()
    url = str(DatabaseSettings().database_url)
    assert url == f"postgresql://layerline:{password}@postgres:5432/layerline"
    identities = json.loads((handed / "storage/s3.json").read_text())["identities"]
    secret = StorageSettings().s3_secret_key.get_secret_value()
    assert identities[0]["credentials"][0]["secretKey"] == secret

    monkeypatch.setenv("LAYERLINE_DATABASE_URL", "postgresql://a:b@127.0.0.1/c")
    assert "127.0.0.1" in str(DatabaseSettings().database_url)


async def test_the_broker_of_a_container_lets_services_in_by_tcp_and_nodes_by_websocket(
    tmp_path: Path,
) -> None:
    keys = Keys(tmp_path / "keys")
    write_handout(handout(keys, database_host="postgres"), tmp_path / "handed")
    told = (tmp_path / "handed/nats/nats.conf").read_text()
    assert 'store_dir: "/data/js"' in told
    assert "sync_interval: always" in told

    port, monitor, websocket = free_port(), free_port(), free_port()
    place = BrokerPlace(
        host="127.0.0.1",
        port=port,
        monitor_host="127.0.0.1",
        monitor_port=monitor,
        folder=tmp_path / "data",
        websocket_port=websocket,
    )
    config = tmp_path / "nats.conf"
    config.write_text(broker_config(keys.trust(), place))
    process = await start(
        Command(name="nats", argv=[tool("nats-server"), "-c", str(config)]), tmp_path / "log"
    )
    try:
        await process.wait_healthy(
            lambda: http_answers(f"http://127.0.0.1:{monitor}/healthz"), within_s=20
        )
        relay = await connect_nats(
            f"nats://127.0.0.1:{port}",
            tmp_path / "handed/relay/nats.creds",
            name="relay",
            exit_when_closed=False,
        )
        await relay.close()
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{websocket}") as node,
        ):
            greeting = await node.receive_bytes(timeout=10)
        assert greeting.startswith(b"INFO ")
        assert b'"auth_required":true' in greeting
    finally:
        await process.stop()
