"""The API's process."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
import uvloop

from runtime.health import health_server
from runtime.logging import configure_logging
from runtime.process import run_until_stopped
from runtime.tracing.switch import configure_tracing
from services.api.app import create_app
from services.api.settings import ApiSettings

STOP_WITHIN_S: Final = 10
KEEP_ALIVE_S: Final = 75
GC_THRESHOLD: Final = (10_000, 20, 20)
"""A page of 50 jobs makes some thousand objects, and all of them go with its answer."""


class _Server(uvicorn.Server):
    """A server that leaves the signals to us: feeds have to end before it waits for requests."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run() -> None:
    """Serve until SIGTERM."""
    settings = ApiSettings()
    configure_logging("api", log_format=settings.log_format, level=settings.log_level)
    configure_tracing("api")
    gc.set_threshold(*GC_THRESHOLD)
    run_until_stopped(lambda stop: serve(settings, stop), loop_factory=uvloop.new_event_loop)


async def serve(settings: ApiSettings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; feeds end at once, other requests get STOP_WITHIN_S.

    Raises SystemExit when the server ends by itself: it could not start.
    """
    server = _Server(
        uvicorn.Config(
            create_app(settings, stopping=stop),
            host=settings.host,
            port=settings.port,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
    )

    async def end_when_stopped() -> None:
        await stop.wait()
        server.should_exit = True

    async with health_server(settings, {}), asyncio.TaskGroup() as tasks:
        ending = tasks.create_task(end_when_stopped())
        await server.serve()
        ending.cancel()
    if not stop.is_set():
        raise SystemExit(1)
