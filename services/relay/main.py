"""The relay's process: woken by NOTIFY, with a sweep behind it."""

import asyncio
import contextlib
import time

import asyncpg
import structlog
import uvloop
from nats.aio.client import Client

from runtime.backoff import backoff
from runtime.health import cached, health_server
from runtime.logging import configure_logging
from runtime.nats import connect_nats
from runtime.process import run_until_stopped
from runtime.tasks import Tasks
from runtime.tracing.switch import configure_tracing
from services.db.channels import OUTBOX
from services.db.engine import CONNECTION_BROKEN, connect
from services.relay.metrics import OUTBOX_OLDEST
from services.relay.outbox import oldest_s, sweep, take_lock
from services.relay.publishing import Publisher, PublishFailed
from services.relay.settings import RelaySettings
from services.relay.streams import Streams, SyncCheck

log = structlog.get_logger()

SWEEP_S = 5.0
"""Behind NOTIFY: what a lost notification left is found within this, and the lock is kept."""
CLEAN_EVERY_S = 3600.0
MEASURE_EVERY_S = 1.0
STANDBY_S = 2.0


def run() -> None:
    """Run until SIGTERM."""
    settings = RelaySettings()
    configure_logging("relay", log_format=settings.log_format, level=settings.log_level)
    configure_tracing("relay")
    run_until_stopped(lambda stop: _main(settings, stop), loop_factory=uvloop.new_event_loop)


async def _main(settings: RelaySettings, stop: asyncio.Event) -> None:
    client = await connect_nats(settings.nats_url, settings.nats_creds, name="relay")
    relay = Relay(settings, client)
    streams = Streams(client)
    checks = {
        "database": relay.check_database,
        "broker": lambda: _check_broker(client),
        "streams": cached(streams.check),
    }
    if settings.nats_monitor_url is not None:
        checks["sync_always"] = cached(SyncCheck(settings.nats_monitor_url).check)
    async with health_server(settings, checks), Tasks() as tasks:
        tasks.create_task(relay.run())
        tasks.create_task(streams.measure())
        await stop.wait()
        await tasks.end()
    await client.close()


async def _check_broker(client: Client) -> None:
    if not client.is_connected:
        raise ConnectionError("not connected")


class Relay:
    """Publishes the outbox for as long as it holds the lock; reconnects to the database."""

    def __init__(self, settings: RelaySettings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._wake = asyncio.Event()
        self._connection: asyncpg.Connection | None = None

    async def check_database(self) -> None:
        """Raise unless the database connection is there."""
        if self._connection is None or self._connection.is_closed():
            raise ConnectionError("not connected")

    async def run(self) -> None:
        """Run until cancelled."""
        waits = backoff(initial_s=0.2, max_s=5)
        while True:
            try:
                self._connection = await connect(self._settings, holds_lock=True)
                waits = backoff(initial_s=0.2, max_s=5)
                try:
                    await self._serve(self._connection)
                finally:
                    self._connection.terminate()
            except (OSError, TimeoutError, asyncpg.PostgresError, *CONNECTION_BROKEN) as exc:
                log.warning("relay_database_lost", error=f"{type(exc).__name__}: {exc}")
            await asyncio.sleep(next(waits))

    async def _serve(self, connection: asyncpg.Connection) -> None:
        await connection.add_listener(OUTBOX, lambda *_: self._wake.set())
        while not await take_lock(connection):
            log.info("relay_standing_by")
            await self._wait(STANDBY_S)
        log.info("relay_active")
        publisher = Publisher(connection, self._client.jetstream())
        waits = backoff(initial_s=0.2, max_s=5)
        clean_at = measure_at = 0.0
        while True:
            self._wake.clear()
            try:
                published = await publisher.publish_waiting()
            except PublishFailed:
                OUTBOX_OLDEST.set(await oldest_s(connection))
                await asyncio.sleep(next(waits))
                continue
            waits = backoff(initial_s=0.2, max_s=5)
            if time.monotonic() >= measure_at:
                OUTBOX_OLDEST.set(await oldest_s(connection))
                measure_at = time.monotonic() + MEASURE_EVERY_S
            if published:
                log.debug("outbox_published", count=published)
            if time.monotonic() >= clean_at:
                await sweep(connection)
                clean_at = time.monotonic() + CLEAN_EVERY_S
            await self._wait(SWEEP_S)

    async def _wait(self, seconds: float) -> None:
        """Return at the next notification, or when the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
