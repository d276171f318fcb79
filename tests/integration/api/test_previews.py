"""What a file looks like: for its owner and who may approve, from the real storage."""

from typing import Any
from uuid import uuid4

import pytest

from contracts.lifecycle import ArtifactState
from deploy.local.engines.seaweedfs import SeaweedFS
from services.db.tables.work import Artifact
from services.preview.names import MODEL, derived_key, picture_of, toolpath_of
from services.storage.bucket import open_bucket
from tests.integration.api.people import World, problem
from tests.integration.api.rows import ready_artifact

KINDS = {
    "plates/1/picture": (picture_of(1), "image/png"),
    "plates/1/toolpath": (toolpath_of(1), "application/octet-stream"),
    "model": (MODEL, "application/octet-stream"),
}


async def drawn(world: World, storage: SeaweedFS, owner_id: Any, **changes: Any) -> Artifact:
    """Add an artifact with every preview; each one's bytes are its name."""
    made = {"pictures": [picture_of(1)], "paths": [toolpath_of(1), MODEL]}
    artifact = await ready_artifact(world, owner_id, **{**made, **changes})
    async with open_bucket(storage.settings()) as bucket:
        for name, content_type in KINDS.values():
            await bucket.put(derived_key(artifact.id, name), name.encode(), content_type)
    return artifact


@pytest.mark.parametrize("kind", KINDS)
async def test_owner_and_approver_see_it_and_nobody_else(
    world: World, storage: SeaweedFS, kind: str
) -> None:
    mia, kim, ada = (
        await world.someone(),
        await world.someone(),
        await world.someone(is_admin=True),
    )
    artifact = await drawn(world, storage, mia.id)
    name, content_type = KINDS[kind]
    for person in (mia, ada):
        answer = await person.http.get(f"/api/artifacts/{artifact.id}/{kind}")
        assert answer.status_code == 200
        assert answer.content == name.encode()
        assert answer.headers["content-type"] == content_type
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "private" in answer.headers["cache-control"]
    refused = await kim.http.get(f"/api/artifacts/{artifact.id}/{kind}")
    assert (refused.status_code, problem(refused)["type"]) == (404, "/problems/no-such-artifact")


@pytest.mark.parametrize("kind", ["plates/1/toolpath", "model"])
@pytest.mark.parametrize("state", [ArtifactState.CHECKING, ArtifactState.READY])
async def test_what_is_being_made_says_so(
    world: World, storage: SeaweedFS, kind: str, state: ArtifactState
) -> None:
    mia = await world.someone()
    artifact = await drawn(world, storage, mia.id, paths=None, state=state)
    answer = await mia.http.get(f"/api/artifacts/{artifact.id}/{kind}")
    assert (answer.status_code, problem(answer)["type"]) == (404, "/problems/preview-not-ready")


@pytest.mark.parametrize("kind", KINDS)
async def test_what_there_is_none_of_says_so(world: World, kind: str) -> None:
    mia = await world.someone()
    artifact = await ready_artifact(world, mia.id, paths=[])
    answer = await mia.http.get(f"/api/artifacts/{artifact.id}/{kind}")
    assert (answer.status_code, problem(answer)["type"]) == (404, "/problems/no-preview")


async def test_a_preview_that_is_gone_from_the_storage_is_none(world: World) -> None:
    mia = await world.someone()
    artifact = await ready_artifact(world, mia.id, pictures=[picture_of(1)])
    answer = await mia.http.get(f"/api/artifacts/{artifact.id}/plates/1/picture")
    assert (answer.status_code, problem(answer)["type"]) == (404, "/problems/no-preview")


@pytest.mark.parametrize("plate", ["0", "1000", "-1", "1.png", "..%2f..%2fx"])
async def test_odd_plates_are_malformed_or_unknown(world: World, plate: str) -> None:
    mia = await world.someone()
    answer = await mia.http.get(f"/api/artifacts/{uuid4()}/plates/{plate}/picture")
    assert answer.status_code in (404, 422)
