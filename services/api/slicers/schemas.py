"""What slicers expect of a print host that speaks OctoPrint's words."""

from typing import Self
from uuid import UUID

from pydantic import Field

from services.api.schemas import Out
from services.db.tables import work

API_VERSION = "0.1"
SERVER_VERSION = "1.9.0"


class HostVersion(Out):
    """Who answers; slicers ask before they send."""

    api: str
    server: str
    text: str = Field(description="begins with OctoPrint: slicers refuse anything else")

    @classmethod
    def ours(cls) -> Self:
        """Return what we say we are."""
        return cls(api=API_VERSION, server=SERVER_VERSION, text="OctoPrint (Layerline)")


class StoredFile(Out):
    """A file that was taken."""

    name: str
    path: str
    origin: str
    refs: dict[str, str]


class StoredFiles(Out):
    """Where the file is."""

    local: StoredFile


class SentFile(Out):
    """A file was taken; it is checked next, and submitted when the check finds nothing wrong."""

    files: StoredFiles
    done: bool
    artifact_id: UUID
    state: str

    @classmethod
    def from_row(cls, row: work.Artifact, public_url: str) -> Self:
        """Return the answer for an artifact."""
        stored = StoredFile(
            name=row.filename,
            path=row.filename,
            origin="local",
            refs={"resource": f"{public_url}/api/artifacts/{row.id}"},
        )
        return cls(files=StoredFiles(local=stored), done=True, artifact_id=row.id, state=row.state)
