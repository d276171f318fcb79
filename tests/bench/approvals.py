"""From an approval to the claim's answer, against a client that asks every 5 s."""

import asyncio
import random
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.demo.client import Json, Person, open_browser, sign_in
from tests.bench.floors.polling import POLL_EVERY_S
from tests.bench.row import Bench, Row, Rows

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "cube-small.gcode.3mf"
APPROVALS = 20
POLLED = 9
WANTED_P50_S, WANTED_P99_S, WANTED_RATIO = 0.020, 0.060, 100.0
WITHIN_S = 30.0


async def measure(bench: Bench) -> Rows:
    """Yield the rows of approvals: event-driven against polling."""
    async with open_browser(bench.state.url) as adas:
        ada = await sign_in(adas, "ada")
        await clear_bed(ada)
        jobs = await submit(ada, APPROVALS + POLLED)
        claimed = sorted([await _approve_to_claim(ada, job) for job in jobs[:APPROVALS]])
        polled = sorted([await _approve_to_poll(ada, job) for job in jobs[APPROVALS:]])
    p50, p99 = statistics.median(claimed), claimed[-1]
    floor = statistics.median(polled)
    yield Row(
        "approve -> claim answered, p50",
        "ms",
        p50 * 1000,
        floor * 1000,
        floor / p50,
        f"<= {WANTED_P50_S * 1000:.0f} ms, >= {WANTED_RATIO:.0f} x",
        p50 <= WANTED_P50_S and floor / p50 >= WANTED_RATIO,
    )
    yield Row(
        "approve -> claim answered, worst",
        "ms",
        p99 * 1000,
        polled[-1] * 1000,
        polled[-1] / p99,
        f"<= {WANTED_P99_S * 1000:.0f} ms",
        p99 <= WANTED_P99_S,
    )


async def _approve_to_claim(ada: Person, job: Json) -> float:
    """Return seconds from the answer to the approval until the run was made; then cancel it."""
    job = await ada.get(f"/api/jobs/{job['id']}")
    await ada.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})
    approved_at = datetime.now(UTC)
    deadline = time.monotonic() + WITHIN_S
    claimed_at: datetime | None = None
    while claimed_at is None and time.monotonic() < deadline:
        for event in await ada.get(f"/api/jobs/{job['id']}/events"):
            if event["type"] == "job.claimed":
                claimed_at = datetime.fromisoformat(event["occurred_at"])
        await asyncio.sleep(0.02)
    if claimed_at is None:
        raise TimeoutError(f"job {job['id']} was not claimed")
    await ada.post(f"/api/jobs/{job['id']}/cancel")
    await clear_bed(ada)
    return max(0.0001, (claimed_at - approved_at).total_seconds())


async def _approve_to_poll(ada: Person, job: Json) -> float:
    """Return seconds from the approval until a client that polls has noticed."""
    next_poll = time.monotonic() + random.uniform(0, POLL_EVERY_S)
    job = await ada.get(f"/api/jobs/{job['id']}")
    # Nothing may claim it meanwhile: the undo window is longer than a poll.
    await ada.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"], "undo_s": 60})
    approved_at = time.monotonic()
    while True:
        await asyncio.sleep(max(0.0, next_poll - time.monotonic()))
        page = await ada.get("/api/jobs", scope="all", status="queued")
        if any(queued["id"] == job["id"] for queued in page["items"]):
            break
        next_poll += POLL_EVERY_S
    noticed_s = time.monotonic() - approved_at
    await ada.post(f"/api/jobs/{job['id']}/cancel")
    return noticed_s


async def submit(ada: Person, count: int, file: Path = SAMPLE) -> list[Json]:
    """Upload a file and submit plate 1; return the jobs."""
    artifact = await ada.upload(file.name, await asyncio.to_thread(file.read_bytes))
    while artifact["state"] == "checking":
        await asyncio.sleep(0.05)
        artifact = await ada.get(f"/api/artifacts/{artifact['id']}")
    submission = await ada.post(
        "/api/submissions",
        {
            "artifact_id": artifact["id"],
            "plates": [{"plate": 1, "copies": count}],
            "note": None,
            "queue": "main",
        },
    )
    jobs: list[Json] = submission["jobs"]
    return jobs


async def clear_bed(ada: Person) -> None:
    """Say that the bed is clear, and return when the printer may claim again."""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        printer = (await ada.get("/api/printers"))[0]
        if not printer["is_online"] or printer["current_job"] is not None:
            await asyncio.sleep(0.1)
            continue
        if printer["bed"]["state"] == "clear":
            since = datetime.fromisoformat(printer["bed"]["since"])
            # A bed's word holds 5 s before anything is claimed on it.
            await asyncio.sleep(max(0.0, 6.0 - (datetime.now(UTC) - since).total_seconds()))
            return
        if "clear_bed" in printer["allowed_actions"]:
            await ada.post(
                f"/api/printers/{printer['id']}/clear-bed", {"bed_seq": printer["bed"]["seq"]}
            )
        await asyncio.sleep(0.2)
    raise TimeoutError("the printer did not become ready")
