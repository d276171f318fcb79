"""Submitting, deciding, listing: each decision with its row, its event and its trail."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.commands import parse_command
from contracts.events import AnyEvent, parse_event
from contracts.lifecycle import ArtifactState, RunState
from services.db.tables.bus import Outbox
from services.db.tables.machines import Command, PrinterState
from services.db.tables.people import Audit
from services.db.tables.work import Job
from tests.eventually import eventually
from tests.integration.api.people import Json, Someone, World, problem
from tests.integration.api.rows import announced_printer, claimed_run, new_run, ready_artifact


@pytest.fixture
async def mia(world: World) -> Someone:
    return await world.someone(name="Mia Member")


@pytest.fixture
async def ada(world: World) -> Someone:
    return await world.someone(is_admin=True, name="Ada Admin")


async def submitted(world: World, who: Someone, *, copies: int = 1, **changes: Any) -> list[Json]:
    """Return new jobs of a person."""
    artifact = await ready_artifact(world, who.id)
    body = {"artifact_id": str(artifact.id), "plates": [{"plate": 1, "copies": copies}]}
    submission = await who.post("/api/submissions", {**body, **changes})
    jobs: list[Json] = submission["jobs"]
    return jobs


async def queued(world: World, who: Someone, admin: Someone) -> Json:
    """Return a new job that was approved."""
    (job,) = await submitted(world, who)
    return await admin.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})


async def events_of(world: World, job_id: str) -> list[AnyEvent]:
    """Return what the outbox says of a job, in order."""
    rows = await world.select(
        select(Outbox).where(col(Outbox.subject).endswith(job_id)).order_by(col(Outbox.seq))
    )
    return [parse_event(row.body) for row in rows]


async def trail_of(world: World, job_id: str) -> list[str]:
    """Return what was noted about a job, in order."""
    rows = select(Audit.action).where(col(Audit.thing_id) == job_id).order_by(col(Audit.id))
    return await world.select(rows)


class TestSubmitting:
    async def test_copies_become_jobs_that_wait(self, world: World, mia: Someone) -> None:
        artifact = await ready_artifact(world, mia.id, filename="gear.gcode.3mf")
        submission = await mia.post(
            "/api/submissions",
            {
                "artifact_id": str(artifact.id),
                "plates": [{"plate": 2, "copies": 2}, {"plate": 1, "copies": 1}],
                "note": " please ",
            },
        )
        jobs = submission["jobs"]
        assert submission["note"] == "please"
        assert [(job["plate"], job["copy_no"]) for job in jobs] == [(1, 1), (2, 1), (2, 2)]
        first = jobs[0]
        assert first["name"] == "gear"
        assert first["status"] == "submitted"
        assert first["owner"]["name"] == "Mia Member"
        assert first["filaments"][0]["type"] == "PLA"
        assert first["allowed_actions"] == ["withdraw"]
        for job in jobs:
            assert [event.type for event in await events_of(world, job["id"])] == ["job.submitted"]

    async def test_unknown_artifact(self, world: World, mia: Someone) -> None:
        theirs = await ready_artifact(world, (await world.someone()).id)
        for artifact_id in (theirs.id, uuid4()):
            body = {"artifact_id": str(artifact_id), "plates": [{"plate": 1, "copies": 1}]}
            refusal = await mia.refused("/api/submissions", body)
            assert refusal["type"] == "/problems/no-such-artifact"

    @pytest.mark.parametrize(
        ("state", "code"),
        [
            (ArtifactState.UPLOADING, "artifact-not-ready"),
            (ArtifactState.CHECKING, "artifact-not-ready"),
            (ArtifactState.REFUSED, "artifact-refused"),
        ],
    )
    async def test_artifact_that_is_not_ready(
        self, world: World, mia: Someone, state: ArtifactState, code: str
    ) -> None:
        artifact = await ready_artifact(world, mia.id, state=state, refusal="It is no zip.")
        body = {"artifact_id": str(artifact.id), "plates": [{"plate": 1, "copies": 1}]}
        refusal = await mia.refused("/api/submissions", body)
        assert (refusal["status"], refusal["type"]) == (409, f"/problems/{code}")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"plates": [{"plate": 9, "copies": 1}]}, "no-such-plate"),
            ({"plates": [{"plate": 1, "copies": 1}] * 2}, "plate-twice"),
            ({"plates": [{"plate": 1, "copies": 51}]}, "malformed"),
            ({"plates": []}, "malformed"),
            ({"queue": "nowhere"}, "no-such-queue"),
            ({"queue": "No Slug"}, "malformed"),
        ],
    )
    @pytest.mark.asvs("V2.2.3", "V2.1.2")
    async def test_nonsense(self, world: World, mia: Someone, changes: Json, code: str) -> None:
        artifact = await ready_artifact(world, mia.id)
        body = {"artifact_id": str(artifact.id), "plates": [{"plate": 1, "copies": 1}]}
        refusal = await mia.refused("/api/submissions", {**body, **changes})
        assert (refusal["status"], refusal["type"]) == (422, f"/problems/{code}")


class TestDeciding:
    async def test_approve(self, world: World, mia: Someone, ada: Someone) -> None:
        (job,) = await submitted(world, mia)
        after = await ada.post(f"/api/jobs/{job['id']}/approve", {"version": 1})
        assert after["status"] == "queued"
        assert after["version"] == 2
        assert after["decided_by"] == "Ada Admin"
        row = await world.row(Job, UUID(job["id"]))
        assert row.rank is not None
        assert row.not_before is None
        *_, event = await events_of(world, job["id"])
        assert event.type == "job.approved"
        assert event.correlation_id == row.correlation_id
        assert await trail_of(world, job["id"]) == ["job.approve"]

    async def test_approval_with_undo_waits(self, world: World, mia: Someone, ada: Someone) -> None:
        (job,) = await submitted(world, mia)
        after = await ada.post(f"/api/jobs/{job['id']}/approve", {"version": 1, "undo_s": 8})
        assert after["not_before"] is not None
        row = await world.row(Job, UUID(job["id"]))
        assert row.not_before is not None
        assert row.decided_at is not None
        assert (row.not_before - row.decided_at).total_seconds() == 8
        back = await ada.post(f"/api/jobs/{job['id']}/take-back-approval", {"version": 2})
        assert (back["status"], back["not_before"]) == ("submitted", None)

    async def test_jobs_are_ranked_in_the_order_of_their_approval(
        self, world: World, mia: Someone, ada: Someone
    ) -> None:
        jobs = await submitted(world, mia, copies=3)
        for job in reversed(jobs):
            await ada.post(f"/api/jobs/{job['id']}/approve", {"version": 1})
        ranks = [(await world.row(Job, UUID(job["id"]))).rank or 0 for job in jobs]
        assert ranks == sorted(ranks, reverse=True)

    @pytest.mark.parametrize(
        ("action", "words", "status", "type_"),
        [
            ("reject", "reason", "rejected", "job.rejected"),
            ("return", "comment", "returned", "job.returned"),
        ],
    )
    async def test_no_with_words(
        self,
        world: World,
        mia: Someone,
        ada: Someone,
        action: str,
        words: str,
        status: str,
        type_: str,
    ) -> None:
        (job,) = await submitted(world, mia)
        body = {"version": 1, words: "The wall is too thin."}
        after = await ada.post(f"/api/jobs/{job['id']}/{action}", body)
        assert (after["status"], after["reason"]) == (status, "The wall is too thin.")
        assert [event.type for event in await events_of(world, job["id"])][-1] == type_
        assert (await mia.get(f"/api/jobs/{job['id']}"))["reason"] == "The wall is too thin."

    async def test_rejecting_needs_a_reason(self, world: World, mia: Someone, ada: Someone) -> None:
        (job,) = await submitted(world, mia)
        body = {"version": 1, "reason": "  "}
        assert (await ada.refused(f"/api/jobs/{job['id']}/reject", body))["status"] == 422

    async def test_returned_job_is_sent_in_again(
        self, world: World, mia: Someone, ada: Someone
    ) -> None:
        (job,) = await submitted(world, mia)
        path = f"/api/jobs/{job['id']}"
        await ada.post(f"{path}/return", {"version": 1, "comment": "Turn it."})
        assert (await mia.get(path))["allowed_actions"] == ["resubmit", "withdraw"]
        assert (await mia.post(f"{path}/resubmit", {"version": 2}))["status"] == "submitted"
        types = [event.type for event in await events_of(world, job["id"])]
        assert types == ["job.submitted", "job.returned", "job.submitted"]

    async def test_withdraw(self, world: World, mia: Someone) -> None:
        (job,) = await submitted(world, mia)
        after = await mia.post(f"/api/jobs/{job['id']}/withdraw", {"version": 1})
        assert (after["status"], after["allowed_actions"]) == ("withdrawn", [])
        assert after["ended_at"] is not None

    async def test_approving_twice(self, world: World, mia: Someone, ada: Someone) -> None:
        job = await queued(world, mia, ada)
        path = f"/api/jobs/{job['id']}/approve"
        stale = await ada.refused(path, {"version": 1})
        assert (stale["status"], stale["type"]) == (409, "/problems/job-changed")
        assert stale["job"]["version"] == 2
        assert stale["job"]["decided_by"] == "Ada Admin"
        assert (await ada.refused(path, {"version": 2}))["type"] == "/problems/job-state"
        assert await trail_of(world, job["id"]) == ["job.approve"]

    async def test_approving_a_rejected_job(self, world: World, mia: Someone, ada: Someone) -> None:
        (job,) = await submitted(world, mia)
        path = f"/api/jobs/{job['id']}"
        await ada.post(f"{path}/reject", {"version": 1, "reason": "No."})
        refusal = await ada.refused(f"{path}/approve", {"version": 2})
        assert refusal["type"] == "/problems/job-state"
        assert refusal["job"]["status"] == "rejected"

    @pytest.mark.asvs("V15.4.2", "V2.3.4")
    async def test_I6_two_admins_at_once_make_one_decision(
        self, world: World, mia: Someone, ada: Someone
    ) -> None:
        bob = await world.someone(is_admin=True)
        (job,) = await submitted(world, mia)
        path = f"/api/jobs/{job['id']}"
        answers = await asyncio.gather(
            *(who.http.post(f"{path}/approve", json={"version": 1}) for who in (ada, bob) * 4)
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
        types = [event.type for event in await events_of(world, job["id"])]
        assert types == ["job.submitted", "job.approved"]

    async def test_I3_same_key_at_once_is_one_effect_and_one_answer(
        self, world: World, mia: Someone, ada: Someone
    ) -> None:
        (job,) = await submitted(world, mia)
        headers = {"Idempotency-Key": uuid4().hex}
        path = f"/api/jobs/{job['id']}/approve"
        answers = await asyncio.gather(
            *(ada.http.post(path, json={"version": 1}, headers=headers) for _ in range(5))
        )
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert await trail_of(world, job["id"]) == ["job.approve"]

    async def test_member_decides_nothing(self, world: World, mia: Someone) -> None:
        (job,) = await submitted(world, mia)
        for action, body in (
            ("approve", {}),
            ("reject", {"reason": "No."}),
            ("return", {"comment": "No."}),
            ("take-back-approval", {}),
        ):
            refusal = await mia.refused(f"/api/jobs/{job['id']}/{action}", {"version": 1, **body})
            assert refusal["status"] == 403

    async def test_job_of_another_person_is_unknown(self, world: World, mia: Someone) -> None:
        (job,) = await submitted(world, await world.someone())
        path = f"/api/jobs/{job['id']}"
        for action in ("withdraw", "resubmit"):
            refusal = await mia.refused(f"{path}/{action}", {"version": 1})
            assert refusal["type"] == "/problems/no-such-job"
        assert (await mia.refused(f"{path}/cancel"))["status"] == 404
        # Refused at the door, before anybody looks whether there is such a job.
        assert (await mia.refused(f"{path}/approve", {"version": 1}))["status"] == 403
        for action in ("pause", "resume"):
            assert (await mia.refused(f"{path}/{action}"))["status"] == 403
        for get in (path, f"{path}/events", f"/api/jobs/{uuid4()}"):
            assert problem(await mia.http.get(get))["status"] == 404


class TestCancelling:
    async def test_job_without_run_is_cancelled_at_once(
        self, world: World, mia: Someone, ada: Someone
    ) -> None:
        job = await queued(world, mia, ada)
        after = await mia.post(f"/api/jobs/{job['id']}/cancel")
        assert after["status"] == "cancelled"
        assert [event.type for event in await events_of(world, job["id"])][-1] == "job.cancelled"
        refusal = await mia.refused(f"/api/jobs/{job['id']}/cancel")
        assert refusal["type"] == "/problems/job-state"

    async def test_I19_job_with_a_run_is_cancelling_until_its_node_has_answered(
        self, world: World, mia: Someone, ada: Someone
    ) -> None:
        job = await queued(world, mia, ada)
        printer = await announced_printer(world)
        run = await claimed_run(world, UUID(job["id"]), printer, RunState.PRINTING)
        for _ in range(2):
            after = await mia.post(f"/api/jobs/{job['id']}/cancel")
            assert after["status"] == "cancelling"
            assert after["allowed_actions"] == []
        (command,) = await world.select(select(Command).where(col(Command.run_id) == run.id))
        assert (command.kind, command.node) == ("cancel", printer.node)
        assert command.expires_at is None
        (message,) = await world.select(select(Outbox).where(col(Outbox.id) == command.id))
        assert message.subject == f"command.{printer.node}.{printer.printer_id}"
        assert parse_command(message.body).journal_id == printer.journal_id
        assert [e.type for e in await events_of(world, job["id"])][-1] == "job.cancel_requested"

    @pytest.mark.parametrize("state", [RunState.DONE, RunState.FAILED, RunState.CANCELLED])
    async def test_job_that_is_over_can_not_be_cancelled(
        self, world: World, mia: Someone, ada: Someone, state: RunState
    ) -> None:
        job = await queued(world, mia, ada)
        await claimed_run(world, UUID(job["id"]), await announced_printer(world), state)
        refusal = await mia.refused(f"/api/jobs/{job['id']}/cancel")
        assert refusal["type"] == "/problems/job-state"
        assert refusal["job"]["status"] == state.value

    @pytest.mark.asvs("V15.4.3", "V15.4.2")
    async def test_I19_decision_waits_for_the_claim_and_loses(
        self, world: World, mia: Someone, ada: Someone
    ) -> None:
        """The claim holds the row, then commits its run: nothing is decided over its head."""
        job = await queued(world, mia, ada)
        printer = await announced_printer(world)
        async with world.sessions() as claim, claim.begin():
            await claim.get_one(Job, UUID(job["id"]), with_for_update=True)
            withdrawing = asyncio.create_task(
                mia.http.post(f"/api/jobs/{job['id']}/withdraw", json={"version": 2})
            )
            await _waits_for_a_lock(world)
            row = await claim.get_one(Job, UUID(job["id"]))
            run = await _run_in(claim, row, printer)
            row.run_id = run
        answer = await withdrawing
        assert answer.status_code == 409
        assert problem(answer)["job"]["status"] == "printing"


async def _waits_for_a_lock(world: World) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await eventually(lambda: _count(world, waiting))


async def _count(world: World, statement: str) -> int:
    async with world.engine.connect() as connection:
        return int((await connection.execute(text(statement))).scalar_one())


async def _run_in(session: AsyncSession, job: Job, printer: PrinterState) -> UUID:
    run = new_run(job.id, printer, RunState.CLAIMED)
    session.add(run)
    await session.flush()
    return run.id
