"""The inspector's process: takes uploaded artifacts from the stream and checks them."""

import asyncio

import structlog
from faststream.nats import PullSub
from faststream.nats.message import NatsMessage
from pydantic import ValidationError

from contracts.events import ArtifactUploaded, parse_event
from contracts.ids import ArtifactId, CorrelationId
from contracts.subjects import INSPECTOR, INSPECTOR_FILTER, JOBS
from runtime.backoff import backoff
from runtime.health import cached, health_server
from runtime.logging import configure_logging
from runtime.process import run_until_stopped
from runtime.tasks import Tasks
from runtime.tracing.steps import StepKind, cause_in, step
from runtime.tracing.switch import configure_tracing
from services.db.engine import DATABASE_AWAY, make_engine, make_sessions, ping
from services.inspector.checking import Checker
from services.inspector.previewing import Previewer
from services.inspector.settings import InspectorSettings
from services.messaging.broker import ServiceBroker, as_it_is, bound
from services.storage.bucket import StorageUnavailable, open_bucket

log = structlog.get_logger()

FETCH_TIMEOUT_S = 5.0
RETRY_DELAY_S = 5
_AWAY = (StorageUnavailable, *DATABASE_AWAY)


def run() -> None:
    """Run until SIGTERM."""
    settings = InspectorSettings()
    configure_logging("inspector", log_format=settings.log_format, level=settings.log_level)
    configure_tracing("inspector")
    run_until_stopped(lambda stop: _main(settings, stop))


async def _main(settings: InspectorSettings, stop: asyncio.Event) -> None:
    engine = make_engine(settings, pool_size=2)
    service = ServiceBroker(settings, name="inspector")
    async with open_bucket(settings) as bucket:
        sessions = make_sessions(engine)
        previewer = Previewer(sessions, bucket)
        checker = Checker(sessions, bucket, settings.rules(), on_ready=previewer.wake)
        subscribe(service, checker)
        checks = {
            "database": lambda: ping(engine),
            "storage": cached(bucket.check),
            "broker": service.check,
        }
        async with health_server(settings, checks), Tasks() as tasks:
            await service.broker.start()
            tasks.create_task(_check_left_over(checker))
            tasks.create_task(previewer.run())
            await stop.wait()
            await tasks.end()
            await service.stop()
    await engine.dispose()


def subscribe(service: ServiceBroker, checker: Checker) -> None:
    """Have uploaded artifacts checked one by one, acked when their outcome has committed."""

    @service.broker.subscriber(
        INSPECTOR_FILTER,
        stream=bound(JOBS),
        durable=INSPECTOR,
        pull_sub=PullSub(batch_size=1, timeout=FETCH_TIMEOUT_S),
        decoder=as_it_is,
    )
    async def check(message: NatsMessage) -> None:
        try:
            event = parse_event(message.body)
        except ValidationError:
            # The projector reads the same stream and keeps it as a dead letter.
            log.warning("event_unreadable", subject=message.raw_message.subject)
            await message.ack()
            return
        if isinstance(event, ArtifactUploaded):
            headers = message.raw_message.headers
            try:
                with step(
                    "inspect",
                    kind=StepKind.CONSUMER,
                    about=event.correlation_id,
                    cause=cause_in(headers),
                ):
                    await checker.check(event.artifact_id, event.correlation_id)
            except _AWAY as exc:
                log.warning("artifact_check_postponed", error=f"{type(exc).__name__}: {exc}")
                await message.nack(delay=RETRY_DELAY_S)
                return
            except Exception:
                log.exception("artifact_check_broke", artifact_id=event.artifact_id)
                await message.nack(delay=RETRY_DELAY_S)
                return
        await message.ack()


async def _check_one(checker: Checker, artifact_id: ArtifactId) -> None:
    """Check what was left over; a fault of this one is no end of the process."""
    try:
        await checker.check(artifact_id, CorrelationId(artifact_id))
    except _AWAY:
        raise
    except Exception:
        log.exception("artifact_check_broke", artifact_id=artifact_id)


async def _check_left_over(checker: Checker) -> None:
    """Check what was waiting when this process started: its message may be lost."""
    for wait_s in backoff(initial_s=1, max_s=30):
        try:
            for artifact_id in await checker.waiting():
                await _check_one(checker, artifact_id)
        except _AWAY as exc:
            log.warning("left_over_postponed", error=f"{type(exc).__name__}: {exc}")
            await asyncio.sleep(wait_s)
        else:
            return
