"""The notifier's process: the event log into notices, notices to their targets."""

import asyncio

import structlog

from runtime.clock import SystemClock
from runtime.health import health_server
from runtime.logging import configure_logging
from runtime.process import run_until_stopped
from runtime.tasks import Tasks
from runtime.tracing.switch import configure_tracing
from services.db.channels import EVENTS, NOTICES
from services.db.engine import make_engine, make_sessions, ping
from services.db.news import News
from services.notices.sealing import Sealer
from services.notify.collecting import Collector
from services.notify.delivering import Courier
from services.notify.settings import NotifySettings

log = structlog.get_logger()


def run() -> None:
    """Run until SIGTERM."""
    settings = NotifySettings()
    configure_logging("notify", log_format=settings.log_format, level=settings.log_level)
    configure_tracing("notify")
    run_until_stopped(lambda stop: _main(settings, stop))


async def _main(settings: NotifySettings, stop: asyncio.Event) -> None:
    engine = make_engine(settings, pool_size=4)
    sessions, clock = make_sessions(engine), SystemClock()
    events, notices = News(settings, EVENTS), News(settings, NOTICES)
    collector = Collector(sessions, clock, events, settings.public_url)
    courier = Courier(
        sessions, clock, notices, Sealer.of(settings), allow_private=settings.notify_private
    )
    checks = {"database": lambda: ping(engine)}
    async with health_server(settings, checks), Tasks() as tasks:
        for work in (events.run(), notices.run(), collector.run(), courier.run()):
            tasks.create_task(work)
        await stop.wait()
        await tasks.end()
    await engine.dispose()
