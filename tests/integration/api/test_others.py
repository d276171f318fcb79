"""The right request of the wrong person, for each thing that has an owner."""

import httpx
import pytest

from contracts.lifecycle import RunState
from services.api.permissions import PERMISSIONS, Caller, Door, may_call
from services.db.tables.people import User
from tests.integration.api.people import Someone, World
from tests.integration.api.test_permissions import ROUTES
from tests.integration.api.test_printers import running
from tests.integration.api.test_trail import ACTS, Scene, everything

KNOWN_TO_ALL = {Door.APPROVER: 403, Door.ADMIN: 403, Door.OWNER: 404, Door.SELF: 404}
BEDS = {"clear_bed", "unclear_bed"}
"""Everybody sees the printers, so that a refusal gives nothing away."""
NAMED_IN_BODY = {"create_submission"}
ABOUT_A_THING = sorted(
    name
    for name in ACTS
    if ("{" in ROUTES[name][1] or name in NAMED_IN_BODY)
    and PERMISSIONS[name].door not in {Door.NODE, Door.PUBLIC}
)


async def person(world: World, caller: Caller) -> Someone:
    """Return somebody whose thing it is not."""
    someone = await world.someone(is_admin=caller is Caller.ADMIN, name=caller.value)
    user = await world.row(User, someone.id)
    user.is_approver = caller is Caller.APPROVER
    await world.add(user)
    return someone


async def sent_by(http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Return the answer to the same request with this browser's cookies."""
    headers = {"Content-Type": request.headers.get("content-type", "application/json")}
    return await http.request(request.method, request.url, content=request.content, headers=headers)


@pytest.fixture
async def scene(world: World) -> Scene:
    """Ada, who is admin, and Mia."""
    ada = await world.someone(is_admin=True, name="Ada")
    return Scene(world, ada, await world.someone(name="Mia"))


def test_there_is_enough_to_try() -> None:
    assert len(ABOUT_A_THING) >= 25


@pytest.mark.asvs("V8.2.2", "V8.2.3", "V8.3.1")
@pytest.mark.parametrize("operation", ABOUT_A_THING)
async def test_same_request_of_somebody_else_changes_nothing(scene: Scene, operation: str) -> None:
    rule = PERMISSIONS[operation]
    http, request = await ACTS[operation](scene)
    strangers = [
        await person(scene.world, caller)
        for caller in (Caller.OTHER, Caller.APPROVER, Caller.ADMIN)
        if not may_call(rule, caller)
    ]
    assert strangers
    before = await everything(scene.world)
    for stranger in strangers:
        answer = await sent_by(stranger.http, request)
        expected = 403 if operation in BEDS else KNOWN_TO_ALL[rule.door]
        assert answer.status_code == expected, answer.text
    assert await everything(scene.world) == before
    assert (await http.send(request)).is_success


@pytest.mark.asvs("V8.2.2")
async def test_wish_of_somebody_else_is_unknown(world: World) -> None:
    ada, mia = await world.someone(is_admin=True), await world.someone()
    job, _, _ = await running(world, mia, RunState.PRINTING)
    wish = await ada.post(f"/api/jobs/{job.id}/pause", {})
    path = f"/api/commands/{wish['id']}"
    assert (await mia.http.get(path)).status_code == 404
    assert (await (await person(world, Caller.APPROVER)).http.get(path)).status_code == 200
    assert (await ada.http.get(path)).status_code == 200


@pytest.mark.asvs("V8.2.3")
async def test_no_list_holds_what_is_somebody_else_s(scene: Scene) -> None:
    job = await scene.job()
    made = await scene.mia.post("/api/me/tokens", {"name": "x", "scopes": ["read"], "days": 1})
    kim = await scene.world.someone(name="Kim")
    secrets = (job["id"], job["artifact_id"], str(made["token"]["id"]))
    for path in ("/api/jobs", "/api/me/tokens", "/api/me/sessions", "/api/me/identities"):
        mine = (await scene.mia.http.get(path)).text
        theirs = await kim.http.get(path)
        assert theirs.status_code == 200
        assert mine != theirs.text or mine == "[]"
        assert not [secret for secret in secrets if secret in theirs.text]
    assert (await kim.http.get("/api/jobs", params={"scope": "all"})).status_code == 403
