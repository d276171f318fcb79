"""The inspector's work on real storage and a real database: bytes first, then what is in them."""

from uuid import uuid4

import pytest

from contracts.ids import ArtifactId, CorrelationId
from contracts.lifecycle import ArtifactState
from deploy.local.engines.seaweedfs import SeaweedFS
from services.db.tables.work import Artifact
from services.inspector.checking import MAX_CRASHES, Checker
from services.storage.bucket import (
    ObjectMissing,
    StorageUnavailable,
    blob_key,
    incoming_key,
    open_bucket,
)
from tests.builders import threemf
from tests.integration.inspector.bench import Bench


async def test_sliced_file_becomes_ready_with_its_plates(bench: Bench) -> None:
    content = threemf.two_plates()
    artifact = await bench.check(await bench.upload(content))
    assert artifact.state == ArtifactState.READY
    assert [plate["index"] for plate in artifact.inspection["plates"]] == [1, 2]
    assert await bench.bucket.sha256_of(blob_key(artifact.sha256)) == artifact.sha256
    with pytest.raises(ObjectMissing):
        await bench.bucket.size_of(artifact.incoming_key)
    assert await bench.events() == ["artifact.ready"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (threemf.not_a_zip(), "not_a_zip"),
        (threemf.truncated(), "not_a_zip"),
        (threemf.bit_rot(), "wrong_checksum damaged"),
        (threemf.unsliced(), "not_sliced"),
        (threemf.zip_without_print(), "not_a_3mf"),
        (threemf.empty_gcode(), "not_sliced"),
    ],
    ids=["not a zip", "cut off", "bit rot", "not sliced", "no 3mf", "empty program"],
)
async def test_what_cannot_print_is_refused_with_a_sentence(
    bench: Bench, content: bytes, code: str
) -> None:
    artifact = await bench.check(await bench.upload(content))
    assert artifact.state == ArtifactState.REFUSED
    assert artifact.refusal_code in code.split()
    assert artifact.refusal
    assert artifact.refusal.endswith(".")
    with pytest.raises(ObjectMissing):
        await bench.bucket.size_of(blob_key(artifact.sha256))
    assert await bench.events() == ["artifact.refused"]


async def test_I21_other_bytes_than_announced_are_refused(bench: Bench) -> None:
    artifact = await bench.upload(threemf.good(), claims=threemf.two_plates())
    checked = await bench.check(artifact)
    assert (checked.state, checked.refusal_code) == (ArtifactState.REFUSED, "bytes_changed")


async def test_missing_bytes_are_refused(bench: Bench) -> None:
    artifact_id = uuid4()
    artifact = await bench.announce(artifact_id, incoming_key(artifact_id), threemf.good())
    checked = await bench.check(artifact)
    assert (checked.state, checked.refusal_code) == (ArtifactState.REFUSED, "bytes_missing")


async def test_second_check_does_no_harm(bench: Bench) -> None:
    artifact = await bench.upload(threemf.good())
    first = await bench.check(artifact)
    second = await bench.check(artifact)
    assert (second.state, second.checked_at) == (ArtifactState.READY, first.checked_at)
    assert await bench.events() == ["artifact.ready"]


async def test_check_that_crashed_too_often_is_a_refusal(bench: Bench) -> None:
    artifact = await bench.upload(threemf.good())
    async with bench.sessions() as session, session.begin():
        row = await session.get_one(Artifact, artifact.id)
        row.check_attempts = MAX_CRASHES
        session.add(row)
    checked = await bench.check(artifact)
    assert (checked.state, checked.refusal_code) == (ArtifactState.REFUSED, "check_failed")


async def test_storage_away_is_not_the_files_fault(bench: Bench, storage: SeaweedFS) -> None:
    artifact = await bench.upload(threemf.good())
    nowhere = storage.settings().model_copy(update={"s3_endpoint": "http://127.0.0.1:9"})
    async with open_bucket(nowhere) as away:
        with pytest.raises(StorageUnavailable):
            await Checker(bench.sessions, away).check(
                ArtifactId(artifact.id), CorrelationId(uuid4())
            )
    row = await bench.row(artifact)
    assert (row.state, row.check_attempts) == (ArtifactState.CHECKING, 0)
    assert (await bench.check(artifact)).state == ArtifactState.READY
