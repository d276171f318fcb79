"""Three printers on two nodes serve one queue: each job once, none waits beside a printer."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local.demo.client import Json
from tests.e2e.conftest import (
    People,
    Stack,
    clear_all_plates,
    counters,
    say_beds_are_clear,
)
from tests.eventually import eventually

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "two-plates.gcode.3mf"
COPIES_PLA, COPIES_PETG = 6, 3
ALL_WITHIN_S = 240

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]


async def test_nine_jobs_of_two_filaments_on_three_printers(stack: Stack, people: People) -> None:
    before = await counters(stack)
    jobs = await _submit(people)
    await _become_ready(stack, people)
    for job in jobs:
        await people.ada.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})

    ids = {job["id"] for job in jobs}
    deadline = time.monotonic() + ALL_WITHIN_S
    idle_beside_waiting = 0
    while time.monotonic() < deadline:
        now = {j["id"]: j for j in await _all_jobs(people) if j["id"] in ids}
        if all(job["status"] == "done" for job in now.values()):
            break
        assert not {job["status"] for job in now.values()} & {"failed", "attention", "cancelled"}
        idle_beside_waiting += await _is_idle_beside_waiting(people, now)
        await clear_all_plates(stack)
        await say_beds_are_clear(people)
        await asyncio.sleep(0.5)
    assert {job["status"] for job in now.values()} == {"done"}

    after = await counters(stack)
    starts = [a["starts"] - b["starts"] for a, b in zip(after, before, strict=True)]
    assert sum(starts) == len(jobs)
    assert all(started > 0 for started in starts)
    assert all(count == 1 for printer in after for count in _by_name(printer).values())
    assert sum(printer["collisions"] for printer in after) == 0
    # A claim takes a moment; a job that waits on while a ready printer stands by does not.
    assert idle_beside_waiting <= 2
    _assert_order_kept([now[job["id"]] for job in jobs if job["plate"] == 1])


def _by_name(printer: Json) -> dict[str, int]:
    names: dict[str, int] = printer["starts_by_name"]
    return names


def _assert_order_kept(equals: list[Json]) -> None:
    started = [job["started_at"] for job in equals]
    # Three printers claim side by side: a job may be passed by the two that were claimed with it.
    for earlier, later in zip(started, started[3:], strict=False):
        assert earlier < later


async def _submit(people: People) -> list[Json]:
    artifact = await people.mia.upload(SAMPLE.name, SAMPLE.read_bytes())

    async def is_ready() -> bool:
        return bool((await people.mia.get(f"/api/artifacts/{artifact['id']}"))["state"] == "ready")

    await eventually(is_ready, within_s=20)
    submission = await people.mia.post(
        "/api/submissions",
        {
            "artifact_id": artifact["id"],
            "plates": [
                {"plate": 1, "copies": COPIES_PLA},
                {"plate": 2, "copies": COPIES_PETG},
            ],
            "note": None,
            "queue": "main",
        },
    )
    jobs: list[Json] = submission["jobs"]
    assert len(jobs) == COPIES_PLA + COPIES_PETG
    return jobs


async def _become_ready(stack: Stack, people: People) -> None:
    await clear_all_plates(stack)
    await say_beds_are_clear(people)

    async def all_clear() -> bool:
        printers = await people.ada.get("/api/printers")
        return all(printer["bed"]["state"] == "clear" for printer in printers)

    await eventually(all_clear, within_s=30)


async def _all_jobs(people: People) -> list[Json]:
    page = await people.ada.get("/api/jobs", scope="all", limit="100")
    jobs: list[Json] = page["items"]
    return jobs


async def _is_idle_beside_waiting(people: People, jobs: dict[str, Json]) -> bool:
    waits = any(job["status"] == "queued" for job in jobs.values())
    printers = await people.ada.get("/api/printers")
    settled_s = 8  # a bed's word holds 5 s before the claim
    ready = [
        printer
        for printer in printers
        if printer["bed"]["state"] == "clear"
        and printer["current_job"] is None
        and _age_s(printer["bed"]["since"]) > settled_s
    ]
    return waits and bool(ready)


def _age_s(moment: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()
