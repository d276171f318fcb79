"""The whole stack: started in the order of who needs whom, as much at once as possible."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil

from deploy.local.engines.nats import Nats, start_nats
from deploy.local.engines.oidc import OpenIDProvider, start_oidc
from deploy.local.engines.postgres import Postgres, start_postgres
from deploy.local.engines.seaweedfs import SeaweedFS, start_seaweedfs
from deploy.local.folders import kept_secret, prepare_folders
from deploy.local.forking import Forkserver
from deploy.local.keeper import Keeper, Say, Tier
from deploy.local.leftovers import ProcessRecord, end_leftovers
from deploy.local.plan import (
    Engines,
    PlannedPrinter,
    RunningPrinter,
    api_env,
    edge_env,
    notify_env,
    plan_printers,
    service_env,
)
from deploy.local.process import (
    Command,
    Entry,
    PortReservations,
    StartFailed,
    free_port,
    http_answers,
    tool,
)
from deploy.local.simulators import start_simulator
from deploy.local.state import (
    RECORD_FILE,
    SimulatedPrinter,
    StackState,
    read_last_state,
    retire_state,
    write_settings,
    write_state,
)
from services.provision.keys import Keys

SERVICE_WITHIN_S = 120.0
SERVICES = ("dispatch", "relay", "projector", "inspector")
USUAL_PORTS = {"api": 8000, "postgres": 5433, "nats": 4222, "storage": 8333, "sign-in": 9400}
WEB_DIST = Path(__file__).resolve().parents[2] / "web" / "dist"
T = TypeVar("T")


def _as_it_is(command: Command) -> Command:
    return command


@dataclass(frozen=True)
class StackOptions:
    """What `up` was asked for."""

    data_dir: Path
    printers: int = 1
    speed: float = 20.0
    """How much faster than a real one a simulated printer prints."""
    api_settings: Mapping[str, str] = field(default_factory=dict)
    """Further settings of the API, by their names."""
    amend: Callable[[Command], Command] = _as_it_is
    """What is run in the place of a service's or a node's command."""


@asynccontextmanager
async def running_stack(options: StackOptions, say: Say) -> AsyncIterator[StackState]:
    """Yield the stack once everything in it is healthy; stop it all afterwards."""
    data = options.data_dir.resolve()
    if not (WEB_DIST / "index.html").exists():
        raise StartFailed("the web app is not built; run `make install`")
    prepare_folders(data)
    ended = await asyncio.to_thread(end_leftovers, data / RECORD_FILE)
    if ended:
        say(f"ended what was left of an earlier start: {', '.join(ended)}")
    reservations = PortReservations()
    ports = _choose_ports(data, reservations)
    try:
        record, logs = ProcessRecord(data / RECORD_FILE), data / "logs"
        async with (
            Forkserver(logs / "forkserver.log") as forkserver,
            Keeper(logs, record, say, forkserver.start) as keeper,
        ):
            try:
                yield await _Stack(options, data, ports, keeper, say).start()
            finally:
                retire_state(data)
    finally:
        reservations.give_back()


class _Stack:
    def __init__(
        self, options: StackOptions, data: Path, ports: dict[str, int], keeper: Keeper, say: Say
    ) -> None:
        self._options, self._data, self._ports = options, data, ports
        self._keeper, self._say = keeper, say
        self._logs = data / "logs"
        self._keys = Keys(data / "keys")
        self._url = f"http://127.0.0.1:{ports['api']}"
        self._began = time.monotonic()

    async def start(self) -> StackState:
        planned = plan_printers(self._options.printers)
        async with asyncio.TaskGroup() as tasks:
            starting = tasks.create_task(self._start_engines())
            printing = tasks.create_task(self._start_printers(planned))
        engines, printers = starting.result(), printing.result()
        await self._prepare(engines)
        write_settings(self._data, self._operators_env(engines))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._start_services(engines))
            tasks.create_task(self._start_nodes(engines.nats.url, printers))
        state = self._state(engines, printers)
        write_state(self._data, state)
        return state

    async def _step(self, what: str, doing: Awaitable[T]) -> T:
        result = await doing
        self._say(f"✓ {what} ({time.monotonic() - self._began:.1f} s)")
        return result

    async def _start_engines(self) -> Engines:
        async with asyncio.TaskGroup() as tasks:
            postgres = tasks.create_task(self._step("database", self._start_postgres()))
            nats = tasks.create_task(self._step("broker", self._start_nats()))
            storage = tasks.create_task(self._step("storage", self._start_storage()))
            sign_in = tasks.create_task(self._step("sign-in", self._start_sign_in()))
        return Engines(postgres.result(), nats.result(), storage.result(), sign_in.result())

    async def _start_postgres(self) -> Postgres:
        postgres = await start_postgres(
            self._data / "postgres",
            port=self._ports["postgres"],
            log_file=self._logs / "postgres.log",
        )
        self._keeper.adopt(postgres.process, Tier.ENGINE)
        return postgres

    async def _start_nats(self) -> Nats:
        nats = await start_nats(
            self._data / "nats",
            self._keys.trust(),
            port=self._ports["nats"],
            log_file=self._logs / "nats.log",
        )
        self._keeper.adopt(
            nats.process, Tier.ENGINE, lambda: http_answers(f"{nats.monitor_url}/healthz")
        )
        return nats

    async def _start_storage(self) -> SeaweedFS:
        storage = await start_seaweedfs(
            self._data / "storage",
            port=self._ports["storage"],
            log_file=self._logs / "storage.log",
        )
        self._keeper.adopt(storage.process, Tier.ENGINE)
        return storage

    async def _start_sign_in(self) -> OpenIDProvider:
        sign_in = await start_oidc(port=self._ports["sign-in"], log_file=self._logs / "sign-in.log")
        self._keeper.adopt(sign_in.process, Tier.ENGINE)
        return sign_in

    async def _start_printers(self, planned: tuple[PlannedPrinter, ...]) -> list[RunningPrinter]:
        async with asyncio.TaskGroup() as tasks:
            starting = [tasks.create_task(self._start_printer(printer)) for printer in planned]
        self._say(f"✓ {len(planned)} simulated printer(s)")
        return [started.result() for started in starting]

    async def _start_printer(self, printer: PlannedPrinter) -> RunningPrinter:
        process, running = await start_simulator(
            printer, self._data / "printers", self._logs, speed=self._options.speed
        )
        self._keeper.adopt(process, Tier.ENGINE)
        return running

    async def _prepare(self, engines: Engines) -> None:
        await self._step("schema", self._make(engines, "schema"))
        await self._step("streams, bucket, printers", self._make(engines, "setup"))
        self._keeper.mend = lambda: self._step("streams made again", self._make(engines, "setup"))

    async def _make(self, engines: Engines, what: str) -> None:
        arguments = [what, str(self._options.printers)]
        command = Command(
            name="preparing",
            argv=[sys.executable, "-m", "deploy.local.preparing", *arguments],
            env=self._operators_env(engines),
            entry=Entry("deploy.local.preparing:main", arguments),
        )
        await self._keeper.complete(command)

    async def _start_services(self, engines: Engines) -> None:
        async with asyncio.TaskGroup() as tasks:
            for name in SERVICES:
                tasks.create_task(self._step(name, self._start_service(engines, name)))
            tasks.create_task(self._step("warden", self._start_warden(engines)))
            tasks.create_task(self._step("notify", self._start_notify(engines)))
            tasks.create_task(self._step("api and web app", self._start_api(engines)))

    async def _start_warden(self, engines: Engines) -> None:
        env = {
            **service_env(engines, self._keys.service_creds("provision"), self._url),
            "LAYERLINE_ACCOUNT_KEEPER": str(self._keys.account_keeper()),
            "LAYERLINE_NATS_SYSTEM_CREDS": str(self._keys.system_creds()),
        }
        await self._run_service("warden", env)

    async def _start_notify(self, engines: Engines) -> None:
        await self._run_service("notify", notify_env(engines, self._url, self._secrets_key()))

    def _operators_env(self, engines: Engines) -> Mapping[str, str]:
        """Return what a person needs to run `layerline …` on this stack."""
        return {
            **service_env(engines, self._keys.service_creds("provision"), self._url),
            "LAYERLINE_LOG_FORMAT": "auto",
            "LAYERLINE_KEYS_DIR": str(self._keys.folder),
            "LAYERLINE_SECRETS_KEY": self._secrets_key(),
        }

    def _secrets_key(self) -> str:
        return kept_secret(self._data / "keys" / "notices.secret")

    async def _start_service(self, engines: Engines, name: str) -> None:
        env = {
            **service_env(engines, self._keys.service_creds(name), self._url),
            **({"LAYERLINE_NATS_MONITOR_URL": engines.nats.monitor_url} if name == "relay" else {}),
        }
        await self._run_service(name, env)

    async def _run_service(self, name: str, env: Mapping[str, str]) -> None:
        port = self._health_port(name)
        command = _service(name, {**env, "LAYERLINE_HEALTH_PORT": str(port)})
        await self._keeper.run(
            self._options.amend(command),
            lambda: http_answers(f"http://127.0.0.1:{port}/readyz"),
            within_s=SERVICE_WITHIN_S,
            tier=Tier.SERVICE,
            is_well=lambda: http_answers(f"http://127.0.0.1:{port}/livez"),
        )

    def _health_port(self, name: str) -> int:
        return self._ports.setdefault(f"{name}-health", free_port())

    async def _start_api(self, engines: Engines) -> None:
        env = {
            **service_env(engines, self._keys.service_creds("api"), self._url),
            **api_env(
                engines,
                port=self._ports["api"],
                session_secret=kept_secret(self._data / "keys" / "session.secret"),
                client_secret=kept_secret(self._data / "keys" / "sign-in.secret"),
                secrets_key=self._secrets_key(),
                web=WEB_DIST,
            ),
            "LAYERLINE_NODE_SIGNER": str(self._keys.node_signer()),
            **self._options.api_settings,
        }
        command = _service("api", env)
        await self._keeper.run(
            self._options.amend(command),
            lambda: http_answers(f"{self._url}/readyz"),
            within_s=SERVICE_WITHIN_S,
            tier=Tier.SERVICE,
            is_well=lambda: http_answers(f"{self._url}/livez"),
        )

    async def _start_nodes(self, nats_url: str, printers: list[RunningPrinter]) -> None:
        nodes: dict[str, list[RunningPrinter]] = {}
        for printer in printers:
            nodes.setdefault(printer.planned.node, []).append(printer)
        async with asyncio.TaskGroup() as tasks:
            for node, beside in nodes.items():
                tasks.create_task(self._step(node, self._start_node(node, nats_url, beside)))

    async def _start_node(self, node: str, nats_url: str, beside: list[RunningPrinter]) -> None:
        port = self._health_port(node)
        data = self._data / "nodes" / node
        creds = self._keys.node_creds(node, life_s=None)
        env = {
            **edge_env(node, nats_url, creds, data, beside),
            "LAYERLINE_HEALTH_PORT": str(port),
        }
        command = Command(name=node, argv=[tool("layerline-edge"), "run"], env=env)
        await self._keeper.run(
            self._options.amend(command),
            lambda: http_answers(f"http://127.0.0.1:{port}/readyz"),
            within_s=SERVICE_WITHIN_S,
            tier=Tier.NODE,
            is_well=lambda: http_answers(f"http://127.0.0.1:{port}/livez"),
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


def _service(name: str, env: Mapping[str, str]) -> Command:
    entry = Entry("services.cli.main:main", [name])
    return Command(name=name, argv=[tool("layerline"), name], env=env, entry=entry)


def _choose_ports(data: Path, reservations: PortReservations) -> dict[str, int]:
    """Return last time's ports where they are free, else the usual ones, else free ones."""
    last = read_last_state(data)
    remembered = last.ports if last else {}
    return {
        name: reservations.take(remembered.get(name, usual)) for name, usual in USUAL_PORTS.items()
    }
