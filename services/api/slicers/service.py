"""From the slicer's form into the storage, and from there the way of every other file."""

import hashlib
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import Depends, Request, Response

from contracts.lifecycle import ArtifactState
from contracts.units import GIB, MAX_ARTIFACT_BYTES, MIB
from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.errors import ApiError
from services.api.guard import MAX_FORM_BYTES
from services.api.slicers.form import FileBegins, malformed, pieces_of
from services.api.slicers.schemas import SentFile
from services.api.state import Services
from services.db.database import in_session
from services.db.tables.work import Artifact
from services.jobs import submitting, uploading
from services.storage.bucket import incoming_key
from services.storage.writing import ObjectWriter

SUFFIX: Final = ".3mf"
MAX_NAME: Final = 255
QUEUE: Final = "main"


class SlicerDesk:
    """Takes what slicers send."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def take(self, request: Request) -> Response:
        """Store the file and hand it over; its plates are submitted when it is ready."""
        announced = int(request.headers.get("content-length") or 0)
        if announced > MAX_FORM_BYTES:
            raise _too_large()
        await self._must_have_room(announced)
        artifact_id = uuid4()
        with self._services.receiving.turn(self._viewer.id):
            async with ObjectWriter(self._services.bucket, incoming_key(artifact_id)) as writer:
                file = await _received(request, artifact_id, writer)
                artifact = await self._hand_over(file)
                if artifact.id != artifact_id:
                    await self._services.bucket.delete(file.incoming_key)
        answer = SentFile.from_row(artifact, self._services.settings.public_url)
        return Response(
            answer.model_dump_json(),
            status_code=201,
            media_type="application/json",
            headers={"Location": answer.files.local.refs["resource"]},
        )

    async def _must_have_room(self, size_bytes: int) -> None:
        async with self._services.sessions() as session, session.begin():
            await uploading.must_have_room(session, self._viewer, size_bytes, self._quota)

    async def _hand_over(self, file: uploading.FileOnItsWay) -> Artifact:
        now = self._services.clock.now()
        async with self._services.sessions() as session, session.begin():
            artifact = await uploading.announce(session, self._viewer, file, self._quota, now)
            if artifact.state == ArtifactState.READY:
                await submitting.submit_all(
                    in_session(session), self._viewer, artifact.id, QUEUE, now
                )
                return artifact
            artifact.submit_to = QUEUE
            await session.flush()
            return await uploading.hand_over(session, self._viewer, artifact.id, now)

    @property
    def _quota(self) -> uploading.Quota:
        settings = self._services.settings
        return uploading.Quota(settings.person_files, settings.person_storage_gib * GIB)


async def _received(
    request: Request, artifact_id: UUID, writer: ObjectWriter
) -> uploading.FileOnItsWay:
    """Store the file as it comes; raise ApiError for what is no sliced file.

    A file of another kind is read to its end: a slicer shows no answer that comes before.
    """
    digest, size_bytes, filename = hashlib.sha256(), 0, None
    async for piece in pieces_of(request):
        if isinstance(piece, FileBegins):
            filename = _plain_name(piece.filename)
            continue
        size_bytes += len(piece)
        if size_bytes > MAX_ARTIFACT_BYTES:
            raise _too_large()
        if filename is not None and filename.lower().endswith(SUFFIX):
            digest.update(piece)
            await writer.write(piece)
    if filename is None or not size_bytes:
        raise malformed("There is no file in the form")
    if not filename.lower().endswith(SUFFIX):
        raise ApiError(
            422,
            "not-a-3mf",
            "Only sliced .gcode.3mf files can be printed. Have the slicer send those.",
        )
    await writer.finish()
    return uploading.FileOnItsWay(
        artifact_id, filename, size_bytes, digest.hexdigest(), incoming_key(artifact_id)
    )


def _plain_name(told: str) -> str:
    """Return the last part of a file's name, without what no name has."""
    last = told.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in last if char.isprintable()).strip()[-MAX_NAME:]


def _too_large() -> ApiError:
    return ApiError(
        413,
        "file-too-large",
        f"At most {MAX_ARTIFACT_BYTES // MIB} MiB are taken. Export fewer plates.",
    )


async def _desk(services: ServicesDep, viewer: Viewer) -> SlicerDesk:
    return SlicerDesk(services, viewer)


SlicerDeskDep = Annotated[SlicerDesk, Depends(_desk)]
