"""Files on their way in, to a real storage."""

import hashlib
import os
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, select

from contracts.events import ArtifactUploaded, parse_event
from contracts.units import MAX_ARTIFACT_BYTES
from services.db.tables.bus import Outbox
from services.db.tables.people import Audit
from services.db.tables.work import Artifact
from tests.integration.api.people import Json, Someone, World, problem
from tests.integration.api.rows import ready_artifact


def described(content: bytes, **changes: Any) -> Json:
    """Return the announcement of a file with this content."""
    body = {
        "filename": "bracket.gcode.3mf",
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return {**body, **changes}


async def put(upload: Json, content: bytes) -> httpx.Response:
    """Send bytes to where the upload says."""
    async with httpx.AsyncClient(timeout=20) as storage:
        target = upload["put"]
        return await storage.put(target["url"], content=content, headers=target["headers"])


async def told(world: World, artifact_id: str) -> list[ArtifactUploaded]:
    """Return what the outbox says of an artifact."""
    subject = f"artifact.uploaded.{artifact_id}"
    rows = await world.select(select(Outbox).where(col(Outbox.subject) == subject))
    return [event for row in rows if isinstance(event := parse_event(row.body), ArtifactUploaded)]


@pytest.fixture
async def mia(world: World) -> Someone:
    return await world.someone()


async def test_file_goes_straight_to_the_storage_and_is_handed_over(
    world: World, mia: Someone
) -> None:
    content = os.urandom(2000)
    upload = await mia.post("/api/uploads", described(content))
    assert upload["artifact"]["state"] == "uploading"
    assert (await put(upload, content)).status_code == 200
    artifact = await mia.http.post(f"/api/uploads/{upload['artifact']['id']}/complete", json={})
    assert artifact.status_code == 202
    assert artifact.json()["state"] == "checking"
    (event,) = await told(world, upload["artifact"]["id"])
    assert event.owner_id == mia.id
    assert event.sha256 == hashlib.sha256(content).hexdigest()
    thing_id = upload["artifact"]["id"]
    trail = select(Audit.action).where(col(Audit.thing_id) == thing_id).order_by(col(Audit.id))
    assert await world.select(trail) == ["artifact.announce", "artifact.hand_over"]


async def test_handing_over_twice_is_told_once(world: World, mia: Someone) -> None:
    content = os.urandom(100)
    upload = await mia.post("/api/uploads", described(content))
    await put(upload, content)
    path = f"/api/uploads/{upload['artifact']['id']}/complete"
    assert [(await mia.post(path))["state"] for _ in range(2)] == ["checking"] * 2
    assert len(await told(world, upload["artifact"]["id"])) == 1


@pytest.mark.asvs("V5.2.1")
async def test_too_large_is_refused_before_a_byte_is_stored(world: World, mia: Someone) -> None:
    body = described(b"x", size_bytes=MAX_ARTIFACT_BYTES + 1)
    refusal = await mia.refused("/api/uploads", body)
    assert refusal["status"] == 413
    assert refusal["type"] == "/problems/file-too-large"
    assert not await world.select(select(Artifact).where(col(Artifact.owner_id) == mia.id))


async def test_largest_file_is_announced(mia: Someone) -> None:
    upload = await mia.post("/api/uploads", described(b"x", size_bytes=MAX_ARTIFACT_BYTES))
    assert upload["put"] is not None


@pytest.mark.asvs("V5.2.1")
async def test_storage_takes_no_other_length(mia: Someone) -> None:
    upload = await mia.post("/api/uploads", described(b"abc"))
    assert (await put(upload, b"abcd")).status_code == 403


@pytest.mark.asvs("V11.4.3")
async def test_storage_takes_no_other_bytes(mia: Someone) -> None:
    upload = await mia.post("/api/uploads", described(b"abc"))
    assert (await put(upload, b"abd")).is_error
    refusal = await mia.refused(f"/api/uploads/{upload['artifact']['id']}/complete")
    assert refusal["type"] == "/problems/upload-incomplete"


async def test_cut_off_upload_can_be_sent_again(mia: Someone) -> None:
    content = os.urandom(100)
    upload = await mia.post("/api/uploads", described(content))
    artifact_id = upload["artifact"]["id"]
    refusal = await mia.refused(f"/api/uploads/{artifact_id}/complete")
    assert (refusal["status"], refusal["type"]) == (409, "/problems/upload-incomplete")
    fresh = await mia.post(f"/api/uploads/{artifact_id}/url")
    assert (await put(fresh, content)).status_code == 200
    assert (await mia.post(f"/api/uploads/{artifact_id}/complete"))["state"] == "checking"
    over = await mia.refused(f"/api/uploads/{artifact_id}/url")
    assert over["type"] == "/problems/upload-over"


async def test_own_ready_bytes_are_here_already(world: World, mia: Someone) -> None:
    known = await ready_artifact(world, mia.id)
    body = described(b"", size_bytes=known.size_bytes, sha256=known.sha256)
    upload = await mia.post("/api/uploads", body)
    assert upload["put"] is None
    assert upload["artifact"]["id"] == str(known.id)
    assert [plate["index"] for plate in upload["artifact"]["plates"]] == [1, 2]


async def test_bytes_of_another_person_have_to_be_sent(world: World, mia: Someone) -> None:
    known = await ready_artifact(world, (await world.someone()).id)
    body = described(b"", size_bytes=known.size_bytes, sha256=known.sha256)
    upload = await mia.post("/api/uploads", body)
    assert upload["put"] is not None
    assert upload["artifact"]["id"] != str(known.id)


@pytest.mark.asvs("V8.2.2")
async def test_artifact_of_another_person_is_unknown(world: World, mia: Someone) -> None:
    known = await ready_artifact(world, (await world.someone()).id)
    for path in (f"/api/uploads/{known.id}/complete", f"/api/uploads/{known.id}/url"):
        assert (await mia.refused(path))["status"] == 404
    assert problem(await mia.http.get(f"/api/artifacts/{known.id}"))["status"] == 404
    ada = await world.someone(is_admin=True)
    assert (await ada.get(f"/api/artifacts/{known.id}"))["state"] == "ready"


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "ABC"},
        {"size_bytes": 0},
        {"filename": "../up.3mf"},
        {"filename": "a\\b.3mf"},
        {"filename": "a\nb.3mf"},
        {"filename": " "},
        {"filename": "x" * 256},
        {"unknown": 1},
    ],
)
async def test_nonsense_is_refused(mia: Someone, changes: Json) -> None:
    refusal = await mia.refused("/api/uploads", described(b"x", **changes))
    assert (refusal["status"], refusal["type"]) == (422, "/problems/malformed")


class TestIdempotencyKey:
    """The same key: one effect, one answer."""

    async def test_repeat_gets_the_same_bytes(self, world: World, mia: Someone) -> None:
        headers = {"Idempotency-Key": uuid4().hex}
        first, second = [
            await mia.http.post("/api/uploads", json=described(b"abc"), headers=headers)
            for _ in range(2)
        ]
        assert first.status_code == second.status_code == 201
        assert first.content == second.content
        mine = select(Artifact).where(col(Artifact.owner_id) == mia.id)
        assert len(await world.select(mine)) == 1

    async def test_other_body_is_refused(self, mia: Someone) -> None:
        headers = {"Idempotency-Key": uuid4().hex}
        await mia.http.post("/api/uploads", json=described(b"abc"), headers=headers)
        other = await mia.http.post("/api/uploads", json=described(b"abd"), headers=headers)
        assert problem(other)["type"] == "/problems/idempotency-key-reused"
        assert other.status_code == 409

    async def test_key_of_another_person_means_nothing(self, world: World, mia: Someone) -> None:
        headers = {"Idempotency-Key": uuid4().hex}
        kim = await world.someone()
        ids = {
            (await who.http.post("/api/uploads", json=described(b"abc"), headers=headers)).json()[
                "artifact"
            ]["id"]
            for who in (mia, kim)
        }
        assert len(ids) == 2

    async def test_error_leaves_the_key_free(self, mia: Someone) -> None:
        content = b"abc"
        upload = await mia.post("/api/uploads", described(content))
        path = f"/api/uploads/{upload['artifact']['id']}/complete"
        headers = {"Idempotency-Key": uuid4().hex}
        assert (await mia.http.post(path, json={}, headers=headers)).status_code == 409
        await put(upload, content)
        assert (await mia.http.post(path, json={}, headers=headers)).status_code == 202
