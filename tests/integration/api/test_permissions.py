"""Every route of the OpenAPI document against everybody who could knock."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from sqlmodel import col, select

from deploy.local.process import ChildProcess
from services.api.openapi import document
from services.api.permissions import PERMISSIONS, Door, may_enter, needs_session
from services.db.tables.people import Session, User
from services.jobs.people import Role
from tests.integration.api.machines import node_headers
from tests.integration.api.people import Someone, World, now, problem
from tests.integration.api.test_jobs import submitted

NIL = "00000000-0000-0000-0000-000000000000"
CHANGES = {"post", "put", "patch", "delete"}


def routes() -> Iterator[tuple[str, str, str]]:
    """Yield operation, method and path of every route."""
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            yield operation["operationId"], method, path


PREVIEWS = {"get_plate_picture", "get_plate_toolpath", "get_artifact_model"}
"""There is none of a file that was never checked; test_previews.py shows who may see one."""
ROUTES = {operation: (method, path) for operation, method, path in routes()}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def node_shows(
    api_env: dict[str, str], api_process: ChildProcess, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, str]]:
    """What an enrolled node sends along."""
    async with World.open(api_env) as opened:
        yield await node_headers(opened, tmp_path_factory.mktemp("node"))


async def knock(http: httpx.AsyncClient, operation: str, **ids: str) -> int:
    """Return the status of a request with ids that lead nowhere unless given."""
    method, path = ROUTES[operation]
    path = path.replace("{provider}", "nobody").replace("{name}", "nobody")
    path = re.sub(r"\{(\w+)\}", lambda match: ids.get(match[1], NIL), path)
    body: dict[str, object] | None = {} if method in CHANGES else None
    async with http.stream(method, path, json=body) as answer:
        return answer.status_code


async def approver(world: World) -> Someone:
    """Return an approver, signed in."""
    someone = await world.someone(name="Pia")
    user = await world.row(User, someone.id)
    user.is_approver = True
    await world.add(user)
    return someone


@pytest.mark.asvs("V8.2.1", "V8.2.2", "V8.3.1", "V16.5.3")
@pytest.mark.parametrize("operation", sorted(ROUTES))
async def test_door(world: World, node_shows: dict[str, str], operation: str) -> None:
    rule = PERMISSIONS[operation]
    anonymous = await world.browser()
    node = await world.browser()
    node.headers.update(node_shows)
    for stranger in (anonymous, node):
        status = await knock(stranger, operation)
        assert (status == 401) is needs_session(rule), status
    people = {
        Role.MEMBER: await world.someone(),
        Role.APPROVER: await approver(world),
        Role.ADMIN: await world.someone(is_admin=True),
    }
    if needs_session(rule):
        for role, person in people.items():
            status = await knock(person.http, operation)
            assert (status == 403) is not may_enter(rule, role), f"{role} {status}"
            assert status != 401
            assert status < 500


@pytest.mark.asvs("V8.2.2", "V8.2.3")
@pytest.mark.parametrize(
    "operation",
    [name for name, (_, path) in ROUTES.items() if "{job_id}" in path or "{artifact_id}" in path],
)
async def test_things_of_others_are_unknown(world: World, operation: str) -> None:
    owner, other = await world.someone(), await world.someone()
    (job,) = await submitted(world, owner)
    ids = {"job_id": job["id"], "artifact_id": job["artifact_id"]}
    is_open = PERMISSIONS[operation].door in {Door.OWNER, Door.MEMBER, Door.SELF}
    assert await knock(other.http, operation, **ids) in ({404, 422} if is_open else {403})
    if is_open and ROUTES[operation][0] == "get" and operation not in PREVIEWS:
        assert await knock(owner.http, operation, **ids) == 200
        if PERMISSIONS[operation].door is not Door.SELF:
            assert await knock((await approver(world)).http, operation, **ids) == 200


@pytest.mark.asvs("V7.5.1", "V10.3.4")
@pytest.mark.parametrize(
    "operation", sorted(name for name, rule in PERMISSIONS.items() if rule.is_sensitive)
)
async def test_sensitive_things_need_a_fresh_sign_in(world: World, operation: str) -> None:
    ada = await world.someone(is_admin=True)
    (row,) = await world.select(select(Session).where(col(Session.user_id) == ada.id))
    row.created_at = now() - timedelta(minutes=15, seconds=1)
    await world.add(row)
    method, _ = ROUTES[operation]
    path = re.sub(r"\{\w+\}", NIL, ROUTES[operation][1])
    answer = await ada.http.request(method, path, json={})
    assert problem(answer)["type"] == "/problems/sign-in-again"
