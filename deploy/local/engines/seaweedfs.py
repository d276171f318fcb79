"""SeaweedFS from a wheel: the S3 service, everything on loopback, unused gateways off."""

import json
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from deploy.local.process import (
    FREE_PORTS,
    ChildProcess,
    Command,
    StartFailed,
    free_port,
    port_answers,
    start,
    tool,
)
from runtime.settings import StorageSettings

START_WITHIN_S = 60.0
MEMORY_LIMIT = "256MiB"
"""Below what it holds when idle (some 140 MiB) it collects garbage all the time: 10 % of a core."""
START_TRIES = 4
STOP_GRACE_S = 2.0
"""It ignores SIGTERM for long; its store is a log that bears being cut off."""
BUCKET = "layerline"
REGION = "us-east-1"
GRPC_ABOVE = 10_000
_HIGHEST_PORT = 22_700
"""Its gRPC neighbour lies below the range for outgoing connections too."""
_SOCKETS = Path("/tmp")  # noqa: S108 - where it puts them, whatever TMPDIR says
_ACTIONS = ["Admin", "Read", "List", "Tagging", "Write"]


@dataclass(frozen=True)
class SeaweedFS:
    """A running S3 service."""

    process: ChildProcess
    port: int
    access_key: str
    secret_key: str

    @property
    def endpoint(self) -> str:
        """Where browsers, services and nodes reach it."""
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> StorageSettings:
        """Return what a service needs to reach it."""
        return StorageSettings(
            s3_endpoint=self.endpoint,
            s3_region=REGION,
            s3_bucket=BUCKET,
            s3_access_key=SecretStr(self.access_key),
            s3_secret_key=SecretStr(self.secret_key),
        )


@asynccontextmanager
async def run_seaweedfs(
    folder: Path, *, port: int | None = None, log_file: Path | None = None
) -> AsyncIterator[SeaweedFS]:
    """Yield an S3 service with its data under `folder`."""
    storage = await start_seaweedfs(folder, port=port, log_file=log_file or folder / "log")
    try:
        yield storage
    finally:
        await storage.process.stop()


async def start_seaweedfs(folder: Path, *, port: int | None, log_file: Path) -> SeaweedFS:
    """Start it; raise StartFailed with its last words.

    It wants nine ports: when somebody else was quicker with one of them, others are tried.
    """
    for _ in range(START_TRIES - 1):
        try:
            return await _start_once(folder, port, log_file)
        except StartFailed as exc:
            if "address already in use" not in str(exc):
                raise
    return await _start_once(folder, port, log_file)


async def _start_once(folder: Path, port: int | None, log_file: Path) -> SeaweedFS:
    access_key, secret_key = _prepare(folder / "data", folder / "s3.json")
    chosen = port or free_port()
    process = await start(_command(folder.resolve(), chosen), log_file)  # noqa: ASYNC240 - short
    storage = SeaweedFS(process, chosen, access_key, secret_key)
    try:
        await process.wait_healthy(lambda: port_answers(chosen), within_s=START_WITHIN_S)
    except BaseException:
        await process.stop()
        raise
    return storage


def _command(folder: Path, s3_port: int) -> Command:
    ports = {name: _port_with_grpc() for name in ("master", "volume", "filer", "admin")}
    grpc = {name: port + GRPC_ABOVE for name, port in ports.items()} | {"s3": free_port()}
    flags = [
        f"-dir={folder / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-s3.port={s3_port}",
        f"-s3.config={folder / 's3.json'}",
        *(f"-{name}.port={port}" for name, port in ports.items()),
        *(f"-{name}.port.grpc={port}" for name, port in grpc.items()),
        # Relative, because a path to a socket may have 107 bytes at most; in /tmp they would
        # stand in the way of other people's.
        "-s3.localSocket=s3.sock",
        "-filer.localSocket=filer.sock",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-webdav=false",
        "-admin.ui=false",
        "-master.telemetry=false",
    ]
    return Command(
        name="storage",
        argv=[tool("weed"), "-logtostderr=true", "mini", *flags],
        env={"GOMEMLIMIT": MEMORY_LIMIT, "GOGC": "50"},
        cwd=folder,
        stop_grace_s=STOP_GRACE_S,
        death_signal=signal.SIGKILL,
        leavings=[_SOCKETS / f"seaweedfs-{name}-grpc-{port}.sock" for name, port in grpc.items()],
    )


def _prepare(data: Path, path: Path) -> tuple[str, str]:
    """Make the folder; return the access and the secret key, made once."""
    data.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        credentials = {
            "accessKey": secrets.token_hex(10),
            "secretKey": secrets.token_urlsafe(30),
        }
        identity = {"name": "layerline", "credentials": [credentials], "actions": _ACTIONS}
        path.touch(mode=0o600)
        path.write_text(json.dumps({"identities": [identity]}))
    found = json.loads(path.read_text())["identities"][0]["credentials"][0]
    return str(found["accessKey"]), str(found["secretKey"])


def _port_with_grpc() -> int:
    """Return a free port whose gRPC neighbour is free too."""
    for _ in FREE_PORTS:
        port = free_port()
        if port <= _HIGHEST_PORT and free_port(port + GRPC_ABOVE) == port + GRPC_ABOVE:
            return port
    raise StartFailed("no free port on 127.0.0.1")
