"""Lists: pages, filters, who sees what, and what they cost."""

import base64
from itertools import product
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import event
from starlette.types import Receive, Scope, Send

from contracts.lifecycle import JobState, RunState, Status, status_of
from services.api.app import create_app
from services.api.settings import ApiSettings
from services.api.state import Services
from services.db.prepared import Prepared
from services.db.tables.work import Job, Submission
from tests.integration.api.people import Someone, World, now, problem
from tests.integration.api.rows import (
    announced_printer,
    log_row,
    new_job,
    new_run,
    ready_artifact,
)

TOO_OLD = base64.urlsafe_b64encode(f"0001-01-01T00:00:00+14:00|{UUID(int=0)}".encode()).decode()


@pytest.fixture
async def mia(world: World) -> Someone:
    return await world.someone(name="Mia Member")


async def jobs_of(world: World, owner: Someone, count: int, **changes: object) -> list[Job]:
    """Add jobs of a person, all made in the same moment."""
    artifact = await ready_artifact(world, owner.id)
    submission = Submission(
        id=uuid4(), owner_id=owner.id, artifact_id=artifact.id, note="for Ann", created_at=now()
    )
    await world.add(submission)
    jobs = [new_job(submission, copy_no=number + 1, **changes) for number in range(count)]
    await world.add(*jobs)
    return jobs


async def test_pages_hold_each_job_once_even_of_one_moment(world: World, mia: Someone) -> None:
    jobs = await jobs_of(world, mia, 7)
    seen: list[str] = []
    cursor = ""
    while True:
        page = await mia.get("/api/jobs", limit=3, cursor=cursor)
        seen += [job["id"] for job in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert sorted(seen) == sorted(str(job.id) for job in jobs)
    oldest_first = await mia.get("/api/jobs", order="oldest")
    assert [job["id"] for job in oldest_first["items"]] == seen[::-1]


async def test_new_jobs_do_not_shift_the_next_page(world: World, mia: Someone) -> None:
    old = await jobs_of(world, mia, 4)
    first = await mia.get("/api/jobs", limit=2)
    await jobs_of(world, mia, 3)
    second = await mia.get("/api/jobs", limit=2, cursor=first["next_cursor"])
    ids = {job["id"] for page in (first, second) for job in page["items"]}
    assert ids == {str(job.id) for job in old}


async def test_members_see_their_own_and_admins_all(world: World, mia: Someone) -> None:
    theirs = await jobs_of(world, await world.someone(), 1)
    await jobs_of(world, mia, 1)
    assert len((await mia.get("/api/jobs"))["items"]) == 1
    refusal = problem(await mia.http.get("/api/jobs", params={"scope": "all"}))
    assert refusal["status"] == 403
    ada = await world.someone(is_admin=True)
    everybodys = await ada.get("/api/jobs", scope="all", limit=200)
    assert str(theirs[0].id) in {job["id"] for job in everybodys["items"]}
    assert (await ada.get("/api/jobs"))["items"] == []


async def test_words_are_searched_in_name_and_note(world: World, mia: Someone) -> None:
    (gear,) = await jobs_of(world, mia, 1, name="gear_20%")
    await jobs_of(world, mia, 1, name="bracket")
    for words in ("GEAR", "20%", "gear ann", "_20"):
        found = await mia.get("/api/jobs", q=words)
        assert [job["id"] for job in found["items"]] == [str(gear.id)], words
    assert (await mia.get("/api/jobs", q="gear%20"))["items"] == []
    assert len((await mia.get("/api/jobs", q="ann"))["items"]) == 2


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense"},
        {"cursor": "MjAyNg"},
        {"cursor": TOO_OLD},
        {"status": "done,finished"},
        {"limit": 0},
        {"limit": 201},
        {"order": "random"},
        {"scope": "ours"},
        {"page": 2},
    ],
)
async def test_nonsense(mia: Someone, query: dict[str, str | int]) -> None:
    assert problem(await mia.http.get("/api/jobs", params=query))["status"] == 422


async def test_filter_agrees_with_status_of(world: World, mia: Someone) -> None:
    """Every combination of job, run and asked-for cancel is listed under its own status only."""
    printer = await announced_printer(world)
    expected: dict[str, Status] = {}
    for state, run_state, is_asked in product(JobState, (None, *RunState), (False, True)):
        if run_state is not None and state is not JobState.QUEUED:
            continue
        (job,) = await jobs_of(world, mia, 1, state=state)
        if run_state is not None:
            run = new_run(job.id, printer, run_state, printer_is_free=True)
            await world.add(run)
            job.run_id = run.id
        job.cancel_requested_at = now() if is_asked else None
        await world.add(job)
        expected[str(job.id)] = status_of(state, run_state, cancel_requested=is_asked)
    for status in Status:
        found = await mia.get("/api/jobs", status=status.value, limit=200)
        wanted = {job_id for job_id, s in expected.items() if s is status}
        assert {job["id"] for job in found["items"]} == wanted, status
        assert {job["status"] for job in found["items"]} <= {status.value}
    both = await mia.get("/api/jobs", status="done,failed", limit=200)
    assert {job["status"] for job in both["items"]} == {"done", "failed"}


@pytest.mark.parametrize("path", ["/api/jobs", "/api/jobs?status=queued,printing", "/api/printers"])
async def test_lists_cost_three_statements_at_most(
    world: World, mia: Someone, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The session, then the page with every name in it; printers and what they print."""
    await jobs_of(world, mia, 5)
    for name, value in world.env.items():
        monkeypatch.setenv(name, value)
    app = create_app(ApiSettings())
    async with app.router.lifespan_context(app) as state:
        assert state is not None
        services: Services = state["services"]
        await services.feed.wait_ready()
        statements: list[str] = []

        def note(*context: object) -> None:
            if "event_log" not in str(context[2]):
                statements.append(str(context[2]))

        event.listen(services.reads.sync_engine, "before_cursor_execute", note)
        asked = Prepared.arguments

        def noting_arguments(question: Prepared, values: dict[str, object]) -> list[object]:
            statements.append(question.sql)
            return asked(question, values)

        monkeypatch.setattr(Prepared, "arguments", noting_arguments)

        async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state)}, receive, send)

        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(asgi), base_url=world.url, cookies=mia.http.cookies
        ) as http:
            answer = await http.get(path)
    assert answer.status_code == 200
    assert 2 <= len(statements) <= 3


async def test_events_of_a_job_in_the_order_of_the_log(world: World, mia: Someone) -> None:
    (job,) = await jobs_of(world, mia, 1)
    await world.add(log_row("job.submitted", job_id=job.id, body={"a": 1}))
    await world.add(log_row("job.approved", job_id=job.id))
    await world.add(log_row("job.approved", job_id=uuid4()))
    answer = (await mia.http.get(f"/api/jobs/{job.id}/events")).json()
    assert [event["type"] for event in answer] == ["job.submitted", "job.approved"]
    assert answer[0]["gseq"] < answer[1]["gseq"]
    assert answer[0]["body"] == {"a": 1}


async def test_job_shows_its_run(world: World, mia: Someone) -> None:
    printer = await announced_printer(world)
    (job,) = await jobs_of(world, mia, 1, state=JobState.QUEUED)
    run = new_run(job.id, printer, RunState.PRINTING)
    await world.add(run)
    job.run_id = run.id
    await world.add(job)
    seen = await mia.get(f"/api/jobs/{job.id}")
    assert (seen["status"], seen["phase"], seen["percent"]) == ("printing", "printing", 42)
    assert seen["printer"]["id"] == str(printer.printer_id)
    assert seen["finish_at"] is not None
    assert seen["stale_since"] is None
    assert seen["allowed_actions"] == ["cancel"]
    ada = await world.someone(is_admin=True)
    for_ada = (await ada.get(f"/api/jobs/{job.id}"))["allowed_actions"]
    assert for_ada == ["cancel", "pause", "speed", "skip"]


async def test_released_run_is_not_shown(world: World, mia: Someone) -> None:
    (job,) = await jobs_of(world, mia, 1, state=JobState.QUEUED)
    run = new_run(job.id, await announced_printer(world), RunState.RELEASED, reason="lost")
    await world.add(run)
    job.run_id = run.id
    await world.add(job)
    seen = await mia.get(f"/api/jobs/{job.id}")
    assert (seen["status"], seen["phase"], seen["printer"]) == ("queued", None, None)
    assert (seen["percent"], seen["reason"]) == (None, None)
    assert seen["allowed_actions"] == ["withdraw", "cancel"]
