"""Pictures, toolpaths and models that the inspector has made of an artifact."""

import asyncio
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends

from contracts.lifecycle import ArtifactState
from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.errors import ApiError
from services.api.state import Services
from services.api.uploads.access import seen_artifact
from services.db.tables.work import Artifact
from services.preview.names import MODEL, derived_key, picture_of, toolpath_of
from services.storage.bucket import ObjectMissing, StorageUnavailable

MAX_BYTES: Final = 8 * 1024 * 1024
STORAGE_TIMEOUT_S: Final = 10.0


class PreviewDesk:
    """What a person may look at."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def picture(self, artifact_id: UUID, plate: int) -> bytes:
        """Return a plate's picture as PNG, drawn anew from the file's."""
        artifact = await seen_artifact(self._services, self._viewer, artifact_id)
        name = picture_of(plate)
        return await self._content(artifact, name, is_made=name in artifact.pictures)

    async def toolpath(self, artifact_id: UUID, plate: int) -> bytes:
        """Return a plate's reduced toolpath."""
        return await self._later(artifact_id, toolpath_of(plate))

    async def model(self, artifact_id: UUID) -> bytes:
        """Return the reduced meshes of the file."""
        return await self._later(artifact_id, MODEL)

    async def _later(self, artifact_id: UUID, name: str) -> bytes:
        artifact = await seen_artifact(self._services, self._viewer, artifact_id)
        is_coming = artifact.state in (ArtifactState.UPLOADING, ArtifactState.CHECKING) or (
            artifact.state == ArtifactState.READY and artifact.paths is None
        )
        if is_coming:
            raise ApiError(404, "preview-not-ready", "The preview is being made. Try again soon.")
        return await self._content(artifact, name, is_made=name in (artifact.paths or ()))

    async def _content(self, artifact: Artifact, name: str, *, is_made: bool) -> bytes:
        if not is_made:
            raise ApiError(404, "no-preview", "There is no such preview of this file.")
        try:
            async with asyncio.timeout(STORAGE_TIMEOUT_S):
                return await self._services.bucket.whole(derived_key(artifact.id, name), MAX_BYTES)
        except TimeoutError as exc:
            raise StorageUnavailable("storage did not answer in time") from exc
        except ObjectMissing as exc:
            raise ApiError(404, "no-preview", "The preview of this file is gone.") from exc


async def _desk(services: ServicesDep, viewer: Viewer) -> PreviewDesk:
    return PreviewDesk(services, viewer)


PreviewDeskDep = Annotated[PreviewDesk, Depends(_desk)]
