"""What people do in a trial: submit, approve, tend the printer, perhaps cancel, to the end."""

import random
import time
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from contracts.lifecycle import Resolution, RunState, Status
from tests.chaos.labels import Needs
from tests.chaos.oracle import ENDED, OUR_FILE, Accepted
from tests.chaos.people import Person, Refused, new_file
from tests.chaos.world import Json, World
from tests.eventually import eventually

LOOK_EVERY_S = 0.15
END_WITHIN_S = 60.0
STUCK_AFTER_S = 6.0
SAY_AGAIN_S = 3.0
RETRIES_BY_HAND = 2
AT_WORK = {"PREPARE", "RUNNING", "PAUSE"}


@dataclass(frozen=True)
class Wishes:
    """What the people of a trial are up to."""

    uploads: bool
    copies: int
    cancel_after_s: float | None
    pauses: bool
    cancels_run: bool = False
    """Cancels only what a printer has."""
    cancel_must_work: bool = False
    """Cancels only what is printed, and nothing stands in the way of that."""
    tends_after_s: float = 0.0
    """Nobody looks after the printer before."""

    @staticmethod
    def draw(chance: random.Random, needs: Needs) -> "Wishes":
        """Return some wishes; what is needed is among them."""
        may_cancel = needs is Needs.CANCEL or chance.random() < 0.15
        return Wishes(
            uploads=needs is Needs.UPLOAD or chance.random() < 0.15,
            copies=2 if chance.random() < 0.15 else 1,
            cancel_after_s=chance.uniform(0.0, 3.0) if may_cancel else None,
            cancels_run=needs is Needs.CANCEL or chance.random() < 0.5,
            pauses=needs is Needs.PAUSE or chance.random() < 0.1,
        )


@dataclass
class Play:
    """One trial's people at work."""

    world: World
    person: Person
    number: int
    wishes: Wishes
    artifact_id: str
    end_within_s: float = END_WITHIN_S
    is_spoiled: bool = False
    may_judge: bool = False
    """Whether what was broken is whole again: only then do people decide about doubts."""
    lies: list[str] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    job_ids: list[UUID] = field(default_factory=list)
    _retries: dict[str, int] = field(default_factory=dict)
    _began_s: float = 0.0
    _asked_cancel: bool = False
    _paused: bool = False
    _said_clear: tuple[int, float] = (-1, 0.0)
    _still_since: dict[str, tuple[str, float]] = field(default_factory=dict)

    async def run(self) -> Accepted:
        """Play to the end; raise AssertionError when a job does not come to one."""
        self._began_s = time.monotonic()
        await self._submit()
        await eventually(self._all_ended, within_s=self.end_within_s, every_s=LOOK_EVERY_S)
        return self.accepted()

    def accepted(self) -> Accepted:
        """Return what people were promised and saw so far."""
        return Accepted(
            tuple(self.job_ids), tuple(self.lies), self.is_spoiled, self.wishes.cancel_must_work
        )

    async def _submit(self) -> None:
        artifact_id = self.artifact_id
        if self.wishes.uploads:
            name = f"trial-{self.number}.gcode.3mf"
            artifact_id = (await self.person.upload(name, new_file(self.number)))["id"]
        submission = await self.person.post(
            "/api/submissions",
            {
                "artifact_id": artifact_id,
                "plates": [{"plate": 1, "copies": self.wishes.copies}],
                "note": None,
                "queue": "main",
            },
        )
        self.job_ids = [UUID(job["id"]) for job in submission["jobs"]]
        for job in submission["jobs"]:
            await self.person.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})

    async def _all_ended(self) -> bool:
        """Look at each job once and do what a person would; tell whether all have ended."""
        for job_id in map(str, self.job_ids):
            job = await self.person.look(f"/api/jobs/{job_id}")
            if job is None:
                return False
            self.statuses[job_id] = job["status"]
            if job["status"] == Status.CANCELLED:
                await self._look_for_a_lie(job)
            if job["status"] not in ENDED:
                await self._tend(job)
        return all(self.statuses.get(job_id) in ENDED for job_id in map(str, self.job_ids))

    async def _tend(self, job: Json) -> None:
        try:
            await self._maybe_cancel(job)
            await self._maybe_pause(job)
            if job["status"] == Status.ATTENTION and self.may_judge:
                await self._decide(job)
            elif job["status"] == Status.QUEUED and self._has_time():
                await self._clear_bed()
            elif self._may_help and job["status"] in {Status.PRINTING, Status.CANCELLING}:
                await self._help_a_stuck_printer(job)
        except Refused as exc:
            if exc.status not in {403, 409, 422}:
                raise
        except httpx.HTTPError:
            return  # the printer is away: look again

    @property
    def _may_help(self) -> bool:
        """Tell whether people press buttons: not where a cancel must do without."""
        return self.may_judge and not self.wishes.cancel_must_work

    def _has_time(self) -> bool:
        return time.monotonic() - self._began_s >= self.wishes.tends_after_s

    async def _maybe_cancel(self, job: Json) -> None:
        after_s = self.wishes.cancel_after_s
        if after_s is None or self._asked_cancel or "cancel" not in job["allowed_actions"]:
            return
        if self.wishes.cancels_run and job["status"] != Status.PRINTING:
            return
        if self.wishes.cancel_must_work and job["phase"] != RunState.PRINTING:
            return
        if time.monotonic() - self._began_s >= after_s:
            self._asked_cancel = True
            await self.person.post(f"/api/jobs/{job['id']}/cancel")

    async def _maybe_pause(self, job: Json) -> None:
        if not self.wishes.pauses or job["phase"] is None:
            return
        if not self._paused and "pause" in job["allowed_actions"]:
            self._paused = True
            await self.person.post(f"/api/jobs/{job['id']}/pause")
        elif self._paused and "resume" in job["allowed_actions"]:
            await self.person.post(f"/api/jobs/{job['id']}/resume")

    async def _clear_bed(self) -> None:
        """Go to the printer, take off what lies there, say so about the bed that was seen."""
        printers = await self.person.look("/api/printers")
        if not printers or printers[0]["bed"]["state"] == "clear":
            return
        printer = printers[0]
        said_seq, said_at_s = self._said_clear
        seq = printer["bed"]["seq"]
        if seq == said_seq and time.monotonic() - said_at_s < SAY_AGAIN_S:
            return
        state = await self.world.printer("/state")
        if state["gcode_state"] in AT_WORK:
            if self.may_judge:
                await self.world.do("/screen/stop")  # a print that nobody waits for
            return
        if state["part_on_plate"]:
            await self.world.do("/plate/clear")
        self._said_clear = (seq, time.monotonic())
        await self.person.post(f"/api/printers/{printer['id']}/clear-bed", {"bed_seq": seq})

    async def _decide(self, job: Json) -> None:
        """Look at the printer and say what is seen."""
        if "resolve" not in job["allowed_actions"]:
            return
        sid = await self._sid(job)
        state = await self.world.printer("/state")
        starts = (await self.world.printer("/counters"))["starts_by_name"]
        outcome = _seen(f"{OUR_FILE}{sid}", state, starts)
        if outcome is Resolution.RELEASED:
            tries = self._retries.get(job["id"], 0)
            self._retries[job["id"]] = tries + 1
            if tries >= RETRIES_BY_HAND:
                outcome = Resolution.FAILED
        await self.person.post(
            f"/api/runs/{job['run_id']}/resolve",
            {"outcome": outcome.value, "reason": f"Seen at the printer: {state['gcode_state']}."},
        )

    async def _sid(self, job: Json) -> int:
        connection = await self.world.connect()
        try:
            return int(
                await connection.fetchval("SELECT sid FROM run WHERE id = $1", UUID(job["run_id"]))
            )
        finally:
            await connection.close()

    async def _help_a_stuck_printer(self, job: Json) -> None:
        """Press a button where a print stands still: on with it, or off with it."""
        now_s = time.monotonic()
        state = await self.world.printer("/state")
        seen = f"{job['phase']} {job['percent']} {state['gcode_state']} {state['mc_percent']}"
        last, since_s = self._still_since.get(job["id"], ("", now_s))
        if seen != last:
            self._still_since[job["id"]] = (seen, now_s)
        elif now_s - since_s > STUCK_AFTER_S:
            self._still_since[job["id"]] = (seen, now_s)
            if state["gcode_state"] == "PAUSE" and job["phase"] != RunState.STARTING:
                await self.world.do("/screen/resume")
            elif state["gcode_state"] in AT_WORK:
                await self.world.do("/screen/stop")

    async def _look_for_a_lie(self, job: Json) -> None:
        """Compare "cancelled" with the printer: it must not be printing that."""
        if job["run_id"] is None:
            return
        try:
            state = await self.world.printer("/state")
            name = f"{OUR_FILE}{await self._sid(job)}"
        except (httpx.HTTPError, OSError):
            return
        if state["gcode_state"] in AT_WORK and state["subtask_name"] == name:
            self.lies.append(f"job {job['id']} is said to be cancelled and prints")


def _seen(name: str, state: Json, starts: dict[str, int]) -> Resolution:
    is_ours = state["subtask_name"] == name
    if is_ours and state["gcode_state"] in AT_WORK:
        return Resolution.PRINTING
    if not starts.get(name):
        return Resolution.RELEASED
    return Resolution.DONE if is_ours and state["gcode_state"] == "FINISH" else Resolution.FAILED
