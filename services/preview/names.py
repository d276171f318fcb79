"""What previews are called, in the folder they are made in and in the bucket."""

from typing import Final
from uuid import UUID

MODEL: Final = "model.mesh"


def picture_of(plate: int) -> str:
    """Return the name of a plate's picture, a PNG."""
    return f"plate_{plate}.png"


def toolpath_of(plate: int) -> str:
    """Return the name of a plate's toolpath; docs/preview.md has its format."""
    return f"plate_{plate}.toolpath"


def derived_key(artifact_id: UUID, name: str) -> str:
    """Return where a preview lies in the bucket."""
    return f"derived/{artifact_id}/{name}"
