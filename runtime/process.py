"""Running a process: logging first, then one coroutine until SIGTERM or Ctrl-C."""

import asyncio
import ctypes
import gc
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from runtime.supervision import supervised

log = structlog.get_logger()

EXIT_CODE_UNPROVISIONED = 71
"""A stream or consumer is gone: provision, then start the process again."""


def run_until_stopped(
    main: Callable[[asyncio.Event], Awaitable[None]],
    *,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> None:
    """Run `main(stop)`; `stop` is set by SIGTERM and SIGINT, and `main` then ends by itself."""

    async def supervise() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, stop.set)
        _settle()
        log.info("process_started")
        async with supervised():
            await main(stop)
        log.info("process_stopped")

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(supervise())


def _settle() -> None:
    """Take what imports made for good: to go through it again and again finds no garbage."""
    gc.collect()
    gc.freeze()
    give_memory_back()


def give_memory_back() -> None:
    """Hand what imports freed back to the system: 3 MB that the C library would keep.

    Does nothing where the C library has no such call (musl, macOS).
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
