"""This computer: its clock, its way to Layerline, its disk."""

import asyncio
import shutil
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
import nats.errors
from nats.aio.client import Client

from edge.doctor.findings import Check, Finding, bad, good, skipped
from edge.doctor.patience import Patience
from edge.enrol.files import NodeFiles, NotEnrolled
from runtime.clock import Clock

TIME_SERVICE_SAYS = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd once the clock has been set from the network."""
MAX_CLOCK_ERROR = timedelta(seconds=60)
MIN_FREE_BYTES = 1_000_000_000
"""A job's file, the next one, captures and the journal, with room to spare."""
RETRY_S = 1
_GB = 1_000_000_000
_SET_CLOCK = (
    "Set the clock: `sudo timedatectl set-ntp true`. With a wrong clock, secure connections fail."
)
_ENROL_AGAIN = "Enrol the node again: `layerline-edge enroll`."
_ENROL = "this node is not enrolled yet (`layerline-edge enroll`, see docs/nodes.md)"


@dataclass(frozen=True)
class NodeSubject:
    """What is known about this computer's part."""

    edge_data: Path | None
    nats_url: str | None
    nats_creds: Path | None
    api_url: str | None
    clock: Clock
    patience: Patience
    time_service: Path = TIME_SERVICE_SAYS
    min_free_bytes: int = MIN_FREE_BYTES


async def check_node(node: NodeSubject) -> tuple[Finding, ...]:
    """Return what was found about this computer."""
    return (await _clock(node), await _layerline(node), await _disk(node))


async def _clock(node: NodeSubject) -> Finding:
    issued_at = _issued_at(node)
    now = node.clock.now()
    if issued_at is not None and now < issued_at - MAX_CLOCK_ERROR:
        text = f"This computer's clock is behind: it says {now:%Y-%m-%d}."
        return bad(Check.CLOCK, text, _SET_CLOCK)
    served = await _time_of_server(node)
    if served is not None:
        error = node.clock.now() - served
        if abs(error) > MAX_CLOCK_ERROR:
            seconds = round(abs(error).total_seconds())
            word = "ahead" if error > timedelta(0) else "behind"
            text = f"This computer's clock is {seconds} s {word} of Layerline's."
            return bad(Check.CLOCK, text, _SET_CLOCK)
        return good(Check.CLOCK, "This computer's clock agrees with Layerline's.")
    if node.time_service.exists():
        return good(Check.CLOCK, "This computer's clock is set from the network.")
    return skipped(Check.CLOCK, "there is nothing here to compare this computer's clock with")


def _issued_at(node: NodeSubject) -> datetime | None:
    if node.edge_data is None:
        return None
    try:
        return datetime.fromtimestamp(NodeFiles(node.edge_data).credentials().issued_at, UTC)
    except (NotEnrolled, OverflowError, OSError):
        return None


async def _time_of_server(node: NodeSubject) -> datetime | None:
    if node.api_url is None:
        return None
    timeout = aiohttp.ClientTimeout(total=node.patience.web_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.head(node.api_url, allow_redirects=False) as response,
        ):
            return parsedate_to_datetime(response.headers["Date"])
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError):
        return None


async def _layerline(node: NodeSubject) -> Finding:
    if node.nats_url is None or node.nats_creds is None:
        return skipped(Check.LAYERLINE, _ENROL)
    if not node.nats_creds.exists():
        text = f"The node's credentials are not in {node.nats_creds}."
        return bad(Check.LAYERLINE, text, _ENROL_AGAIN)
    if not _holds_credentials(node.nats_creds):
        text = f"The node's credentials in {node.nats_creds} can't be used."
        return bad(Check.LAYERLINE, text, _ENROL_AGAIN)
    try:
        await _visit_broker(node, node.nats_url, node.nats_creds)
    except (nats.errors.Error, OSError, TimeoutError, ValueError, ssl.SSLError) as exc:
        return _no_broker(node.nats_url, exc)
    return good(Check.LAYERLINE, f"The way to Layerline's broker is open ({node.nats_url}).")


def _holds_credentials(path: Path) -> bool:
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError):
        return False
    return "BEGIN NATS USER JWT" in text and "BEGIN USER NKEY SEED" in text


async def _visit_broker(node: NodeSubject, url: str, creds: Path) -> None:
    """Connect once beside the running node, and leave."""
    client = Client()
    try:
        async with asyncio.timeout(node.patience.broker_s):
            await client.connect(
                url,
                name="layerline-doctor",
                user_credentials=str(creds),
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=RETRY_S,
                connect_timeout=round(node.patience.broker_s),
                error_cb=_ignore,
            )
            await client.flush()
    finally:
        async with asyncio.timeout(node.patience.broker_s):
            await client.close()


async def _ignore(_: Exception) -> None:
    """The exception that `connect` raises says it all."""


def _no_broker(url: str, exc: Exception) -> Finding:
    if "authorization" in str(exc).lower() or "authentication" in str(exc).lower():
        return bad(
            Check.LAYERLINE,
            "Layerline's broker refuses this node.",
            "It was revoked, or its credentials have run out: ask an admin for a new code and "
            "enrol it again (`layerline-edge enroll`).",
        )
    return bad(
        Check.LAYERLINE,
        f"Layerline's broker doesn't answer at {url}.",
        "Check this computer's way to the internet and that Layerline runs. A print that is going "
        "on is not touched by this, and nothing is lost meanwhile.",
    )


async def _disk(node: NodeSubject) -> Finding:
    if node.edge_data is None:
        return skipped(Check.DISK, "LAYERLINE_EDGE_DATA is not set: the folder of the node's data")
    return await asyncio.to_thread(_look_at_disk, node.edge_data, node.min_free_bytes)


def _look_at_disk(folder: Path, min_free_bytes: int) -> Finding:
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    try:
        # Asking for the permission alone is no proof: root has it on read-only disks too.
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".layerline-doctor-"):
            pass
    except OSError:
        return bad(
            Check.DISK,
            f"This user may not write into {folder}.",
            "Run the doctor as the user that the node's service runs as, or correct the folder's "
            "owner.",
        )
    free = shutil.disk_usage(existing).free
    if free < min_free_bytes:
        return bad(
            Check.DISK,
            f"Only {free / _GB:.1f} GB are free for the node's data.",
            f"Make room on the disk that holds {folder}: 1 GB at least.",
        )
    return good(Check.DISK, f"{free / _GB:.0f} GB are free for the node's data.")
