"""The print host that slicers know: what they send is submitted, and waits for approval."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from services.api.problems import problems
from services.api.slicers.form import FILE_FIELD
from services.api.slicers.schemas import HostVersion, SentFile
from services.api.slicers.service import SlicerDeskDep

router = APIRouter(tags=["slicers"])

_WORD: Final = {"type": "string"}
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FILE_FIELD],
                    "properties": {
                        FILE_FIELD: {"type": "string", "format": "binary"},
                        "print": {**_WORD, "description": "ignored: nothing prints unapproved"},
                        "path": {**_WORD, "description": "ignored: there are no folders"},
                    },
                }
            }
        },
    }
}


@router.get("/version", operation_id="get_host_version")
async def get_host_version() -> HostVersion:
    """Say that slicers may send files here; fails without a token that may submit."""
    return HostVersion.ours()


@router.post(
    "/files/local",
    operation_id="send_from_slicer",
    status_code=201,
    response_model=SentFile,
    responses=problems(409, 413),
    openapi_extra=_FORM,
)
async def send_from_slicer(request: Request, desk: SlicerDeskDep) -> Response:
    """Take a sliced file and submit all its plates once it has passed its check."""
    return await desk.take(request)
