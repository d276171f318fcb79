"""What slicers send, in the shapes in which they send it: it is submitted, and never printed."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import psutil
import pytest
from sqlmodel import col, select

from contracts.events import ArtifactUploaded, parse_event
from contracts.ids import ArtifactId, CorrelationId
from contracts.lifecycle import ArtifactState, JobState
from contracts.units import MAX_ARTIFACT_BYTES, MIB
from deploy.local.engines.seaweedfs import SeaweedFS
from deploy.local.process import ChildProcess
from services.api.permissions import Scope
from services.api.tokens.bearer import new_secret, sha256_of
from services.db.tables.bus import Outbox
from services.db.tables.people import AccessToken, Audit
from services.db.tables.work import Artifact, Job, Submission
from services.inspector.checking import Checker
from services.jobs.shop import ShopSettings
from services.storage.bucket import ObjectMissing, incoming_key, open_bucket
from tests.builders import threemf
from tests.integration.api.people import Someone, World, now, problem
from tests.integration.api.rows import ready_artifact

BOUNDARY = "------------------------d74496d66958873e"
"""As libcurl makes them."""
ROOM_BYTES = 48 * MIB
"""Far less than the largest file, far more than one part of it."""


def orca_form(content: bytes, filename: str = "bracket.gcode.3mf", *, starts: bool = True) -> bytes:
    """Return the body that OrcaSlicer and PrusaSlicer send: print, path, then the file."""
    fields = {"print": "true" if starts else "false", "path": ""}
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return b"".join([*parts, head.encode(), content, f"\r\n--{BOUNDARY}--\r\n".encode()])


class Slicer:
    """A slicer with a person's token as its API key."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        self.http = http
        self.http.headers.update({"X-Api-Key": key, "User-Agent": "OrcaSlicer/2.3.0"})
        self.http.headers.pop("Sec-Fetch-Site", None)

    async def send(self, body: bytes | Iterator[bytes]) -> httpx.Response:
        """Post a form."""
        content_type = f"multipart/form-data; boundary={BOUNDARY}"
        content = body if isinstance(body, bytes) else _as_async(body)
        return await self.http.post(
            "/api/files/local", content=content, headers={"Content-Type": content_type}
        )


async def _as_async(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def slicer_of(
    world: World, person: Someone, scopes: tuple[Scope, ...] = (Scope.SUBMIT,)
) -> Slicer:
    """Return a slicer that holds a new token of the person."""
    secret = new_secret()
    await world.add(
        AccessToken(
            id=uuid4(),
            user_id=person.id,
            name="OrcaSlicer",
            secret_sha256=sha256_of(secret),
            scopes=" ".join(scopes),
            created_at=now(),
            expires_at=now() + timedelta(days=1),
        )
    )
    return Slicer(await world.browser(says_so=False), secret)


@pytest.fixture
async def mia(world: World) -> Someone:
    return await world.someone()


@pytest.fixture
async def slicer(world: World, mia: Someone) -> Slicer:
    return await slicer_of(world, mia)


async def checked(world: World, storage: SeaweedFS, artifact_id: str) -> Artifact:
    """Have the inspector check an artifact and return its row."""
    async with open_bucket(storage.settings()) as bucket:
        checker = Checker(world.sessions, bucket)
        await checker.check(ArtifactId(UUID(artifact_id)), CorrelationId(uuid4()))
    return await world.row(Artifact, UUID(artifact_id))


async def jobs_of(world: World, person: Someone) -> list[Job]:
    """Return a person's jobs by plate."""
    mine = select(Job).where(col(Job.owner_id) == person.id).order_by(col(Job.plate))
    return await world.select(mine)


async def test_version_is_what_slicers_look_for(slicer: Slicer) -> None:
    answer = await slicer.http.get("/api/version")
    assert answer.status_code == 200
    assert answer.json()["api"]
    assert answer.json()["text"].startswith("OctoPrint")


async def test_sent_file_is_submitted_and_waits_for_approval(
    world: World, mia: Someone, slicer: Slicer, storage: SeaweedFS
) -> None:
    content = threemf.two_plates()
    answer = await slicer.send(orca_form(content))
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["done"] is True
    assert told["files"]["local"]["name"] == "bracket.gcode.3mf"
    assert not await jobs_of(world, mia)
    artifact = await checked(world, storage, told["artifact_id"])
    assert artifact.state == ArtifactState.READY
    assert artifact.sha256 == hashlib.sha256(content).hexdigest()
    jobs = await jobs_of(world, mia)
    assert [(job.plate, job.state, job.name) for job in jobs] == [
        (1, JobState.SUBMITTED, "bracket"),
        (2, JobState.SUBMITTED, "bracket"),
    ]
    subjects = await world.select(
        select(Outbox.subject).where(
            col(Outbox.subject).in_([f"job.submitted.{j.id}" for j in jobs])
        )
    )
    assert len(subjects) == 2
    trail = select(Audit.action).where(col(Audit.user_id) == mia.id).order_by(col(Audit.id))
    assert await world.select(trail) == [
        "artifact.announce",
        "artifact.hand_over",
        "submission.create",
    ]


async def test_prusaslicer_without_print_is_the_same(
    world: World, mia: Someone, slicer: Slicer
) -> None:
    answer = await slicer.send(orca_form(b"PK", "Würfel 20 mm.3mf", starts=False))
    assert answer.status_code == 201, answer.text
    (row,) = await world.select(select(Artifact).where(col(Artifact.owner_id) == mia.id))
    assert (row.filename, row.size_bytes, row.state) == ("Würfel 20 mm.3mf", 2, "checking")
    body = await world.select(
        select(Outbox.body).where(col(Outbox.subject) == f"artifact.uploaded.{row.id}")
    )
    assert isinstance(parse_event(body[0]), ArtifactUploaded)


async def test_form_of_a_script_is_read_too(world: World, mia: Someone, slicer: Slicer) -> None:
    answer = await slicer.http.post(
        "/api/files/local",
        files={"file": ("../up/a.gcode.3mf", b"PK", "model/3mf")},
        data={"select": "true", "print": "true"},
    )
    assert answer.status_code == 201, answer.text
    (row,) = await world.select(select(Artifact).where(col(Artifact.owner_id) == mia.id))
    assert row.filename == "a.gcode.3mf"


async def test_same_ready_file_is_submitted_at_once(
    world: World, mia: Someone, slicer: Slicer, storage: SeaweedFS
) -> None:
    content = threemf.two_plates()
    known = await ready_artifact(
        world, mia.id, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
    )
    answer = await slicer.send(orca_form(content))
    assert answer.json()["artifact_id"] == str(known.id)
    assert [job.plate for job in await jobs_of(world, mia)] == [1, 2]
    assert len(await world.select(select(Artifact).where(col(Artifact.owner_id) == mia.id))) == 1


async def test_hostile_file_is_refused_by_the_same_check(
    world: World, mia: Someone, slicer: Slicer, storage: SeaweedFS
) -> None:
    answer = await slicer.send(orca_form(threemf.climbing_names()))
    artifact = await checked(world, storage, answer.json()["artifact_id"])
    assert artifact.state == ArtifactState.REFUSED
    assert not await jobs_of(world, mia)


async def test_what_may_not_be_submitted_is_refused_and_says_so(
    world: World, mia: Someone, slicer: Slicer, storage: SeaweedFS
) -> None:
    ada = await world.someone(is_admin=True)
    before = await ada.get("/api/settings")
    shop = ShopSettings(max_print_s=60).model_dump(mode="json")
    await ada.http.put("/api/settings", json={"settings": shop, "version": before["version"]})
    try:
        answer = await slicer.send(orca_form(threemf.two_plates()))
        artifact = await checked(world, storage, answer.json()["artifact_id"])
    finally:
        after = await ada.get("/api/settings")
        back = {"settings": before["settings"], "version": after["version"]}
        assert (await ada.http.put("/api/settings", json=back)).is_success
    assert (artifact.state, artifact.refusal_code) == (ArtifactState.REFUSED, "print_too_long")
    assert not await world.select(select(Submission).where(col(Submission.owner_id) == mia.id))


@pytest.mark.asvs("V8.2.1")
@pytest.mark.parametrize("key", ["", "llt_wrong", None])
async def test_without_a_good_key_nothing_is_taken(world: World, key: str | None) -> None:
    browser = await world.browser(says_so=False)
    headers = {} if key is None else {"X-Api-Key": key}
    for answer in (
        await browser.get("/api/version", headers=headers),
        await browser.post(
            "/api/files/local",
            content=orca_form(b"PK"),
            headers={
                "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
                "X-Api-Key": key or "",
            },
        ),
    ):
        assert answer.status_code == 401


async def test_key_made_for_reading_is_not_enough(world: World, mia: Someone) -> None:
    reader = await slicer_of(world, mia, (Scope.READ,))
    assert (await reader.http.get("/api/version")).status_code == 403
    assert problem(await reader.send(orca_form(b"PK")))["type"] == "/problems/token-scope"


@pytest.mark.asvs("V3.5.1")
async def test_foreign_page_can_not_send_with_a_cookie(mia: Someone) -> None:
    answer = await mia.http.post(
        "/api/files/local",
        content=orca_form(b"PK"),
        headers={
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Sec-Fetch-Site": "cross-site",
        },
    )
    assert problem(answer)["type"] == "/problems/foreign-request"


async def test_plain_gcode_is_refused_with_advice(
    world: World, mia: Someone, slicer: Slicer
) -> None:
    refusal = problem(await slicer.send(orca_form(b"G28\n" * 1000, "a.gcode")))
    assert (refusal["status"], refusal["type"]) == (422, "/problems/not-a-3mf")
    assert not await world.select(select(Artifact).where(col(Artifact.owner_id) == mia.id))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form",
        orca_form(b""),
        orca_form(b"PK")[:-20],
        orca_form(b"PK").replace(b'name="file"', b'name="other"'),
        orca_form(b"PK").replace(b'; filename="bracket.gcode.3mf"', b""),
        orca_form(b"PK", "x" * 5000 + ".3mf"),
        orca_form(b"PK").replace(b'form-data; name="print"', b"a" * 5000),
    ],
)
async def test_what_is_no_form_with_one_file_is_refused(slicer: Slicer, body: bytes) -> None:
    refusal = problem(await slicer.send(body))
    assert (refusal["status"], refusal["type"]) == (422, "/problems/malformed")


@pytest.mark.asvs("V5.2.1")
async def test_too_large_is_refused_before_a_byte_is_sent(world: World, slicer: Slicer) -> None:
    """As libcurl asks before it sends much."""
    where = urlsplit(world.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    lines = (
        "POST /api/files/local HTTP/1.1",
        f"Host: {where.netloc}",
        f"X-Api-Key: {slicer.http.headers['X-Api-Key']}",
        f"Content-Length: {MAX_ARTIFACT_BYTES + MIB}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        "Expect: 100-continue",
    )
    writer.write("\r\n".join([*lines, "", ""]).encode())
    async with asyncio.timeout(10):
        status = await reader.readline()
    writer.close()
    assert status.split()[1] == b"413"


def _large(size_bytes: int) -> Iterator[bytes]:
    head, tail = orca_form(b"|", "large.gcode.3mf").split(b"|")
    yield head
    for _ in range(size_bytes // MIB):
        yield os.urandom(MIB)
    yield tail


async def test_largest_file_goes_through_in_little_memory(
    world: World, mia: Someone, slicer: Slicer, storage: SeaweedFS, api_process: ChildProcess
) -> None:
    process = psutil.Process(api_process.pid)
    before, most = process.memory_info().rss, 0

    def watched() -> Iterator[bytes]:
        nonlocal most
        for chunk in _large(MAX_ARTIFACT_BYTES):
            most = max(most, process.memory_info().rss)
            yield chunk

    answer = await slicer.send(watched())
    assert answer.status_code == 201, answer.text
    assert most - before < ROOM_BYTES
    artifact_id = answer.json()["artifact_id"]
    artifact = await world.row(Artifact, UUID(artifact_id))
    assert artifact.size_bytes == MAX_ARTIFACT_BYTES
    async with open_bucket(storage.settings()) as bucket:
        assert await bucket.sha256_of(incoming_key(artifact_id)) == artifact.sha256


async def test_more_than_the_largest_file_leaves_nothing(
    world: World, mia: Someone, slicer: Slicer, storage: SeaweedFS
) -> None:
    try:
        answer = await slicer.send(_large(MAX_ARTIFACT_BYTES + MIB))
        assert answer.status_code == 413
    except httpx.WriteError:
        pass  # it was refused before all of it was sent
    assert not await world.select(select(Artifact).where(col(Artifact.owner_id) == mia.id))
    async with open_bucket(storage.settings()) as bucket:
        begun = await bucket.client.list_multipart_uploads(Bucket=bucket.name)
        assert not begun.get("Uploads")
        with pytest.raises(ObjectMissing):
            await bucket.size_of(incoming_key(uuid4()))
