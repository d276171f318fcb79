"""The projector's process: events into the read model, and the deadlines of runs."""

import asyncio
import os

import structlog
import uvloop
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from runtime.clock import SystemClock
from runtime.health import cached, health_server
from runtime.logging import configure_logging
from runtime.process import EXIT_CODE_UNPROVISIONED, run_until_stopped
from runtime.tasks import Tasks
from runtime.tracing.switch import configure_tracing
from services.db.channels import LETTERS
from services.db.news import News
from services.messaging.broker import ServiceBroker
from services.projector.consuming import CONSUMERS, Consumption, subscribe
from services.projector.deadlines import DeadlineWatch
from services.projector.measuring import measure
from services.projector.projection import Waits
from services.projector.replaying import ReplayWatch
from services.projector.settings import ProjectorSettings
from services.projector.writing import Writer

log = structlog.get_logger()

CONSUMER_CHECK_S = 30.0


class ConsumerMissing(Exception):
    """A durable consumer is not there; the text says which."""


def run() -> None:
    """Run until SIGTERM."""
    settings = ProjectorSettings()
    configure_logging("projector", log_format=settings.log_format, level=settings.log_level)
    configure_tracing("projector")
    run_until_stopped(lambda stop: _main(settings, stop), loop_factory=uvloop.new_event_loop)


async def _main(settings: ProjectorSettings, stop: asyncio.Event) -> None:
    clock, waits = SystemClock(), Waits().scaled(settings.time_scale)
    writer = Writer(settings)
    deadlines = DeadlineWatch(writer, clock, waits)
    news = News(settings, LETTERS)
    replays = ReplayWatch(writer, news, deadlines, clock, waits)
    service = ServiceBroker(settings, name="projector")
    subscribe(service, Consumption(writer, deadlines, clock, waits))
    checks = {
        "database": writer.check,
        "broker": service.check,
        "consumers": cached(lambda: find_consumers(service.jetstream())),
    }
    async with health_server(settings, checks), Tasks() as tasks:
        for work in (
            writer.hold(),
            _consume(service, writer),
            deadlines.run(),
            news.run(),
            replays.run(),
        ):
            tasks.create_task(work)
        await stop.wait()
        # The consumers first, so that the last batch commits on the connection it began on.
        await service.stop()
        await tasks.end()


async def _consume(service: ServiceBroker, writer: Writer) -> None:
    """Consume once this process is the one that writes; watch that the consumers stay there."""
    await writer.is_first.wait()
    await service.broker.start()
    log.info("projector_consuming")
    js = service.jetstream()
    async with Tasks() as tasks:
        tasks.create_task(measure(writer, js))
        while True:
            await asyncio.sleep(CONSUMER_CHECK_S)
            await _check_consumers(js)


async def _check_consumers(js: JetStreamContext) -> None:
    """End the process when a consumer is gone: its start provisions first."""
    try:
        await find_consumers(js)
    except ConsumerMissing as exc:
        log.error("consumer_missing", error=str(exc))
        os._exit(EXIT_CODE_UNPROVISIONED)
    except (NatsError, TimeoutError) as exc:
        log.warning("consumer_check_failed", error=f"{type(exc).__name__}: {exc}")


async def find_consumers(js: JetStreamContext) -> None:
    """Raise ConsumerMissing unless what the projector consumes is there."""
    for stream, durable in CONSUMERS:
        try:
            await js.consumer_info(stream.name, durable)
        except NotFoundError as exc:
            raise ConsumerMissing(f"{durable} on stream {stream.name}; provision again") from exc
