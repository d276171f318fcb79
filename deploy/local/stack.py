"""The whole stack: started in the order of who needs whom, as much at once as possible."""

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import psutil

from deploy.local.engines.nats import start_nats
from deploy.local.engines.oidc import start_oidc
from deploy.local.engines.postgres import start_postgres
from deploy.local.engines.seaweedfs import start_seaweedfs
from deploy.local.keeper import Keeper, Say
from deploy.local.plan import (
    Engines,
    PlannedPrinter,
    RunningPrinter,
    api_env,
    edge_env,
    plan_printers,
    service_env,
)
from deploy.local.process import (
    Command,
    PortReservations,
    StartFailed,
    free_port,
    http_answers,
    tool,
)
from deploy.local.simulators import start_simulator
from deploy.local.state import (
    SimulatedPrinter,
    StackState,
    read_last_state,
    retire_state,
    write_state,
)
from runtime.settings import DatabaseSettings
from services.db.engine import make_engine, make_sessions
from services.db.migrate import upgrade
from services.provision.keys import Keys
from services.provision.main import ProvisionSettings, provision
from services.registry.printers import register_node, register_printer

SERVICE_WITHIN_S = 40.0
SERVICES = ("dispatch", "relay", "projector", "inspector")
USUAL_PORTS = {"api": 8000, "postgres": 5433, "nats": 4222, "storage": 8333, "sign-in": 9400}
WEB_DIST = Path(__file__).resolve().parents[2] / "web" / "dist"
MIN_FREE_BYTES = 512 * 1024**2
T = TypeVar("T")


@dataclass(frozen=True)
class StackOptions:
    """What `up` was asked for."""

    data_dir: Path
    printers: int = 1
    speed: float = 20.0
    """How much faster than a real one a simulated printer prints."""


@asynccontextmanager
async def running_stack(options: StackOptions, say: Say) -> AsyncIterator[StackState]:
    """Yield the stack once everything in it is healthy; stop it all afterwards."""
    stack = _Stack(options, say)
    try:
        yield await stack.start()
    finally:
        await stack.stop()


class _Stack:
    def __init__(self, options: StackOptions, say: Say) -> None:
        self._options, self._say = options, say
        self._data = options.data_dir.resolve()
        self._logs = self._data / "logs"
        self._keeper = Keeper(self._logs, say)
        self._keys = Keys(self._data / "keys")
        self._reservations = PortReservations()
        self._ports = _choose_ports(self._data, self._reservations)
        self._url = f"http://127.0.0.1:{self._ports['api']}"
        self._began = time.monotonic()

    async def start(self) -> StackState:
        _check_room(self._data)
        planned = plan_printers(self._options.printers)
        engines, printers = await _both(self._start_engines(), self._start_printers(planned))
        await self._step("schema", asyncio.to_thread(upgrade, engines.postgres.url()))
        env = service_env(engines, self._keys.service_creds("provision"), self._url)
        await self._step("streams, bucket, printers", self._provision(env, planned))
        await self._start_services(engines)
        await self._start_nodes(engines.nats.url, printers)
        state = self._state(engines, printers)
        write_state(self._data, state)
        return state

    async def stop(self) -> None:
        retire_state(self._data)
        await self._keeper.stop()
        self._reservations.give_back()

    async def _step(self, what: str, doing: Awaitable[T]) -> T:
        result = await doing
        self._say(f"✓ {what} ({time.monotonic() - self._began:.1f} s)")
        return result

    async def _start_engines(self) -> Engines:
        ports, logs, data = self._ports, self._logs, self._data
        trust = self._keys.trust()
        async with asyncio.TaskGroup() as tasks:
            postgres = tasks.create_task(
                self._step(
                    "database",
                    start_postgres(
                        data / "postgres", port=ports["postgres"], log_file=logs / "postgres.log"
                    ),
                )
            )
            nats = tasks.create_task(
                self._step(
                    "broker",
                    start_nats(
                        data / "nats", trust, port=ports["nats"], log_file=logs / "nats.log"
                    ),
                )
            )
            storage = tasks.create_task(
                self._step(
                    "storage",
                    start_seaweedfs(
                        data / "storage", port=ports["storage"], log_file=logs / "storage.log"
                    ),
                )
            )
            sign_in = tasks.create_task(
                self._step(
                    "sign-in", start_oidc(port=ports["sign-in"], log_file=logs / "sign-in.log")
                )
            )
        engines = Engines(postgres.result(), nats.result(), storage.result(), sign_in.result())
        for engine in (engines.postgres, engines.nats, engines.storage, engines.sign_in):
            self._keeper.adopt(engine.process)
        return engines

    async def _start_printers(self, planned: tuple[PlannedPrinter, ...]) -> list[RunningPrinter]:
        folder = self._data / "printers"
        started = await asyncio.gather(
            *(
                start_simulator(printer, folder, self._logs, speed=self._options.speed)
                for printer in planned
            )
        )
        for process, _ in started:
            self._keeper.adopt(process)
        self._say(f"✓ {len(started)} simulated printer(s)")
        return [printer for _, printer in started]

    async def _provision(self, env: Mapping[str, str], planned: tuple[PlannedPrinter, ...]) -> None:
        settings = _settings(env)
        engine = make_engine(DatabaseSettings(database_url=settings.database_url), pool_size=1)
        try:
            async with make_sessions(engine)() as session, session.begin():
                now = datetime.now(UTC)
                for node in sorted({printer.node for printer in planned}):
                    await register_node(
                        session, node, title=node, public_key=None, now=now, by=None
                    )
                    await session.flush()
                for printer in planned:
                    await register_printer(
                        session,
                        serial=printer.serial,
                        name=printer.name,
                        node=printer.node,
                        queue="main",
                        now=now,
                    )
        finally:
            await engine.dispose()
        await provision(settings)

    async def _start_services(self, engines: Engines) -> None:
        async with asyncio.TaskGroup() as tasks:
            for name in SERVICES:
                tasks.create_task(self._step(name, self._start_service(engines, name)))
            tasks.create_task(self._step("api and web app", self._start_api(engines)))

    async def _start_service(self, engines: Engines, name: str) -> None:
        port = free_port()
        env = {
            **service_env(engines, self._keys.service_creds(name), self._url),
            "LAYERLINE_HEALTH_PORT": str(port),
        }
        command = Command(name=name, argv=[tool("layerline"), name], env=env)
        await self._keeper.run(
            command,
            lambda: http_answers(f"http://127.0.0.1:{port}/readyz"),
            within_s=SERVICE_WITHIN_S,
        )

    async def _start_api(self, engines: Engines) -> None:
        env = {
            **service_env(engines, self._keys.service_creds("api"), self._url),
            **api_env(
                engines,
                port=self._ports["api"],
                session_secret=_secret(self._data / "keys" / "session.secret"),
                web=WEB_DIST,
            ),
        }
        command = Command(name="api", argv=[tool("layerline"), "api"], env=env)
        await self._keeper.run(
            command, lambda: http_answers(f"{self._url}/readyz"), within_s=SERVICE_WITHIN_S
        )

    async def _start_nodes(self, nats_url: str, printers: list[RunningPrinter]) -> None:
        nodes: dict[str, list[RunningPrinter]] = {}
        for printer in printers:
            nodes.setdefault(printer.planned.node, []).append(printer)
        async with asyncio.TaskGroup() as tasks:
            for node, beside in nodes.items():
                tasks.create_task(self._step(node, self._start_node(node, nats_url, beside)))

    async def _start_node(self, node: str, nats_url: str, beside: list[RunningPrinter]) -> None:
        port = free_port()
        data = self._data / "nodes" / node
        env = {
            **edge_env(node, nats_url, self._keys.node_creds(node), data, beside),
            "LAYERLINE_HEALTH_PORT": str(port),
        }
        command = Command(name=node, argv=[tool("layerline-edge"), "run"], env=env)
        await self._keeper.run(
            command,
            lambda: http_answers(f"http://127.0.0.1:{port}/readyz"),
            within_s=SERVICE_WITHIN_S,
        )

    def _state(self, engines: Engines, printers: list[RunningPrinter]) -> StackState:
        me = psutil.Process()
        return StackState(
            pid=me.pid,
            pid_started_at=me.create_time(),
            url=self._url,
            issuer=engines.sign_in.issuer,
            ports={**self._ports, "nats-monitor": engines.nats.monitor_port},
            printers=[
                SimulatedPrinter(
                    serial=printer.planned.serial,
                    name=printer.planned.name,
                    node=printer.planned.node,
                    control_url=printer.control_url,
                )
                for printer in printers
            ],
            logs=self._logs,
        )


async def _both(
    engines: Awaitable[Engines], printers: Awaitable[list[RunningPrinter]]
) -> tuple[Engines, list[RunningPrinter]]:
    return await asyncio.gather(engines, printers)


def _settings(env: Mapping[str, str]) -> ProvisionSettings:
    fields = {
        key.removeprefix("LAYERLINE_").lower(): value
        for key, value in env.items()
        if key.startswith("LAYERLINE_")
    }
    return ProvisionSettings.model_validate(fields)


def _choose_ports(data: Path, reservations: PortReservations) -> dict[str, int]:
    """Return last time's ports where they are free, else the usual ones, else free ones."""
    last = read_last_state(data)
    remembered = last.ports if last else {}
    return {
        name: reservations.take(remembered.get(name, usual)) for name, usual in USUAL_PORTS.items()
    }


def _check_room(data: Path) -> None:
    data.mkdir(parents=True, exist_ok=True)
    if not os.access(data, os.W_OK):
        raise StartFailed(f"{data} can't be written to")
    if shutil.disk_usage(data).free < MIN_FREE_BYTES:
        raise StartFailed(f"less than {MIN_FREE_BYTES // 1024**2} MiB are free for {data}")
    if not (WEB_DIST / "index.html").exists():
        raise StartFailed("the web app is not built; run `make install`")


def _secret(path: Path) -> str:
    """Return a secret of this stack, made once."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text()


def describe(state: StackState) -> str:
    """Return what a person needs to know about the running stack."""
    return "\n".join(
        (
            "",
            f"  Layerline runs at {state.url}",
            "  Sign in as ada (admin), mia or kim (members): one click, no password.",
            f"  Printers: {', '.join(p.name for p in state.printers)} (simulated)",
            f"  Logs: {state.logs}",
            "  Stop it with Ctrl-C here, or `make down` anywhere.",
            "",
        )
    )
