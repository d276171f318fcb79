"""What a file looks like: drawn anew by the inspector, never bytes of the file itself."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Response

from services.api.previews.service import PreviewDeskDep
from services.api.problems import problems

router = APIRouter(tags=["previews"])

Plate = Annotated[int, Path(ge=1, le=999)]
_CACHED: Final = {"Cache-Control": "private, max-age=31536000, immutable"}
"""A preview never changes: another file is another artifact."""
_BINARY: Final = "application/octet-stream"


def _answers(media_type: str, what: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": {media_type: schema}, "description": what}, **problems(404)}


@router.get(
    "/artifacts/{artifact_id}/plates/{plate}/picture",
    operation_id="get_plate_picture",
    response_class=Response,
    responses=_answers("image/png", "The picture"),
)
async def get_plate_picture(artifact_id: UUID, plate: Plate, desk: PreviewDeskDep) -> Response:
    """The slicer's picture of a plate, at most 512 pixels wide and high."""
    picture = await desk.picture(artifact_id, plate)
    return Response(picture, media_type="image/png", headers=_CACHED)


@router.get(
    "/artifacts/{artifact_id}/plates/{plate}/toolpath",
    operation_id="get_plate_toolpath",
    response_class=Response,
    responses=_answers(_BINARY, "The toolpath; docs/preview.md has the format"),
)
async def get_plate_toolpath(artifact_id: UUID, plate: Plate, desk: PreviewDeskDep) -> Response:
    """What a plate's program draws, reduced; 404 `preview-not-ready` until it has been made."""
    toolpath = await desk.toolpath(artifact_id, plate)
    return Response(toolpath, media_type=_BINARY, headers=_CACHED)


@router.get(
    "/artifacts/{artifact_id}/model",
    operation_id="get_artifact_model",
    response_class=Response,
    responses=_answers(_BINARY, "The mesh; docs/preview.md has the format"),
)
async def get_artifact_model(artifact_id: UUID, desk: PreviewDeskDep) -> Response:
    """The meshes that the file carries, reduced; 404 `preview-not-ready` until made."""
    return Response(await desk.model(artifact_id), media_type=_BINARY, headers=_CACHED)
