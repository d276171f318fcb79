"""nats-server from a wheel: operator mode, JetStream with an fsync for every message."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.process import (
    ChildProcess,
    Command,
    free_port,
    http_answers,
    start,
    tool,
)
from services.provision.keys import BrokerTrust

START_WITHIN_S = 10.0
MAX_FILE_BYTES = 2 * 1024**3
_CONFIG = """\
server_name: layerline-nats
listen: 127.0.0.1:{port}
http: 127.0.0.1:{monitor_port}
ping_interval: "20s"
ping_max: 2
write_deadline: "10s"
max_payload: 1MB
max_connections: 10000
lame_duck_duration: "30s"
lame_duck_grace_period: "1s"
operator: {operator}
system_account: {system}
resolver: {{ type: full, dir: "{folder}/jwt", allow_delete: false }}
resolver_preload: {{
  {system}: {system_jwt}
  {app}: {app_jwt}
  {nodes}: {nodes_jwt}
}}
jetstream {{
  store_dir: "{folder}/js"
  sync_interval: always
  max_file: {max_file}
  max_mem: 64MB
  limits {{ default_max_consumers: -1 }}
}}
"""


@dataclass(frozen=True)
class Nats:
    """A running broker."""

    process: ChildProcess
    port: int
    monitor_port: int

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def monitor_url(self) -> str:
        """Where /healthz and /jsz are."""
        return f"http://127.0.0.1:{self.monitor_port}"


@asynccontextmanager
async def run_nats(
    folder: Path, trust: BrokerTrust, *, port: int | None = None, log_file: Path | None = None
) -> AsyncIterator[Nats]:
    """Yield a broker that believes `trust`, with its store under `folder`."""
    broker = await start_nats(folder, trust, port=port, log_file=log_file or folder / "log")
    try:
        yield broker
    finally:
        await broker.process.stop()


async def start_nats(
    folder: Path,
    trust: BrokerTrust,
    *,
    port: int | None,
    log_file: Path,
    monitor_port: int | None = None,
) -> Nats:
    """Start the broker; raise StartFailed with its last words."""
    chosen, monitor = port or free_port(), monitor_port or free_port()
    config = _write_config(folder, trust, chosen, monitor)
    command = Command(name="nats", argv=[tool("nats-server"), "-c", str(config)])
    process = await start(command, log_file)
    broker = Nats(process, chosen, monitor)
    try:
        await process.wait_healthy(
            lambda: http_answers(f"{broker.monitor_url}/healthz"), within_s=START_WITHIN_S
        )
    except BaseException:
        await process.stop()
        raise
    return broker


def _write_config(folder: Path, trust: BrokerTrust, port: int, monitor_port: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "nats.conf"
    path.touch(mode=0o600)
    path.write_text(
        _CONFIG.format(
            port=port,
            monitor_port=monitor_port,
            folder=folder.resolve(),
            operator=trust.operator_jwt,
            system=trust.system_account,
            system_jwt=trust.system_jwt,
            app=trust.app_account,
            app_jwt=trust.app_jwt,
            nodes=trust.nodes_account,
            nodes_jwt=trust.nodes_jwt,
            max_file=MAX_FILE_BYTES,
        )
    )
    return path
