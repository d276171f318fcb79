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
from services.provision.broker import BrokerPlace, broker_config
from services.provision.keys import BrokerTrust

START_WITHIN_S = 30.0
LOOPBACK = "127.0.0.1"


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
    place = BrokerPlace(
        host=LOOPBACK,
        port=port,
        monitor_host=LOOPBACK,
        monitor_port=monitor_port,
        folder=folder.resolve(),
        websocket_port=None,
    )
    path.write_text(broker_config(trust, place))
    return path
