"""Dispatch's process: answers nodes, rings, expires."""

import asyncio

import uvloop

from runtime.health import cached, health_server
from runtime.logging import configure_logging
from runtime.process import run_until_stopped
from runtime.tasks import Tasks
from runtime.tracing.switch import configure_tracing
from services.db.channels import EVENTS, QUEUE
from services.db.database import open_database
from services.db.engine import make_engine, make_sessions, ping
from services.db.news import News
from services.dispatch.answers import Answers
from services.dispatch.chores import Chores
from services.dispatch.questions import subscribe
from services.dispatch.settings import DispatchSettings
from services.jobs.waits import Waits
from services.messaging.broker import ServiceBroker
from services.storage.bucket import open_bucket

CLAIMS = 8
"""Connections for answers: claims for one printer wait for each other."""
POOL_SIZE = 4


def run() -> None:
    """Run until SIGTERM."""
    settings = DispatchSettings()
    configure_logging("dispatch", log_format=settings.log_format, level=settings.log_level)
    configure_tracing("dispatch")
    run_until_stopped(lambda stop: _main(settings, stop), loop_factory=uvloop.new_event_loop)


async def _main(settings: DispatchSettings, stop: asyncio.Event) -> None:
    engine = make_engine(settings, pool_size=POOL_SIZE)
    sessions = make_sessions(engine)
    service = ServiceBroker(settings, name="dispatch")
    watermarks, queue = News(settings, EVENTS), News(settings, QUEUE)
    async with (
        open_bucket(settings) as bucket,
        open_database(settings, connections=CLAIMS) as database,
    ):
        waits = Waits().scaled(settings.time_scale)
        subscribe(service, Answers(sessions, database, bucket, watermarks, waits))
        checks = {
            "database": lambda: ping(engine),
            "storage": cached(bucket.check),
            "broker": service.check,
        }
        async with health_server(settings, checks), Tasks() as tasks:
            await service.broker.start()
            chores = Chores(sessions, queue, service.jetstream(), bucket)
            for work in (
                watermarks.run(),
                queue.run(),
                chores.ring(),
                chores.expire(),
                chores.watch_streams(),
            ):
                tasks.create_task(work)
            await stop.wait()
            await tasks.end()
            await service.stop()
    await engine.dispose()
