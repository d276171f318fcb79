"""`make bench`: measures the embedded stack against floors, in turn, in one run.

Prints a table and writes bench.json; each row is a ratio of two things measured in this run.
The last line is `bench: rows=<n> passed=<n> failed=<n>`; the exit code is 1 if a row failed.
"""

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.demo.client import Json, Person, open_browser, sign_in
from deploy.local.stack import StackOptions, running_stack
from deploy.local.state import StackState
from tests.bench.floors.polling import POLL_EVERY_S

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "cube-small.gcode.3mf"
APPROVALS = 20
POLLED = 9
WANTED_P50_S, WANTED_P99_S, WANTED_RATIO = 0.020, 0.060, 100.0
WITHIN_S = 30.0


@dataclass(frozen=True)
class Row:
    """One comparison; times in seconds."""

    name: str
    layerline: float
    comparator: float
    ratio: float
    target: str
    passed: bool


async def main() -> int:
    """Measure, print, return the exit code."""
    with tempfile.TemporaryDirectory(prefix="layerline-bench-") as folder:
        options = StackOptions(_readable(folder), printers=1, speed=20.0)
        async with running_stack(options, lambda line: None) as state:
            rows = await measure(state)
    for row in rows:
        sys.stdout.write(
            f"{row.name:40} {row.layerline * 1000:9.1f} ms {row.comparator * 1000:9.1f} ms "
            f"{row.ratio:8.1f} x  {row.target:24} {'pass' if row.passed else 'FAIL'}\n"
        )
    (ROOT / "bench.json").write_text(json.dumps([asdict(row) for row in rows], indent=1))
    passed = sum(row.passed for row in rows)
    sys.stdout.write(f"bench: rows={len(rows)} passed={passed} failed={len(rows) - passed}\n")
    return 0 if passed == len(rows) else 1


def _readable(folder: str) -> Path:
    path = Path(folder)
    path.chmod(0o755)
    return path


async def measure(state: StackState) -> list[Row]:
    """Return the row of approvals: event-driven against polling."""
    async with open_browser(state.url) as adas:
        ada = await sign_in(adas, "ada")
        await _clear_bed(ada)
        jobs = await _submit(ada, APPROVALS + POLLED)
        claimed = sorted([await _approve_to_claim(ada, job) for job in jobs[:APPROVALS]])
        polled = sorted([await _approve_to_poll(ada, job) for job in jobs[APPROVALS:]])
    p50, p99 = statistics.median(claimed), claimed[-1]
    floor = statistics.median(polled)
    return [
        Row(
            "approve -> claim answered, p50",
            p50,
            floor,
            floor / p50,
            f"<= {WANTED_P50_S * 1000:.0f} ms, >= {WANTED_RATIO:.0f} x",
            p50 <= WANTED_P50_S and floor / p50 >= WANTED_RATIO,
        ),
        Row(
            "approve -> claim answered, worst",
            p99,
            polled[-1],
            polled[-1] / p99,
            f"<= {WANTED_P99_S * 1000:.0f} ms",
            p99 <= WANTED_P99_S,
        ),
    ]


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
    await _clear_bed(ada)
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


async def _submit(ada: Person, count: int) -> list[Json]:
    artifact = await ada.upload(SAMPLE.name, SAMPLE.read_bytes())
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


async def _clear_bed(ada: Person) -> None:
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


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
