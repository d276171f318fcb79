"""From an approval to the claim: against a client that asks every 5 s, and a bare spine."""

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.demo.client import Json, Person, open_browser, sign_in
from tests.bench.bare import bare_broker
from tests.bench.floors.polling import POLL_EVERY_S
from tests.bench.floors.spine import open_spine
from tests.bench.processes import database_url
from tests.bench.row import Bench, Row, Rows, at_most_times

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "cube-small.gcode.3mf"
APPROVALS, EACH_TURN, WARM_UP = 100, 20, 3
POLLED = 9
WANTED_P50_S, WANTED_P99_S, WANTED_RATIO, WANTED_TIMES = 0.020, 0.060, 100.0, 3.0
WITHIN_S = 30.0
LOOK_EVERY_S = 0.01


async def measure(bench: Bench) -> Rows:
    """Yield the rows of approvals: event-driven against polling, and against the bare spine."""
    async with open_browser(bench.state.url) as http:
        ada = await sign_in(http, "ada")
        jobs = await submit(ada, POLLED)
        polled = sorted([await _approve_to_poll(ada, job, phase) for phase, job in _phases(jobs)])
        await clear_bed(ada)
        claimed, bare = await _in_turn(bench, ada)
    p50, p99, floor = statistics.median(claimed), _p99(claimed), statistics.median(polled)
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
        "approve -> claim answered, p99",
        "ms",
        p99 * 1000,
        polled[-1] * 1000,
        polled[-1] / p99,
        f"<= {WANTED_P99_S * 1000:.0f} ms",
        p99 <= WANTED_P99_S,
    )
    name = "approve -> claim answered, of the bare spine"
    yield at_most_times(name, "ms", p50 * 1000, statistics.median(bare) * 1000, WANTED_TIMES)


async def _in_turn(bench: Bench, ada: Person) -> tuple[list[float], list[float]]:
    """Return the seconds of approvals and of turns of the bare spine."""
    claimed: list[float] = []
    bare: list[float] = []
    log = _NodeLog(bench.state.logs / f"{bench.state.printers[0].node}.log")
    async with (
        bare_broker(bench.data_dir / "spine") as url,
        open_spine(url, database_url(bench.state)) as turn,
    ):
        for job in await submit(ada, WARM_UP):
            await _approve_to_claim(ada, log, job)
        while len(claimed) < APPROVALS:
            jobs = await submit(ada, EACH_TURN)
            claimed += [await _approve_to_claim(ada, log, job) for job in jobs]
            bare += [await turn() for _ in range(EACH_TURN)]
    return claimed, bare


def _p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * len(values)) - 1]


class _NodeLog:
    """What a node has written down since it was last looked at."""

    def __init__(self, path: Path) -> None:
        self._path, self._place = path, path.stat().st_size

    async def until(self, event: str) -> datetime:
        """Return when this event was told, once it is."""
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            for line in self._new_lines():
                entry = json.loads(line)
                if entry["event"] == event:
                    return datetime.fromisoformat(entry["timestamp"])
            await asyncio.sleep(LOOK_EVERY_S)
        raise TimeoutError(f"the node did not tell {event}")

    def _new_lines(self) -> list[bytes]:
        with self._path.open("rb") as file:
            file.seek(self._place)
            *lines, _ = file.read().split(b"\n")
        self._place += sum(len(line) + 1 for line in lines)
        return lines


async def _approve_to_claim(ada: Person, log: _NodeLog, job: Json) -> float:
    """Return seconds from the answer to the approval until the node had its run; then cancel."""
    await ada.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})
    approved_at = datetime.now(UTC)
    claimed_at = await log.until("run_claimed")
    await ada.post(f"/api/jobs/{job['id']}/cancel")
    # Cancelled before its start: the bed stays clear, and the printer asks for the next one.
    await log.until("claim_found_no_job")
    return max(0.0001, (claimed_at - approved_at).total_seconds())


def _phases(jobs: list[Json]) -> Iterator[tuple[float, Json]]:
    """Spread the approvals evenly over the time between two polls: a few at random are luck."""
    for place, job in enumerate(jobs):
        yield POLL_EVERY_S * (place + 0.5) / len(jobs), job


async def _approve_to_poll(ada: Person, job: Json, phase_s: float) -> float:
    """Return seconds from the approval until a client that polls has noticed."""
    next_poll = time.monotonic() + phase_s
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
