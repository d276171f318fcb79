"""What a check may take and see, and what is left when it dies."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.events import ArtifactUploaded
from contracts.ids import ArtifactId, CorrelationId, EventId, UserId
from contracts.lifecycle import ArtifactState
from contracts.subjects import event_subject
from deploy.local.engines.seaweedfs import SeaweedFS
from services.inspection.rules import Rules
from services.inspector import limited
from services.inspector.limited import CheckCrashed, Refused, inspect_limited
from tests.builders import threemf
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.fixtures.processes import run_service, service_env, storage_env
from tests.fixtures.streams import connected, fresh_streams
from tests.integration.inspector.bench import Bench

SECRET = "llc-canary-of-the-inspector"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A file that can be printed."""
    path = tmp_path / "good.3mf"
    path.write_bytes(threemf.good())
    return path


@pytest.mark.asvs("V15.2.2")
async def test_check_without_memory_crashes_alone(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limited, "MEMORY_LIMIT_BYTES", 40 * 1024 * 1024)
    with pytest.raises(CheckCrashed, match="exit code"):
        await inspect_limited(good, Rules())


async def test_check_that_takes_for_ever_is_ended(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limited, "WALL_LIMIT_S", 0.01)
    with pytest.raises(CheckCrashed, match="no result"):
        await inspect_limited(good, Rules())


async def test_file_that_always_crashes_its_check_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limited, "MEMORY_LIMIT_BYTES", 40 * 1024 * 1024)
    checked = await bench.check(await bench.upload(threemf.good()))
    assert (checked.state, checked.refusal_code) == (ArtifactState.REFUSED, "check_failed")
    monkeypatch.undo()
    again = await bench.check(await bench.upload(threemf.good()))
    assert again.state == ArtifactState.READY


@pytest.mark.asvs("V13.3.2")
async def test_check_sees_no_secret_of_the_service(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAYERLINE_S3_SECRET_KEY", SECRET)
    spy = tmp_path / "python"
    spy.write_text(
        f"#!{sys.executable}\nimport json, os\n"
        "print(json.dumps({'code': 'seen', 'refusal': json.dumps(dict(os.environ))}))\n"
    )
    spy.chmod(0o700)
    monkeypatch.setattr(sys, "executable", os.fspath(spy))
    seen = await inspect_limited(good, Rules())
    assert isinstance(seen, Refused)
    assert set(json.loads(seen.refusal)) <= {*limited.ENVIRONMENT, "LC_CTYPE"}
    assert not [name for name in limited.ENVIRONMENT if name.startswith("LAYERLINE")]


async def test_ten_files_at_once_are_checked_one_after_the_other(bench: Bench) -> None:
    artifacts = [await bench.upload(threemf.good()) for _ in range(10)]
    checked = await asyncio.gather(*(bench.check(artifact) for artifact in artifacts))
    assert {artifact.state for artifact in checked} == {ArtifactState.READY}
    assert {artifact.check_attempts for artifact in checked} == {1}
    assert await bench.events() == ["artifact.ready"] * 10


async def test_killed_inspector_finishes_after_its_restart(
    bench: Bench,
    broker: Broker,
    storage: SeaweedFS,
    database_url: str,
    tmp_path: Path,
) -> None:
    env = service_env("inspector", database_url, broker) | storage_env(storage)
    artifact = await bench.upload(threemf.of_size(20 * threemf.MEGABYTE))
    event = ArtifactUploaded(
        id=EventId(uuid4()),
        occurred_at=datetime.now(UTC),
        correlation_id=CorrelationId(uuid4()),
        artifact_id=ArtifactId(artifact.id),
        owner_id=UserId(artifact.owner_id),
        filename=artifact.filename,
        size_bytes=artifact.size_bytes,
        sha256=artifact.sha256,
        incoming_key=artifact.incoming_key,
    )
    async with (
        fresh_streams(broker),
        run_service("inspector", env, tmp_path) as inspector,
    ):
        async with connected(broker, "relay") as relay:
            await relay.jetstream().publish(event_subject(event), event.model_dump_json().encode())

        async def is_checking() -> bool:
            return (await bench.row(artifact)).check_attempts == 1

        await eventually(is_checking)
        os.kill(inspector.pid, signal.SIGKILL)
        await inspector.wait()
    assert (await bench.row(artifact)).state == ArtifactState.CHECKING

    async def is_ready() -> bool:
        return (await bench.row(artifact)).state == ArtifactState.READY

    # Its message is gone with the streams: the database knows what waits.
    async with fresh_streams(broker), run_service("inspector", env, tmp_path):
        await eventually(is_ready, within_s=60)
    assert await bench.events() == ["artifact.ready"]
