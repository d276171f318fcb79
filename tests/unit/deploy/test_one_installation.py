"""Compose, the host's files and the embedded stack run the same processes in the same way."""

import json
import os
import re
import subprocess
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local import stack
from deploy.local.process import tool
from runtime.settings import CREDENTIALS
from services.provision.broker import CONTAINER
from services.provision.handout import SERVICES, handout, write_handout
from services.provision.keys import Keys

ROOT = Path(__file__).resolve().parents[3]
FLY = ROOT / "deploy" / "fly"
PROCESSES = {"api", "notify", "warden", *stack.SERVICES}
ENGINES = {"postgres", "nats", "storage"}
ONCE = {"handout", "migrate", "provision"}
DEMO = {"simulator", "demo-node", "edge"}
SETTINGS = {
    "api": "services.api.settings:ApiSettings",
    "dispatch": "services.dispatch.settings:DispatchSettings",
    "relay": "services.relay.settings:RelaySettings",
    "projector": "services.projector.settings:ProjectorSettings",
    "inspector": "services.inspector.settings:InspectorSettings",
    "notify": "services.notify.settings:NotifySettings",
    "warden": "services.provision.warden:WardenSettings",
    "migrate": "runtime.settings:DatabaseSettings",
    "provision": "services.provision.main:ProvisionSettings",
}
ENV_EXAMPLE = (ROOT / ".env.example").read_text()


def _compose(*profiles: str, **env: str) -> dict[str, Any]:
    arguments = [part for profile in profiles for part in ("--profile", profile)]
    done = subprocess.run(
        ["docker-compose", *arguments, "-f", str(ROOT / "docker-compose.yml"), "config"],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={"PATH": os.environ["PATH"], **env},
    )
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = yaml.safe_load(done.stdout)
    return read


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return _compose("front", "demo")


@pytest.fixture(scope="module")
def fly() -> dict[str, dict[str, Any]]:
    return {path.stem: tomllib.loads(path.read_text()) for path in FLY.glob("*.toml")}


def _settings(name: str) -> Any:
    module, cls = SETTINGS[name].split(":")
    return getattr(import_module(module), cls)


class TestSameProcesses:
    def test_compose(self, compose: dict[str, Any]) -> None:
        assert set(compose["services"]) == PROCESSES | ENGINES | ONCE | DEMO | {"front"}
        always = {name for name, s in compose["services"].items() if "profiles" not in s}
        assert always == PROCESSES | ENGINES | ONCE
        for name in PROCESSES | {"migrate", "provision"}:
            assert compose["services"][name]["command"] == [name]

    def test_fly(self, fly: dict[str, dict[str, Any]]) -> None:
        assert set(fly) == PROCESSES | {"nats"}
        for name in PROCESSES:
            assert fly[name]["processes"] == {"app": f"layerline {name}"}
            assert fly[name]["app"] == f"layerline-{name}"
        releases = {
            name for name, file in fly.items() if "release_command" in file.get("deploy", {})
        }
        assert releases == {"warden"}

    def test_what_is_handed_out(self, tmp_path: Path) -> None:
        handed = handout(Keys(tmp_path), database_host="postgres")
        assert set(SERVICES) == set(stack.SERVICES)
        assert set(handed) == PROCESSES | ENGINES | {"migrate", "provision"}


class TestSameHealth:
    def test_compose_asks_each_whether_it_is_ready(self, compose: dict[str, Any]) -> None:
        for name in PROCESSES:
            service = compose["services"][name]
            port = service["environment"][
                "LAYERLINE_PORT" if name == "api" else "LAYERLINE_HEALTH_PORT"
            ]
            asked = service["healthcheck"]["test"][-1]
            assert f"http://127.0.0.1:{port}/readyz" in asked

    def test_fly_asks_each_whether_it_is_ready(self, fly: dict[str, dict[str, Any]]) -> None:
        for name in PROCESSES - {"api"}:
            check, env = fly[name]["checks"]["ready"], fly[name]["env"]
            assert (check["path"], str(check["port"])) == ("/readyz", env["LAYERLINE_HEALTH_PORT"])
            assert env["LAYERLINE_HEALTH_HOST"] == "0.0.0.0"
        (check,) = fly["api"]["http_service"]["checks"]
        assert check["path"] == "/readyz"
        assert (
            str(fly["api"]["http_service"]["internal_port"]) == fly["api"]["env"]["LAYERLINE_PORT"]
        )
        assert fly["nats"]["checks"]["health"]["path"] == "/healthz"

    def test_the_embedded_stack_asks_the_same(self) -> None:
        assert (ROOT / "deploy/local/stack.py").read_text().count("/readyz") == 3


class TestSameSettings:
    def test_every_variable_is_a_setting(
        self, compose: dict[str, Any], fly: dict[str, dict[str, Any]]
    ) -> None:
        given = [
            name
            for named in (
                *(s.get("environment", {}) for s in compose["services"].values()),
                *(file.get("env", {}) for file in fly.values()),
            )
            for name in named
            if name.startswith(("LAYERLINE_", "BAMBU_")) and not name.endswith("_NAME")
        ]
        assert [name for name in given if f"{name}=" not in ENV_EXAMPLE] == []

    @pytest.mark.parametrize("name", sorted({*PROCESSES, "migrate", "provision"}))
    def test_each_process_of_compose_would_start(
        self, name: str, compose: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_handout(handout(Keys(tmp_path / "keys"), database_host="postgres"), tmp_path)
        _only(monkeypatch, compose["services"][name]["environment"], tmp_path / name)
        _assert_files_exist(_settings(name)())

    @pytest.mark.parametrize("name", sorted(PROCESSES))
    def test_each_process_at_the_host_would_start(
        self,
        name: str,
        fly: dict[str, dict[str, Any]],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        write_handout(handout(Keys(tmp_path / "keys"), database_host="postgres"), tmp_path)
        secrets = _imported(tmp_path, name)
        files = {file["secret_name"] for file in fly[name].get("files", ())}
        assert files == {word for word in secrets if not word.startswith("LAYERLINE_")}
        own = {word: text for word, text in secrets.items() if word.startswith("LAYERLINE_")}
        by_hand = {
            "LAYERLINE_DATABASE_URL": "postgresql://layerline:x@db.internal/layerline",
            "LAYERLINE_S3_ACCESS_KEY": "tid_x",
            "LAYERLINE_S3_SECRET_KEY": "tsec_x",
        }
        _only(monkeypatch, {**fly[name]["env"], **own, **by_hand}, tmp_path / name)
        monkeypatch.delenv(CREDENTIALS)
        _assert_files_exist(_settings(name)())
        if "release_command" in fly[name].get("deploy", {}):
            _assert_files_exist(_settings("provision")())

    def test_the_relay_asks_the_broker_whether_it_syncs(
        self, compose: dict[str, Any], fly: dict[str, dict[str, Any]]
    ) -> None:
        asked = "LAYERLINE_NATS_MONITOR_URL"
        assert compose["services"]["relay"]["environment"][asked] == "http://nats:8222"
        assert fly["relay"]["env"][asked] == "http://layerline-nats.internal:8222"
        assert fly["nats"]["checks"]["health"]["port"] == CONTAINER.monitor_port == 8222
        assert asked in (ROOT / "deploy/local/stack.py").read_text()

    def test_nodes_come_in_encrypted(self, fly: dict[str, dict[str, Any]]) -> None:
        assert fly["api"]["env"]["LAYERLINE_NODE_NATS_URL"].startswith("wss://layerline-nats.")
        (service,) = fly["nats"]["services"]
        (port,) = service["ports"]
        assert (port["port"], port["handlers"]) == (443, ["tls", "http"])


def _only(monkeypatch: pytest.MonkeyPatch, env: dict[str, str], handed: Path) -> None:
    for name in [name for name in os.environ if name.startswith("LAYERLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(CREDENTIALS, str(handed))
    for name, value in env.items():
        if name != CREDENTIALS:
            monkeypatch.setenv(name, value.replace("/run/layerline", str(handed)))


def _assert_files_exist(settings: Any) -> None:
    for name in ("nats_creds", "node_signer", "account_keeper", "nats_system_creds"):
        path = getattr(settings, name, None)
        assert path is None or path.is_file(), name


def _imported(handed: Path, name: str) -> dict[str, str]:
    done = subprocess.run(
        [str(FLY / "secrets.sh"), str(handed), name],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    pairs = [line.partition("=") for line in done.stdout.splitlines()]
    return {word: text for word, _, text in pairs}


class TestLockedDown:
    def test_nothing_runs_as_root_or_writes_where_it_need_not(
        self, compose: dict[str, Any]
    ) -> None:
        for name, service in compose["services"].items():
            assert service["user"] in {"10001:10001", "postgres"}, name
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
            assert "privileged" not in service, name

    def test_only_the_doors_are_published(self, compose: dict[str, Any]) -> None:
        ports = {name: s["ports"] for name, s in compose["services"].items() if "ports" in s}
        assert set(ports) == {"api", "nats", "storage", "front"}
        for name in ("api", "nats", "storage"):
            assert all(str(port).startswith("127.0.0.1:") for port in ports[name])
        assert [str(port).rsplit(":", 1)[-1] for port in ports["storage"]] == ["8333/tcp"]
        assert compose["networks"]["private"]["internal"] is True

    def test_images_are_pinned(self, compose: dict[str, Any]) -> None:
        for name, service in compose["services"].items():
            image = service["image"]
            assert "build" in service or re.search(r":\d+\.\d+", image), (name, image)

    def test_long_runners_are_watched_and_started_again(self, compose: dict[str, Any]) -> None:
        for name, service in compose["services"].items():
            if name in ONCE | {"demo-node"}:
                assert service["restart"] == "no"
            else:
                assert service["restart"] == "unless-stopped", name
                assert "healthcheck" in service, name

    def test_each_sees_its_own_secrets_alone(self, compose: dict[str, Any]) -> None:
        for name in PROCESSES | ENGINES | {"migrate", "provision"}:
            mounts = [str(volume) for volume in compose["services"][name]["volumes"]]
            handed = [mount for mount in mounts if "handed-" in mount or "keys:" in mount]
            assert handed == [f"handed-{name}:/run/layerline:ro"]

    def test_the_storage_shows_nothing_but_s3(self) -> None:
        text = (ROOT / "deploy/images/storage.Dockerfile").read_text()
        arguments = json.loads(re.findall(r"(?m)^CMD (.*)$", text)[-1])
        assert "-ip.bind=127.0.0.1" in arguments
        assert "-s3.ip.bind=0.0.0.0" in arguments


def test_an_address_of_ones_own_goes_everywhere() -> None:
    services = _compose(
        "front",
        LAYERLINE_PUBLIC_URL="https://print.example.org",
        LAYERLINE_S3_ENDPOINT="https://files.example.org",
        LAYERLINE_FILES_NAME="files.example.org",
    )["services"]
    for name in PROCESSES:
        assert services[name]["environment"]["LAYERLINE_PUBLIC_URL"] == "https://print.example.org"
        assert services[name]["environment"]["LAYERLINE_S3_ENDPOINT"] == "https://files.example.org"
    assert services["front"]["networks"]["private"]["aliases"] == ["files.example.org"]


def test_the_front_door_is_read_by_its_server() -> None:
    names = {"APP": "a.example.org", "FILES": "f.example.org", "NODES": "n.example.org"}
    done = subprocess.run(
        [
            *(tool("caddy"), "adapt", "--adapter", "caddyfile"),
            *("--config", str(ROOT / "deploy/images/Caddyfile")),
        ],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={"PATH": os.environ["PATH"], **{f"LAYERLINE_{k}_NAME": v for k, v in names.items()}},
    )
    assert done.returncode == 0, done.stderr
    routes = json.loads(done.stdout)["apps"]["http"]["servers"]["srv0"]["routes"]
    hosts = {host for route in routes for match in route["match"] for host in match["host"]}
    assert hosts == set(names.values())
    assert sorted(re.findall(r'"dial": ?"([^"]+)"', done.stdout)) == [
        "api:8000",
        "nats:8080",
        "storage:8333",
    ]
