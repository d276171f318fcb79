"""What must become of jobs, told from the protocol's words and not from the product's tables."""

from dataclasses import dataclass, field

DECISIONS = {
    "approve": (("submitted",), "queued"),
    "return": (("submitted",), "returned"),
    "resubmit": (("returned",), "submitted"),
    "reject": (("submitted",), "rejected"),
    "withdraw": (("submitted", "returned", "queued"), "withdrawn"),
    "take-back-approval": (("queued",), "submitted"),
}
_AFTER_DOUBT = ("started", "done", "failed", "cancelled")
STEPS = {
    "claimed": ("transferring", "released", "cancelled", "attention"),
    "transferring": ("starting", "released", "cancelled", "attention"),
    "starting": ("started", "failed", "cancelled", "attention"),
    "printing": ("progress", "paused", "done", "failed", "cancelled", "attention"),
    "paused": ("resumed", "progress", "done", "failed", "cancelled", "attention"),
    "attention": _AFTER_DOUBT,
}
"""What a node can say next of a run, by the state in which it said that the run is."""
_STATE_AFTER = {"started": "printing", "resumed": "printing"}
ENDS = ("done", "failed", "cancelled")
RELEASES_UNTIL_A_PERSON = 3


@dataclass
class Run:
    """A run: what its node said last, and what people said of it."""

    node: str = "claimed"
    word: str = ""
    is_late: bool = False
    """A deadline passed in the state that the node said last."""
    releases_before: int = 0

    @property
    def needs_person_though_free(self) -> bool:
        """Tell whether it was released once too often."""
        is_last = self.releases_before + 1 >= RELEASES_UNTIL_A_PERSON
        return self.node == "released" and is_last

    @property
    def state(self) -> str:
        """The state that people see."""
        if self.node in ENDS:
            return self.node
        if self.word in {"done", "failed", "released"}:
            return self.word
        if self.node == "released":
            return "attention" if self.needs_person_though_free else "released"
        if self.word == "printing":
            return "paused" if self.node == "paused" else "printing"
        return "attention" if self.is_late else self.node

    @property
    def is_open(self) -> bool:
        """Tell whether its job waits for it."""
        return self.state not in (*ENDS, "released")

    @property
    def holds_printer(self) -> bool:
        """Tell whether the printer can take no other."""
        return self.is_open and self.node != "released"


@dataclass
class Job:
    """A job: what people decided, and its latest run."""

    state: str = "submitted"
    run: Run | None = None
    wants_cancel: bool = False
    place: int = 0
    releases: int = 0
    effects: int = 0
    """How many decisions on it must be on record."""

    @property
    def status(self) -> str:
        """What people see."""
        if self.state != "queued" or self.run is None:
            return self.state
        if not self.run.is_open:
            return self.run.state
        if self.run.state == "attention":
            return "attention"
        return "cancelling" if self.wants_cancel else "printing"

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more can become of it but by a person."""
        return self.status not in {"submitted", "queued", "printing", "cancelling", "attention"}

    @property
    def steps(self) -> tuple[str, ...]:
        """What its node may say next."""
        run = self.run
        if run is None or run.word == "released":
            return ()
        if run.node == "attention" and run.word == "printing":
            return STEPS["printing"]
        return STEPS.get(run.node, ())

    def decide(self, action: str) -> bool:
        """Take a decision if it is possible; return whether it is."""
        sources, state = DECISIONS[action]
        if self.state not in sources or self.run is not None:
            return False
        self.state = state
        self.effects += 1
        return True

    def cancel(self) -> bool:
        """Cancel, or ask for it; return whether that is possible."""
        if self.state != "queued" or (self.run is not None and not self.run.is_open):
            return False
        if self.run is None:
            self.state = "cancelled"
            self.effects += 1
        elif not self.wants_cancel:
            self.wants_cancel = True
            self.effects += 1
        return True

    def resolve(self, outcome: str) -> bool:
        """Take a person's word on the run; return whether one is asked for."""
        if self.run is None or self.run.state != "attention":
            return False
        if outcome != "printing" or not self.run.needs_person_though_free:
            self.run.word = outcome
        self._put_back()
        return True

    def hear(self, step: str) -> None:
        """Take what the node says of the run."""
        run = self.run
        assert run is not None
        before = run.node
        if step != "progress":
            run.node = _STATE_AFTER.get(step, step)
        elif run.node == "attention":
            run.node = "printing"
        if run.node != before:
            run.is_late = False
        if step == "attention" and run.word == "printing":
            run.word = ""
        self._put_back()

    def wait_too_long(self) -> None:
        """Let a deadline pass."""
        assert self.run is not None
        if self.run.is_open:
            self.run.is_late, self.run.word = True, ""

    def _put_back(self) -> None:
        """Have a released job claimed again at its old place, or cancelled as was asked."""
        if self.run is not None and self.run.state == "released":
            self.run = None
            self.releases += 1
            if self.wants_cancel:
                self.state = "cancelled"


@dataclass
class Oracle:
    """All jobs, and the one printer."""

    jobs: dict[str, Job] = field(default_factory=dict)
    places: int = 0

    def approve(self, job: Job) -> bool:
        """Put a job behind all that wait."""
        is_possible = job.decide("approve")
        if is_possible:
            self.places += 1
            job.place = self.places
        return is_possible

    def next_job(self) -> str:
        """Return the id of the job that the printer would get, "" for none."""
        if any(job.run is not None and job.run.holds_printer for job in self.jobs.values()):
            return ""
        waiting = [
            (job.place, job_id)
            for job_id, job in self.jobs.items()
            if job.state == "queued" and job.run is None
        ]
        if not waiting:
            return ""
        return min(waiting)[1]

    def claim(self) -> str:
        """Give the printer the next job; return its id, "" for none."""
        job_id = self.next_job()
        if job_id:
            self.jobs[job_id].run = Run(releases_before=self.jobs[job_id].releases)
        return job_id
