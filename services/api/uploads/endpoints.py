"""Files on their way in: announced here, sent straight to the storage, handed over here."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.api.dependencies import OnceDep
from services.api.problems import problems
from services.api.uploads.schemas import Artifact, Upload, UploadRequest
from services.api.uploads.service import UploadDeskDep

router = APIRouter(tags=["uploads"])


@router.post(
    "/uploads",
    operation_id="create_upload",
    status_code=201,
    response_model=Upload,
    responses=problems(409, 413),
)
async def create_upload(body: UploadRequest, desk: UploadDeskDep, once: OnceDep) -> Response:
    """Announce a file; the answer says where its bytes go."""
    return await desk.create(once, body)


@router.post(
    "/uploads/{artifact_id}/complete",
    operation_id="complete_upload",
    status_code=202,
    response_model=Artifact,
    responses=problems(404, 409),
)
async def complete_upload(artifact_id: UUID, desk: UploadDeskDep, once: OnceDep) -> Response:
    """Hand the sent bytes over to be checked."""
    return await desk.complete(once, artifact_id)


@router.post(
    "/uploads/{artifact_id}/url",
    operation_id="renew_upload_url",
    responses=problems(404, 409),
)
async def renew_upload_url(artifact_id: UUID, desk: UploadDeskDep) -> Upload:
    """Get a fresh address for bytes that have not been sent yet."""
    return await desk.renew(artifact_id)


@router.get("/artifacts/{artifact_id}", operation_id="get_artifact", responses=problems(404))
async def get_artifact(artifact_id: UUID, desk: UploadDeskDep) -> Artifact:
    """An uploaded file and what was found in it."""
    return await desk.artifact(artifact_id)
