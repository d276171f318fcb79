"""Comments, jobs that were sent back, months and quotas."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import col, select

from contracts.events import JobCommented
from contracts.lifecycle import RunState
from services.db.tables.shop import Shop
from tests.integration.api.people import Json, Someone, World, now, problem
from tests.integration.api.rows import announced_printer, claimed_run, plate_summary, ready_artifact
from tests.integration.api.test_jobs import events_of, submitted


@pytest.fixture
async def mia(world: World) -> Someone:
    return await world.someone(name="Mia Member")


@pytest.fixture
async def ada(world: World) -> Someone:
    return await world.someone(is_admin=True, name="Ada Admin")


async def sent_back(world: World, mia: Someone, ada: Someone) -> Json:
    (job,) = await submitted(world, mia)
    body = {"version": job["version"], "comment": "thicker"}
    return await ada.post(f"/api/jobs/{job['id']}/return", body)


class TestComments:
    async def test_both_sides_talk(self, world: World, mia: Someone, ada: Someone) -> None:
        (job,) = await submitted(world, mia)
        path = f"/api/jobs/{job['id']}/comments"
        await ada.post(path, {"text": " how thick? "})
        await mia.post(path, {"text": "3 mm"})
        thread = (await mia.http.get(path)).json()
        said = [(each["author"]["name"], each["text"]) for each in thread]
        assert said == [("Ada Admin", "how thick?"), ("Mia Member", "3 mm")]
        told = [e for e in await events_of(world, job["id"]) if isinstance(e, JobCommented)]
        assert [event.text for event in told] == ["how thick?", "3 mm"]

    async def test_one_request_one_comment(self, world: World, mia: Someone) -> None:
        (job,) = await submitted(world, mia)
        path = f"/api/jobs/{job['id']}/comments"
        for _ in range(2):
            answer = await mia.http.post(
                path, json={"text": "hi"}, headers={"Idempotency-Key": "once"}
            )
            assert answer.status_code == 201
        assert len(await mia.get(path)) == 1


class TestSentBack:
    async def test_another_plate_keeps_place_and_thread(
        self, world: World, mia: Someone, ada: Someone
    ) -> None:
        job = await sent_back(world, mia, ada)
        plate = plate_summary(2).model_copy(update={"estimate_s": 300})
        artifact = await ready_artifact(
            world,
            mia.id,
            filename="better.gcode.3mf",
            inspection={"plates": [plate.model_dump(mode="json")]},
        )
        body = {
            "version": job["version"],
            "change": {"artifact_id": str(artifact.id), "plate": 2},
            "comment": "now 4 mm",
        }
        after = await mia.post(f"/api/jobs/{job['id']}/resubmit", body)
        assert (after["status"], after["name"], after["plate"]) == ("submitted", "better", 2)
        assert after["created_at"] == job["created_at"]
        assert after["earlier"] == {"plate": 1, "estimate_s": 600, "weight_g": 3.5}
        thread = (await ada.http.get(f"/api/jobs/{job['id']}/comments")).json()
        assert [said["text"] for said in thread] == ["now 4 mm"]

    async def test_files_of_others_are_unknown(
        self, world: World, mia: Someone, ada: Someone
    ) -> None:
        job = await sent_back(world, mia, ada)
        artifact = await ready_artifact(world, ada.id)
        body = {
            "version": job["version"],
            "change": {"artifact_id": str(artifact.id), "plate": 1},
        }
        answer = await mia.http.post(f"/api/jobs/{job['id']}/resubmit", json=body)
        assert problem(answer)["type"] == "/problems/no-such-artifact"


class TestMonths:
    async def test_only_what_ended_in_that_time(self, world: World, mia: Someone) -> None:
        state = await announced_printer(world)
        ages = (timedelta(days=1), timedelta(days=40))
        for job, age in zip(await submitted(world, mia, copies=2), ages, strict=True):
            ended = now() - age
            run = await claimed_run(
                world,
                UUID(job["id"]),
                state,
                RunState.DONE,
                started_at=ended - timedelta(hours=1),
                ended_at=ended,
            )
            assert run.ended_at == ended
        since = (now() - timedelta(days=7)).isoformat().replace("+00:00", "Z")
        page = await mia.get("/api/jobs", status="done", ended_since=since)
        assert len(page["items"]) == 1
        total = await mia.get("/api/jobs/summary", ended_until=since)
        assert [(item["prints"], item["print_s"]) for item in total["items"]] == [(1, 3600)]


class TestQuotas:
    async def test_the_approver_sees_what_is_left(
        self, world: World, mia: Someone, ada: Someone
    ) -> None:
        limits = {"limits": {"grams": 10, "hours": None}}
        await ada.put(f"/api/people/{mia.id}/quota", limits)
        first, second, third = await submitted(world, mia, copies=3)
        for job in (first, second):
            await ada.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})
        review = await ada.get(f"/api/jobs/{third['id']}/review")
        assert review["quota"]["limits"] == {"grams": 10, "hours": None}
        assert (review["quota"]["used_grams"], review["quota"]["waiting_grams"]) == (0, 7.0)
        body = {
            "decision": "approve",
            "jobs": [{"job_id": third["id"], "version": third["version"]}],
        }
        (item,) = (await ada.post("/api/decisions", body))["items"]
        assert item["code"] == "over-quota"
        assert (await mia.get("/api/quota"))["waiting_grams"] == 7.0
        everybody = (await ada.http.get("/api/quotas")).json()
        assert [each["is_own"] for each in everybody if each["user_id"] == str(mia.id)] == [True]

    async def test_a_hard_limit_is_told_at_once(
        self, world: World, mia: Someone, ada: Someone
    ) -> None:
        await ada.put(f"/api/people/{mia.id}/quota", {"limits": {"grams": 3, "hours": None}})
        await submitted(world, mia)
        before = await ada.get("/api/settings")
        hard = {**before["settings"], "may_exceed_quota": False}
        await ada.put("/api/settings", {"version": before["version"], "settings": hard})
        artifact = await ready_artifact(world, mia.id)
        body = {"artifact_id": str(artifact.id), "plates": [{"plate": 1, "copies": 1}]}
        answer = await mia.http.post("/api/submissions", json=body)
        (row,) = await world.select(select(Shop).where(col(Shop.id) == 1))
        await ada.put("/api/settings", {"version": row.version, "settings": before["settings"]})
        assert problem(answer)["type"] == "/problems/over-quota"
