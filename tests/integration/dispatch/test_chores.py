"""What dispatch does unasked, on real engines."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio
from nats.js import JetStreamContext
from pydantic import PostgresDsn

from contracts.subjects import JOBS
from deploy.local.engines.seaweedfs import SeaweedFS
from runtime.settings import DatabaseSettings
from services.db.channels import QUEUE
from services.db.news import News
from services.dispatch.chores import Chores
from services.jobs import resending
from services.storage.bucket import Bucket, open_bucket
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.fixtures.processes import run_service, service_env, storage_env
from tests.fixtures.streams import fresh_streams
from tests.integration.dispatch.conftest import Desk


def ago(**since: float) -> datetime:
    return datetime.now(UTC) - timedelta(**since)


@pytest_asyncio.fixture
async def bucket(storage: SeaweedFS) -> AsyncIterator[Bucket]:
    """The bucket of the session."""
    async with open_bucket(storage.settings()) as opened:
        yield opened


@pytest_asyncio.fixture
async def streams(broker: Broker) -> AsyncIterator[JetStreamContext]:
    """Empty streams."""
    async with fresh_streams(broker) as js:
        yield js


@pytest_asyncio.fixture
async def chores(
    desk: Desk, database_url: str, streams: JetStreamContext, bucket: Bucket
) -> Chores:
    """Dispatch's chores, not running."""
    settings = DatabaseSettings(database_url=PostgresDsn(database_url))
    return Chores(desk.sessions, News(settings, QUEUE), streams, bucket)


class TestExpiry:
    async def test_what_nobody_decided_in_two_weeks_is_withdrawn(
        self, desk: Desk, chores: Chores
    ) -> None:
        old = await desk.shop.job(state="submitted", created_at=ago(days=15))
        returned = await desk.shop.job(
            state="returned", created_at=ago(days=30), decided_at=ago(days=15)
        )
        kept = [
            await desk.shop.job(state="submitted", created_at=ago(days=13)),
            await desk.shop.job(state="returned", created_at=ago(days=30), decided_at=ago(days=2)),
            await desk.shop.job(state="queued", created_at=ago(days=90)),
        ]
        await chores.expire_once()
        assert {(await desk.row("job", job))["state"] for job in (old, returned)} == {"withdrawn"}
        assert [(await desk.row("job", job))["state"] for job in kept] == [
            "submitted",
            "returned",
            "queued",
        ]
        told = await desk.told("job.withdrawn")
        assert {(event.job_id, event.by) for event in told} == {(old, None), (returned, None)}

    async def test_upload_that_was_never_finished_is_refused(
        self, desk: Desk, chores: Chores
    ) -> None:
        await desk.connection.execute(
            "UPDATE artifact SET state = 'uploading', created_at = $1", ago(hours=25)
        )
        await chores.expire_once()
        artifact = await desk.row("artifact", desk.shop.artifact_id)
        assert (artifact["state"], artifact["refusal_code"]) == ("refused", "upload_unfinished")


class TestLostStream:
    async def test_bells_and_commands_are_sent_anew(
        self,
        desk: Desk,
        broker: Broker,
        streams: JetStreamContext,
        storage: SeaweedFS,
        database_url: str,
        tmp_path: Path,
    ) -> None:
        job = await desk.shop.job()
        await desk.connection.execute(
            "INSERT INTO stream_seen VALUES ($1, now() - interval '1 day')", JOBS.name
        )
        async with AsyncExitStack() as stack:
            env = service_env("dispatch", database_url, broker) | storage_env(storage)
            await stack.enter_async_context(run_service("dispatch", env, tmp_path))

            async def has_rung() -> list[Any]:
                return await desk.told("job.requeued")

            (bell,) = await eventually(has_rung)
        assert (bell.job_id, bell.reason) == (job, "stream_lost")

    async def test_only_unanswered_and_valid_commands_are_sent_again(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        waiting = await _command(desk, printer)
        await _command(desk, printer, answered_at=ago(minutes=1))
        await _command(desk, printer, expires_at=ago(minutes=1))
        async with desk.sessions() as session, session.begin():
            assert await resending.send_again(session, datetime.now(UTC)) == 1
        row = await desk.connection.fetchrow("SELECT * FROM outbox")
        assert row["subject"] == f"command.bench.{printer}"
        assert row["id"] != waiting
        assert str(waiting) in row["body"].decode()


async def _command(desk: Desk, printer: UUID, **changes: Any) -> UUID:
    values: dict[str, Any] = {
        "id": uuid4(),
        "node": "bench",
        "journal_id": desk.journal_id,
        "printer_id": printer,
        "kind": "clear_bed",
        "bed_seq": 3,
        "by": desk.shop.owner_id,
        "correlation_id": uuid4(),
        "issued_at": ago(minutes=2),
        **changes,
    }
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await desk.connection.execute(
        f"INSERT INTO command ({names}) VALUES ({places})", *values.values()
    )
    return UUID(str(values["id"]))
