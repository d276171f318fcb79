"""Uploads: the bytes go from the browser to the storage, never through the API."""

import asyncio
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import Depends, Response
from fastapi.exceptions import HTTPException
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.lifecycle import ArtifactState
from contracts.units import GIB, MAX_ARTIFACT_BYTES, MIB
from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.errors import ApiError
from services.api.idempotency import Once
from services.api.state import Services
from services.api.uploads.access import own_artifact, seen_artifact
from services.api.uploads.schemas import Artifact, Upload, UploadRequest, UploadTarget
from services.db.tables import work
from services.jobs import uploading
from services.jobs.errors import Conflict
from services.storage.bucket import ObjectMissing, StorageUnavailable, incoming_key

MAX_AWAITED: Final = 20
"""Files of one person whose bytes are still awaited."""
STORAGE_TIMEOUT_S: Final = 5.0


class UploadDesk:
    """What a person can do with files."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def create(self, once: Once, body: UploadRequest) -> Response:
        """Announce a file; refused before a byte is stored when it is too large."""
        if body.size_bytes > MAX_ARTIFACT_BYTES:
            raise ApiError(
                413,
                "file-too-large",
                f"The file has {body.size_bytes / MIB:.1f} MiB; at most "
                f"{MAX_ARTIFACT_BYTES // MIB} MiB are taken. Export fewer plates.",
            )
        artifact_id = uuid4()
        file = uploading.FileOnItsWay(
            artifact_id, body.filename, body.size_bytes, body.sha256, incoming_key(artifact_id)
        )

        async def act(session: AsyncSession) -> Upload:
            now = self._services.clock.now()
            if await uploading.count_awaited(session, self._viewer) >= MAX_AWAITED:
                raise HTTPException(
                    429, "Too many uploads are under way. Finish some.", {"Retry-After": "60"}
                )
            artifact = await uploading.announce(session, self._viewer, file, self._quota, now)
            return await self._upload(artifact)

        return await once.run(act, status=201)

    async def complete(self, once: Once, artifact_id: UUID) -> Response:
        """Hand the bytes over for their check once they are all there."""
        artifact = await own_artifact(self._services, self._viewer, artifact_id)
        if artifact.state == ArtifactState.UPLOADING:
            await self._must_be_whole(artifact)

        async def act(session: AsyncSession) -> Artifact:
            now = self._services.clock.now()
            row = await uploading.hand_over(session, self._viewer, artifact_id, now)
            return Artifact.from_row(row)

        return await once.run(act, status=202)

    async def renew(self, artifact_id: UUID) -> Upload:
        """Return a fresh address while the bytes are still awaited."""
        artifact = await own_artifact(self._services, self._viewer, artifact_id)
        if artifact.state != ArtifactState.UPLOADING:
            raise Conflict("upload-over", "The bytes of this file have been handed over already.")
        return await self._upload(artifact)

    async def artifact(self, artifact_id: UUID) -> Artifact:
        """Return an artifact of one's own; admins see all."""
        return Artifact.from_row(await seen_artifact(self._services, self._viewer, artifact_id))

    @property
    def _quota(self) -> uploading.Quota:
        settings = self._services.settings
        return uploading.Quota(settings.person_files, settings.person_storage_gib * GIB)

    async def _upload(self, artifact: work.Artifact) -> Upload:
        if artifact.state != ArtifactState.UPLOADING:
            return Upload(artifact=Artifact.from_row(artifact), put=None)
        put = await self._services.bucket.presign_put(
            artifact.incoming_key, size_bytes=artifact.size_bytes, sha256=artifact.sha256
        )
        return Upload(artifact=Artifact.from_row(artifact), put=UploadTarget.from_presigned(put))

    async def _must_be_whole(self, artifact: work.Artifact) -> None:
        try:
            async with asyncio.timeout(STORAGE_TIMEOUT_S):
                size = await self._services.bucket.size_of(artifact.incoming_key)
        except TimeoutError as exc:
            raise StorageUnavailable("storage did not answer in time") from exc
        except ObjectMissing:
            raise Conflict(
                "upload-incomplete",
                "The bytes of this file have not arrived. Send the file again.",
            ) from None
        if size != artifact.size_bytes:
            raise Conflict(
                "upload-incomplete",
                f"{size} of {artifact.size_bytes} bytes arrived. Send the file again.",
            )


async def _desk(services: ServicesDep, viewer: Viewer) -> UploadDesk:
    return UploadDesk(services, viewer)


UploadDeskDep = Annotated[UploadDesk, Depends(_desk)]
