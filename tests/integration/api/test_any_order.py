"""Whatever people, a node and deadlines do, in any order: jobs are as a small oracle says."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from deploy.local.process import ChildProcess
from services.projector.projection import Waits
from services.projector.rebuilding import rebuild
from tests.chaos.oracle import digest, live_model, model_of
from tests.stateful.bench import Bench
from tests.stateful.oracle import DECISIONS, STEPS, Job, Oracle

PICK = st.integers(0, 1000)
TIMES = st.integers(1, 5)
AGAIN = st.lists(PICK, max_size=3)
WITH_DEADLINE = frozenset(STEPS) - {"attention"}
GOES_WELL = {
    "claimed": "transferring",
    "transferring": "starting",
    "starting": "started",
    "attention": "started",
    "printing": "done",
    "paused": "resumed",
}
WORDS = ("printing", "done", "failed", "released")
MUST_COME_UP = (
    {("done", "released"), ("failed", "released")},
    {("printing", step) for steps in STEPS.values() for step in steps},
)
"""A person's word on a run and what its node says then: one of each set, in every play."""


class AnyOrder(RuleBasedStateMachine):
    """People and a node at work; after each step every job is compared."""

    env: Mapping[str, str]
    came_up: set[tuple[str, str]]
    """Words on runs, and what their node said after them."""

    def __init__(self) -> None:
        super().__init__()
        self.oracle = Oracle()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.bench: Bench = self.do(self.stack.enter_async_context(Bench.open(self.env)))

    def do(self, what: Any) -> Any:
        """Run a coroutine to its end."""
        return self.runner.run(what)

    def pick(self, number: int) -> tuple[str, Job]:
        """Return one of the jobs."""
        jobs = list(self.oracle.jobs.items())
        return jobs[number % len(jobs)]

    def running(self, number: int) -> tuple[str, Job]:
        """Return one of the jobs whose node has more to say."""
        jobs = [item for item in self.oracle.jobs.items() if item[1].steps]
        return jobs[number % len(jobs)]

    def silent(self) -> list[tuple[str, Job]]:
        """Return the jobs of whose runs the node may be silent for too long."""
        return [
            (job_id, job)
            for job_id, job in self.oracle.jobs.items()
            if job.run is not None and job.run.is_open and job.run.node in WITH_DEADLINE
        ]

    def judged(self) -> list[tuple[str, Job]]:
        """Return the jobs that a person ended, though the node may not have started anything."""
        return [
            (job_id, job)
            for job_id, job in self.oracle.jobs.items()
            if job.run is not None
            and job.run.word in {"done", "failed"}
            and "released" in job.steps
        ]

    def has_steps(self) -> bool:
        """Tell whether the node has anything to say."""
        return any(job.steps for job in self.oracle.jobs.values())

    @initialize(copies=st.integers(1, 3), steps=st.integers(0, 6), times=TIMES)
    def begin(self, copies: int, steps: int, times: int) -> None:
        """Have something to decide on, or to print, or under way."""
        self.submit(copies, times)
        self.go_on(0, steps, times)

    @rule(number=PICK, steps=st.integers(1, 4), times=TIMES)
    def go_on(self, number: int, steps: int, times: int) -> None:
        """All goes well with a job for a while: it is approved, claimed, printed."""
        alive = [item for item in self.oracle.jobs.items() if not item[1].is_over]
        for _ in range(steps if alive else 0):
            job_id, job = alive[number % len(alive)]
            if job.status == "submitted":
                self._decide(job_id, job, "approve", times)
            elif job.status == "queued":
                self.claim(times)
            elif job.run is not None and job.steps:
                self._hear(job_id, job, GOES_WELL[job.run.node], [])

    @rule(copies=st.integers(1, 2), times=TIMES)
    def submit(self, copies: int, times: int) -> None:
        job_ids = self.do(self.bench.submit(copies, times))
        assert len(job_ids) == copies
        self.oracle.jobs |= {job_id: Job() for job_id in job_ids}

    @rule(number=PICK, action=st.sampled_from(sorted(DECISIONS)), times=TIMES)
    def decide(self, number: int, action: str, times: int) -> None:
        self._decide(*self.pick(number), action, times)

    def _decide(self, job_id: str, job: Job, action: str, times: int) -> None:
        is_taken = self.do(self.bench.decide(job_id, action, times))
        expected = self.oracle.approve(job) if action == "approve" else job.decide(action)
        assert is_taken is expected

    @rule(number=PICK, times=TIMES)
    def cancel(self, number: int, times: int) -> None:
        job_id, job = self.pick(number)
        assert self.do(self.bench.cancel(job_id, times)) is job.cancel()

    @precondition(lambda self: self.oracle.next_job())
    @rule(times=TIMES)
    def claim(self, times: int) -> None:
        assert self.do(self.bench.claim(times)) == self.oracle.claim()

    @precondition(has_steps)
    @rule(number=PICK, choice=PICK, again=AGAIN)
    def say(self, number: int, choice: int, again: list[int]) -> None:
        job_id, job = self.running(number)
        self._hear(job_id, job, job.steps[choice % len(job.steps)], again)

    def _hear(self, job_id: str, job: Job, step: str, again: list[int]) -> None:
        assert job.run is not None
        self.came_up.add((job.run.word, step))
        self.do(self.bench.say(job_id, step, again))
        job.hear(step)

    @precondition(lambda self: self.silent())
    @rule(number=PICK, word=st.sampled_from(["", *WORDS]), times=TIMES, is_back=st.booleans())
    def wait_too_long(self, number: int, word: str, times: int, *, is_back: bool) -> None:
        """The node is silent until it is too late; a person may put a word on the run at once.

        Then the node may be back, and say that it had started nothing.
        """
        silent = self.silent()
        job_id, job = silent[number % len(silent)]
        assert job.run is not None
        self.do(self.bench.pass_deadline(job_id, job.run.node))
        job.wait_too_long()
        if word:
            self._judge(job_id, job, word, times)
            if is_back and "released" in job.steps:
                self._hear(job_id, job, "released", [])

    @rule(number=PICK, outcome=st.sampled_from(WORDS), times=TIMES)
    def resolve(self, number: int, outcome: str, times: int) -> None:
        job_id, job = self.pick(number)
        if job.run is not None:
            self._judge(job_id, job, outcome, times)

    def _judge(self, job_id: str, job: Job, outcome: str, times: int) -> None:
        is_taken = self.do(self.bench.resolve(job_id, outcome, times))
        assert is_taken is job.resolve(outcome)

    @precondition(lambda self: self.judged())
    @rule(number=PICK, again=AGAIN)
    def say_that_nothing_began(self, number: int, again: list[int]) -> None:
        """The node is heard again, and had started nothing of what a person has ended."""
        judged = self.judged()
        job_id, job = judged[number % len(judged)]
        self._hear(job_id, job, "released", again)

    @invariant()
    def each_job_is_as_it_must_be(self) -> None:
        for job_id, job in self.oracle.jobs.items():
            seen = self.do(self.bench.look(job_id))
            assert seen["status"] == job.status, (job_id, job)
            assert self.do(self.bench.effects(job_id)) == job.effects, (job_id, job)
            is_open = job.run is not None and job.run.is_open
            assert self.do(self.bench.open_runs(job_id)) == is_open, (job_id, job)

    def teardown(self) -> None:
        try:
            self.do(self._compare_with_log())
        finally:
            self.do(self.stack.aclose())
            self.runner.close()

    async def _compare_with_log(self) -> None:
        """The log alone gives the runs as they are."""
        mine = {str(run.run_id) for run in self.bench.runs.values()}
        told = model_of(await rebuild(self.bench.connection, Waits()))["runs"]
        live = (await live_model(self.bench.connection))["runs"]
        for run_id in mine:
            assert digest(told[run_id]) == digest(live[run_id]), (told[run_id], live[run_id])


async def play(env: Mapping[str, str], examples: int, steps: int) -> None:
    """Play so many examples of so many steps; always the same ones."""
    came_up: set[tuple[str, str]] = set()
    machine = type("AnyOrderHere", (AnyOrder,), {"env": env, "came_up": came_up})
    await asyncio.to_thread(
        run_state_machine_as_test,
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert all(came_up & wanted for wanted in MUST_COME_UP), str(sorted(came_up))


async def test_I3_any_requests_in_any_order_have_one_effect_each(
    api_env: dict[str, str], api_process: ChildProcess
) -> None:
    await play(api_env, examples=10, steps=20)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_nor_do_many_more(api_env: dict[str, str], api_process: ChildProcess) -> None:
    await play(api_env, examples=24, steps=30)
