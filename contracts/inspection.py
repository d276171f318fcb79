"""What an inspection finds in an artifact."""

from pydantic import BaseModel, ConfigDict, Field

from contracts.findings import Finding, Severity, SlicerInfo
from contracts.loaded import PlateObject, PlateSummary

__all__ = ["ArtifactInspection", "Finding", "PlateObject", "PlateSummary", "Severity", "SlicerInfo"]


class ArtifactInspection(BaseModel):
    """What is in a file that can be printed."""

    model_config = ConfigDict(frozen=True)

    plates: tuple[PlateSummary, ...]
    slicer: SlicerInfo | None = None
    warnings: tuple[str, ...] = Field(default=(), description="the slicer's own")
    has_model: bool = Field(default=False, description="carries meshes")
