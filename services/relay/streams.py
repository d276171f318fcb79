"""Whether the broker is as provisioned: the streams are there, and every write is synced."""

import asyncio
from typing import Final

import httpx
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from contracts.subjects import STREAMS
from services.relay.metrics import STREAM_BYTES

log = structlog.get_logger()

MEASURE_EVERY_S: Final = 15.0
TIMEOUT_S: Final = 1.5


class Streams:
    """The streams, as their server tells of them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def check(self) -> None:
        """Raise unless every stream is there with the subjects that it must take."""
        for spec in STREAMS:
            info = await self._client.jetstream().stream_info(spec.name)
            if set(info.config.subjects or ()) != set(spec.subjects):
                raise ValueError(f"stream {spec.name} takes other subjects; provision again")

    async def measure(self) -> None:
        """Tell how large the streams are, until cancelled."""
        while True:
            for spec in STREAMS:
                try:
                    info = await self._client.jetstream().stream_info(spec.name)
                except (NatsError, TimeoutError) as exc:
                    log.debug("stream_not_measured", stream=spec.name, error=type(exc).__name__)
                else:
                    STREAM_BYTES.labels(stream=spec.name).set(info.state.bytes)
            await asyncio.sleep(MEASURE_EVERY_S)


class SyncCheck:
    """What the broker says of its own disk."""

    def __init__(self, monitor_url: str) -> None:
        self._url = f"{monitor_url.rstrip('/')}/jsz?config=true"

    async def check(self) -> None:
        """Raise unless JetStream syncs every write before it confirms it."""
        async with httpx.AsyncClient(
            # To verify, it reads every certificate there is, which plain HTTP has no use for.
            verify=not self._url.startswith("http://"),
            timeout=TIMEOUT_S,
            trust_env=False,
            follow_redirects=False,
        ) as monitor:
            answer = await monitor.get(self._url)
            answer.raise_for_status()
        if answer.json().get("config", {}).get("sync_always") is not True:
            raise ValueError("the broker does not sync every write: set sync_interval: always")
