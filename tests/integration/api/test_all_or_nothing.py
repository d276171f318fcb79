"""A change, its outbox row, its trail and its recorded answer: all of them or none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, text
from sqlmodel import col, select

from services.db.tables.bus import Outbox
from services.db.tables.people import Audit, Idempotency
from services.db.tables.work import Job
from tests.integration.api.people import World, problem
from tests.integration.api.rows import ready_artifact

_OUT_OF_MEMORY = "53200"
_FAIL = f"""
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '{_OUT_OF_MEMORY}'; END $$
"""
_POINTS = {
    "outbox": "CREATE TRIGGER fail BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION fail()",
    "job": "CREATE TRIGGER fail AFTER UPDATE ON job FOR EACH ROW EXECUTE FUNCTION fail()",
    "audit": "CREATE TRIGGER fail BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION fail()",
    "answer": (
        "CREATE TRIGGER fail AFTER UPDATE ON idempotency FOR EACH ROW EXECUTE FUNCTION fail()"
    ),
    "commit": (
        "CREATE CONSTRAINT TRIGGER fail AFTER UPDATE ON job DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION fail()"
    ),
}


@asynccontextmanager
async def failing(world: World, statement: str) -> AsyncIterator[None]:
    """Have the database fail at one point while the block runs."""
    async with world.engine.begin() as connection:
        await connection.execute(text(_FAIL))
        await connection.execute(text(statement))
    try:
        yield
    finally:
        async with world.engine.begin() as connection:
            await connection.execute(text("DROP FUNCTION fail() CASCADE"))


@pytest.mark.parametrize("point", _POINTS)
@pytest.mark.asvs("V2.3.3")
async def test_I1_failure_half_way_leaves_nothing_and_the_repeat_succeeds(
    world: World, point: str
) -> None:
    mia, ada = await world.someone(), await world.someone(is_admin=True)
    artifact = await ready_artifact(world, mia.id)
    body = {"artifact_id": str(artifact.id), "plates": [{"plate": 1, "copies": 1}]}
    job = (await mia.post("/api/submissions", body))["jobs"][0]
    path, headers = f"/api/jobs/{job['id']}/approve", {"Idempotency-Key": uuid4().hex}

    async with failing(world, _POINTS[point]):
        answer = await ada.http.post(path, json={"version": 1}, headers=headers)
    assert problem(answer)["status"] == 503
    assert answer.headers["retry-after"] == "2"
    assert await _traces(world, job["id"], ada.id) == ("submitted", 1, 0, 0)

    for _ in range(2):
        answer = await ada.http.post(path, json={"version": 1}, headers=headers)
        assert answer.status_code == 200
    assert await _traces(world, job["id"], ada.id) == ("queued", 2, 1, 1)


async def _traces(world: World, job_id: str, admin_id: UUID) -> tuple[str, int, int, int]:
    """Return the job's state, and how many messages, trails and recorded answers there are."""
    counts = [
        select(func.count()).select_from(Outbox).where(col(Outbox.subject).endswith(job_id)),
        select(func.count()).select_from(Audit).where(col(Audit.thing_id) == job_id),
        select(func.count()).select_from(Idempotency).where(col(Idempotency.user_id) == admin_id),
    ]
    messages, trails, answers = [(await world.select(count))[0] for count in counts]
    return (await world.row(Job, UUID(job_id))).state, messages, trails, answers
