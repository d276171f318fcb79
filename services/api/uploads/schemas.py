"""Files on their way in, and what was found in them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.findings import SlicerInfo
from contracts.ids import Sha256Hex
from contracts.inspection import ArtifactInspection
from contracts.lifecycle import ArtifactState
from contracts.loaded import PlateSummary
from contracts.sentences import Saying, saying_of
from services.api.schemas import In, Out
from services.db.tables import work
from services.storage.bucket import PresignedPut


class UploadRequest(In):
    """A file that a person wants to send."""

    filename: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f\x7f]+$"
        ),
    ]
    size_bytes: int = Field(ge=1)
    sha256: Sha256Hex


class Artifact(Out):
    """An uploaded file; `plates` is empty until it is ready."""

    id: UUID
    filename: str
    size_bytes: int
    sha256: str
    state: ArtifactState
    refusal_code: str | None
    refusal: str | None
    said: Saying | None = Field(description="which sentence the refusal is, if it has values")
    plates: list[PlateSummary]
    slicer: SlicerInfo | None
    warnings: list[str]
    """The slicer's own."""
    has_model: bool
    """Carries meshes."""
    created_at: datetime

    @classmethod
    def from_row(cls, row: work.Artifact) -> Self:
        """Return what people see of an artifact."""
        found = ArtifactInspection.model_validate({"plates": (), **row.inspection})
        return cls(
            id=row.id,
            filename=row.filename,
            size_bytes=row.size_bytes,
            sha256=row.sha256,
            state=ArtifactState(row.state),
            refusal_code=row.refusal_code,
            refusal=row.refusal,
            said=saying_of(row.refusal),
            plates=list(found.plates),
            slicer=found.slicer,
            warnings=list(found.warnings),
            has_model=found.has_model,
            created_at=row.created_at,
        )


class UploadTarget(Out):
    """Where and how to PUT the bytes: exactly these, once, before `expires_at`."""

    url: str
    headers: dict[str, str]
    expires_at: datetime

    @classmethod
    def from_presigned(cls, put: PresignedPut) -> Self:
        """Return the target that a browser can use."""
        return cls(url=put.url, headers=dict(put.headers), expires_at=put.expires_at)


class Upload(Out):
    """An artifact and where its bytes go; `put` is null when these bytes of yours are here."""

    artifact: Artifact
    put: UploadTarget | None
