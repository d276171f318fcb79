"""The order of a queue, holding it, and one decision about several jobs."""

from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from contracts.events import JobRequeued, QueueChanged, parse_event
from contracts.findings import Finding, Severity
from contracts.lifecycle import RunState
from contracts.waiting import RequeueReason
from services.db.tables.bus import Outbox
from services.db.tables.machines import Printer
from services.db.tables.people import Audit
from tests.integration.api.people import Json, Someone, World, problem
from tests.integration.api.rows import (
    announced_printer,
    claimed_run,
    plate_summary,
    ready_artifact,
)
from tests.integration.api.test_jobs import submitted


@pytest.fixture
async def mia(world: World) -> Someone:
    return await world.someone(name="Mia Member")


@pytest.fixture
async def ada(world: World) -> Someone:
    return await world.someone(is_admin=True, name="Ada Admin")


@pytest.fixture
async def queue(ada: Someone) -> str:
    """A queue that no other test looks at."""
    name = f"q{uuid4().hex[:8]}"
    await ada.put(f"/api/queues/{name}", {"title": "Test"})
    return name


async def waiting(world: World, queue: str, mia: Someone, ada: Someone, copies: int) -> list[str]:
    """Return the ids of new approved jobs, in the queue's order."""
    jobs = await submitted(world, mia, copies=copies, queue=queue)
    for job in jobs:
        await ada.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})
    return [job["id"] for job in jobs]


async def order(who: Someone, queue: str) -> tuple[int, list[str]]:
    """Return the queue's version and its jobs."""
    seen = await who.get(f"/api/queues/{queue}")
    return seen["queue"]["version"], [job["id"] for job in seen["jobs"]]


async def move(ada: Someone, job: str, queue: str, version: int, before: str | None) -> Json:
    """Ask for another place and return the problem or the queue."""
    body = {"queue": queue, "queue_version": version, "before": before}
    answer = await ada.http.post(f"/api/jobs/{job}/move", json=body)
    return answer.json() if answer.is_success else problem(answer)


class TestMoving:
    async def test_every_place_can_be_had(
        self, world: World, mia: Someone, ada: Someone, queue: str
    ) -> None:
        a, b, c, d = await waiting(world, queue, mia, ada, 4)
        for job, before, wanted in (
            (d, a, [d, a, b, c]),
            (c, b, [d, a, c, b]),
            (d, None, [a, c, b, d]),
            (b, c, [a, b, c, d]),
            (a, d, [b, c, a, d]),
        ):
            version, _ = await order(ada, queue)
            seen = await move(ada, job, queue, version, before)
            assert [each["id"] for each in seen["jobs"]] == wanted
            assert [each["place"] for each in seen["jobs"]] == [1, 2, 3, 4]

    async def test_a_queue_that_changed_is_left_alone(
        self, world: World, mia: Someone, ada: Someone, queue: str
    ) -> None:
        a, b, c = await waiting(world, queue, mia, ada, 3)
        version, _ = await order(ada, queue)
        await move(ada, c, queue, version, a)
        late = await move(ada, b, queue, version, a)
        assert late["type"] == "/problems/queue-changed"
        assert (await order(ada, queue))[1] == [c, a, b]

    async def test_a_job_before_it_that_left_is_told(
        self, world: World, mia: Someone, ada: Someone, queue: str
    ) -> None:
        a, b, c = await waiting(world, queue, mia, ada, 3)
        version, _ = await order(ada, queue)
        printer = await announced_printer(world)
        await claimed_run(world, UUID(a), printer, RunState.PRINTING)
        assert (await move(ada, c, queue, version, a))["type"] == "/problems/queue-changed"
        assert (await move(ada, a, queue, version, b))["type"] == "/problems/job-state"

    async def test_another_queue_and_its_bell(
        self, world: World, mia: Someone, ada: Someone, queue: str
    ) -> None:
        other = f"q{uuid4().hex[:8]}"
        await ada.put(f"/api/queues/{other}", {"title": "Other"})
        (a,) = await waiting(world, queue, mia, ada, 1)
        version, _ = await order(ada, other)
        await move(ada, a, other, version, None)
        assert (await order(mia, queue))[1] == []
        assert (await order(mia, other))[1] == [a]
        bells = select(Outbox).where(col(Outbox.subject) == f"job.requeued.{other}.{a}")
        (bell,) = await world.select(bells)
        event = parse_event(bell.body)
        assert isinstance(event, JobRequeued)
        assert event.reason is RequeueReason.MOVED

    async def test_the_first_of_all(
        self, world: World, mia: Someone, ada: Someone, queue: str
    ) -> None:
        a, b = await waiting(world, queue, mia, ada, 2)
        (job,) = await submitted(world, mia, queue=queue)
        await ada.post(
            f"/api/jobs/{job['id']}/approve", {"version": job["version"], "is_first": True}
        )
        assert (await order(ada, queue))[1] == [job["id"], a, b]


class TestHolding:
    async def test_who_holds_it_is_the_reason(
        self, world: World, mia: Someone, ada: Someone, queue: str
    ) -> None:
        await waiting(world, queue, mia, ada, 1)
        version, _ = await order(ada, queue)
        held = await ada.post(f"/api/queues/{queue}/switch", {"is_held": True, "version": version})
        assert (held["queue"]["is_held"], held["queue"]["held_by"]) == (True, "Ada Admin")
        (seen,) = (await mia.get(f"/api/queues/{queue}"))["jobs"]
        assert seen["wait_reason"]["code"] == "queue_held"
        assert seen["wait_reason"]["params"] == {"by": "Ada Admin"}
        stale = await ada.http.post(
            f"/api/queues/{queue}/switch", json={"is_held": False, "version": version}
        )
        assert problem(stale)["type"] == "/problems/queue-changed"
        (row,) = await world.select(
            select(Outbox)
            .where(col(Outbox.subject) == f"queue.changed.{queue}")
            .order_by(col(Outbox.seq).desc())
            .limit(1)
        )
        assert isinstance(parse_event(row.body), QueueChanged)

    async def test_a_bed_that_is_not_clear_is_the_reason(
        self, world: World, mia: Someone, ada: Someone, queue: str
    ) -> None:
        state = await announced_printer(world)
        printer = await world.row(Printer, state.printer_id)
        printer.queue = queue
        state.loaded = {
            **state.loaded,
            "filaments": [{"slot": 254, "type": "PLA", "color": "#FFFFFF"}],
        }
        await world.add(printer, state)
        await waiting(world, queue, mia, ada, 1)
        (seen,) = (await mia.get(f"/api/queues/{queue}"))["jobs"]
        assert seen["wait_reason"]["code"] == "bed_not_clear"
        assert seen["wait_reason"]["params"] == {"printer": printer.name}
        listed = await mia.get("/api/jobs", status="queued")
        assert listed["items"][0]["wait_reason"] == seen["wait_reason"]


class TestRunningQueues:
    async def test_a_queue_in_use_stays(
        self, world: World, mia: Someone, ada: Someone, queue: str
    ) -> None:
        await submitted(world, mia, queue=queue)
        answer = await ada.http.delete(f"/api/queues/{queue}")
        assert problem(answer)["type"] == "/problems/queue-in-use"
        empty = f"q{uuid4().hex[:8]}"
        await ada.put(f"/api/queues/{empty}", {"title": "Empty"})
        assert (await ada.http.delete(f"/api/queues/{empty}")).status_code == 204

    async def test_a_printer_is_put_elsewhere_and_out_of_service(
        self, world: World, ada: Someone, queue: str
    ) -> None:
        state = await announced_printer(world)
        body = {"name": "Left", "queue": queue, "is_enabled": False}
        answer = await ada.http.put(f"/api/printers/{state.printer_id}", json=body)
        assert answer.status_code == 204
        seen = await ada.get(f"/api/printers/{state.printer_id}")
        assert (seen["name"], seen["queue"], seen["is_enabled"]) == ("Left", queue, False)
        trail = select(Audit.action).where(col(Audit.thing_id) == str(state.printer_id))
        assert await world.select(trail) == ["printer.place"]


class TestSeveralAtOnce:
    async def test_each_stands_alone(
        self, world: World, mia: Someone, ada: Someone, queue: str
    ) -> None:
        plain, gone = await submitted(world, mia, copies=2, queue=queue)
        await mia.post(f"/api/jobs/{gone['id']}/withdraw", {"version": gone["version"]})
        finding = Finding(
            severity=Severity.WARN, code="never_heated", text="Never heats.", line=None, count=1
        )
        plate = plate_summary().model_copy(update={"findings": (finding,)})
        artifact = await ready_artifact(
            world, mia.id, inspection={"plates": [plate.model_dump(mode="json")]}
        )
        body = {"artifact_id": str(artifact.id), "plates": [{"plate": 1, "copies": 1}]}
        (odd,) = (await mia.post("/api/submissions", body))["jobs"]
        seen = [{"job_id": job["id"], "version": job["version"]} for job in (plain, gone, odd)]
        answer = await ada.post("/api/decisions", {"decision": "approve", "jobs": seen})
        assert [item["code"] for item in answer["items"]] == [None, "job-changed", "has-warnings"]
        assert [item["job"]["status"] for item in answer["items"]] == [
            "queued",
            "withdrawn",
            "submitted",
        ]

    async def test_a_no_needs_words(self, world: World, mia: Someone, ada: Someone) -> None:
        jobs = await submitted(world, mia, copies=2)
        seen = [{"job_id": job["id"], "version": job["version"]} for job in jobs]
        silent = await ada.http.post("/api/decisions", json={"decision": "return", "jobs": seen})
        assert silent.status_code == 422
        body = {"decision": "return", "jobs": seen, "words": "thicker"}
        answer = await ada.post("/api/decisions", body)
        assert {item["job"]["reason"] for item in answer["items"]} == {"thicker"}
