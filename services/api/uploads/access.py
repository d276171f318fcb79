"""Whose artifact it is."""

from uuid import UUID

from services.api.dependencies import Person
from services.api.state import Services
from services.db.tables.work import Artifact
from services.jobs.errors import Unknown


async def own_artifact(services: Services, viewer: Person, artifact_id: UUID) -> Artifact:
    """Return an artifact of one's own; raise Unknown for any other."""
    artifact = await _artifact(services, artifact_id)
    if artifact.owner_id != viewer.id:
        raise Unknown("artifact")
    return artifact


async def seen_artifact(services: Services, viewer: Person, artifact_id: UUID) -> Artifact:
    """Return an artifact of one's own, or any to who may approve; raise Unknown otherwise."""
    artifact = await _artifact(services, artifact_id)
    if artifact.owner_id != viewer.id and not viewer.may_approve:
        raise Unknown("artifact")
    return artifact


async def _artifact(services: Services, artifact_id: UUID) -> Artifact:
    async with services.sessions() as session:
        artifact = await session.get(Artifact, artifact_id)
    if artifact is None:
        raise Unknown("artifact")
    return artifact
