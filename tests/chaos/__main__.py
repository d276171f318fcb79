"""`make chaos KILLS=n SEED=s`: kills processes of the stack and checks that nothing is lost.

One trial: a job is approved, a process that the seed picks is killed with SIGKILL at a moment
that the seed picks, and the job must still be printed exactly once. The last line is
`chaos: kills=<n> trials=<n> lost=0 double_starts=0 collisions=0 replay_mismatches=0
recovery_p95_s=<s> seed=<s>`; the exit code is 1 if a number that must be 0 is not.
"""

import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import psutil

from deploy.local.demo.client import DemoFailed, Json, Person, open_browser, sign_in
from deploy.local.stack import StackOptions, running_stack
from deploy.local.state import StackState

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "cube-small.gcode.3mf"
SPEED = 120.0
JOB_WITHIN_S = 120.0
RETRY_S = 0.1
VICTIMS = ("api", "dispatch", "relay", "projector", "inspector", "edge", "postgres", "nats", "weed")
_AWAY = (DemoFailed, httpx.HTTPError)


async def main() -> int:
    """Run the trials; return the exit code."""
    kills = int(os.environ.get("KILLS", "5"))
    seed = int(os.environ.get("SEED", "1"))
    with tempfile.TemporaryDirectory(prefix="layerline-chaos-") as folder:
        options = StackOptions(_readable(folder), printers=1, speed=SPEED)
        async with running_stack(options, _say) as state:
            return await Trials(state, random.Random(seed), kills, seed).run()


def _readable(folder: str) -> Path:
    """Return the folder, open to the user that Postgres runs as."""
    path = Path(folder)
    path.chmod(0o755)
    return path


class Trials:
    """The trials on one stack."""

    def __init__(self, state: StackState, chance: random.Random, kills: int, seed: int) -> None:
        self._state, self._chance, self._kills, self._seed = state, chance, kills, seed
        self._control = state.printers[0].control_url
        self._recoveries: list[float] = []

    async def run(self) -> int:
        """Run them all, print the closing line, return the exit code."""
        lost = 0
        async with open_browser(self._state.url) as adas, httpx.AsyncClient() as control:
            ada = await sign_in(adas, "ada")
            for number in range(1, self._kills + 1):
                victim = self._chance.choice(VICTIMS)
                after_s = self._chance.uniform(0.0, 12.0)
                status = await self._trial(ada, control, victim, after_s)
                _say(f"trial {number}: killed {victim} after {after_s:.1f} s: job {status}")
                lost += status != "done"
            counters = (await control.get(f"{self._control}/counters")).json()
            mismatches = await self._mismatches(ada, counters)
        doubles = sum(count > 1 for count in counters["starts_by_name"].values())
        collisions = int(counters["collisions"])
        recoveries = sorted(self._recoveries) or [0.0]
        p95_s = recoveries[min(len(recoveries) - 1, int(len(recoveries) * 0.95))]
        _say(
            f"chaos: kills={self._kills} trials={self._kills} lost={lost} "
            f"double_starts={doubles} collisions={collisions} "
            f"replay_mismatches={mismatches} recovery_p95_s={p95_s:.1f} seed={self._seed}"
        )
        return 1 if lost or doubles or collisions or mismatches else 0

    async def _mismatches(self, ada: Person, counters: Json) -> int:
        """Return how many runs that people see as done the printer did not start exactly once."""
        jobs = (await ada.get("/api/jobs", scope="all", limit="100"))["items"]
        done = [job for job in jobs if job["status"] == "done"]
        starts: dict[str, int] = counters["starts_by_name"]
        return abs(len(done) - sum(starts.values()))

    async def _trial(
        self, ada: Person, control: httpx.AsyncClient, victim: str, after_s: float
    ) -> str:
        job = await _patiently(lambda: _submit(ada))
        await control.post(f"{self._control}/plate/clear")
        await _patiently(lambda: _say_bed_is_clear(ada, job["id"]))
        await _patiently(lambda: _approve(ada, job["id"]))
        await asyncio.sleep(after_s)
        _kill(self._state, victim)
        killed_at = time.monotonic()
        await _patiently(lambda: ada.get("/readyz"))
        self._recoveries.append(time.monotonic() - killed_at)
        deadline = time.monotonic() + JOB_WITHIN_S
        status = "unknown"
        while time.monotonic() < deadline:
            status = (await _patiently(lambda: ada.get(f"/api/jobs/{job['id']}")))["status"]
            if status in {"done", "failed", "cancelled", "attention"}:
                break
            await _patiently(lambda: _say_bed_is_clear(ada, job["id"]))
            await asyncio.sleep(RETRY_S)
        return str(status)


async def _submit(ada: Person) -> Json:
    artifact = await ada.upload(SAMPLE.name, SAMPLE.read_bytes())
    while artifact["state"] == "checking":
        await asyncio.sleep(RETRY_S)
        artifact = await ada.get(f"/api/artifacts/{artifact['id']}")
    submission = await ada.post(
        "/api/submissions",
        {
            "artifact_id": artifact["id"],
            "plates": [{"plate": 1, "copies": 1}],
            "note": None,
            "queue": "main",
        },
    )
    job: Json = submission["jobs"][0]
    return job


async def _approve(ada: Person, job_id: str) -> Json:
    """Approve unless that has been done: the answer to the first try may have been lost."""
    job: Json = await ada.get(f"/api/jobs/{job_id}")
    if job["status"] == "submitted":
        return await ada.post(f"/api/jobs/{job_id}/approve", {"version": job["version"]})
    return job


async def _say_bed_is_clear(ada: Person, job_id: str) -> Json:
    """Answer while the job waits: what was printed before was taken off when the trial began."""
    printer: Json = (await ada.get("/api/printers"))[0]
    job: Json = await ada.get(f"/api/jobs/{job_id}")
    if printer["bed"]["state"] != "clear" and job["status"] in {"submitted", "queued"}:
        await ada.post(
            f"/api/printers/{printer['id']}/clear-bed", {"bed_seq": printer["bed"]["seq"]}
        )
    return printer


async def _patiently(act: Callable[[], Awaitable[Json]]) -> Json:
    """Return what `act` returns, however long its server is away."""
    deadline = time.monotonic() + JOB_WITHIN_S
    while True:
        try:
            return await act()
        except _AWAY as exc:
            if time.monotonic() > deadline:
                raise DemoFailed(f"still away after {JOB_WITHIN_S:g} s: {exc}") from exc
            await asyncio.sleep(RETRY_S)


def _kill(state: StackState, victim: str) -> None:
    for child in psutil.Process(state.pid).children():
        words = " ".join(child.cmdline())
        if (
            words.endswith(f"layerline {victim}")
            or f"/{victim} " in f"{words} "
            or (victim == "edge" and "layerline-edge" in words)
            or (victim == "nats" and "nats-server" in words)
        ):
            child.send_signal(signal.SIGKILL)
            return
    raise DemoFailed(f"no process {victim} runs")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
