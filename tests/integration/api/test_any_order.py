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


class AnyOrder(RuleBasedStateMachine):
    """People and a node at work; after each step every job is compared."""

    env: Mapping[str, str]

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
        """Return one of the jobs whose node has more to say; they come first."""
        jobs = [item for item in self.oracle.jobs.items() if self._steps(item[1])]
        return jobs[number % len(jobs)]

    @staticmethod
    def _steps(job: Job) -> tuple[str, ...]:
        run = job.run
        if run is None or run.word == "released":
            return ()
        if run.node == "attention" and run.word == "printing":
            return STEPS["printing"]
        return STEPS.get(run.node, ())

    def has_steps(self) -> bool:
        """Tell whether the node has anything to say."""
        return any(self._steps(job) for job in self.oracle.jobs.values())

    @initialize(copies=st.integers(1, 3), times=TIMES)
    def begin(self, copies: int, times: int) -> None:
        """Have something to decide on."""
        self.submit(copies, times)

    @rule(copies=st.integers(1, 2), times=TIMES)
    def submit(self, copies: int, times: int) -> None:
        job_ids = self.do(self.bench.submit(copies, times))
        assert len(job_ids) == copies
        self.oracle.jobs |= {job_id: Job() for job_id in job_ids}

    @rule(number=PICK, action=st.sampled_from(sorted(DECISIONS)), times=TIMES)
    def decide(self, number: int, action: str, times: int) -> None:
        job_id, job = self.pick(number)
        is_taken = self.do(self.bench.decide(job_id, action, times))
        expected = self.oracle.approve(job) if action == "approve" else job.decide(action)
        assert is_taken is expected

    @rule(number=PICK, times=TIMES)
    def approve(self, number: int, times: int) -> None:
        self.decide(number, "approve", times)

    @rule(number=PICK, times=TIMES)
    def cancel(self, number: int, times: int) -> None:
        job_id, job = self.pick(number)
        assert self.do(self.bench.cancel(job_id, times)) is job.cancel()

    @rule(times=TIMES)
    def claim(self, times: int) -> None:
        assert self.do(self.bench.claim(times)) == self.oracle.claim()

    @precondition(has_steps)
    @rule(number=PICK, choice=PICK, again=AGAIN)
    def say(self, number: int, choice: int, again: list[int]) -> None:
        job_id, job = self.running(number)
        steps = self._steps(job)
        step = steps[choice % len(steps)]
        self.do(self.bench.say(job_id, step, again))
        job.hear(step)

    @precondition(has_steps)
    @rule(number=PICK)
    def wait_too_long(self, number: int) -> None:
        job_id, job = self.running(number)
        if job.run is not None and job.run.node in WITH_DEADLINE:
            self.do(self.bench.pass_deadline(job_id, job.run.node))
            job.wait_too_long()

    @rule(
        number=PICK,
        outcome=st.sampled_from(["printing", "done", "failed", "released"]),
        times=TIMES,
    )
    def resolve(self, number: int, outcome: str, times: int) -> None:
        job_id, job = self.pick(number)
        if job.run is not None:
            is_taken = self.do(self.bench.resolve(job_id, outcome, times))
            assert is_taken is job.resolve(outcome)

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
    machine = type("AnyOrderHere", (AnyOrder,), {"env": env})
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


async def test_I3_any_requests_in_any_order_have_one_effect_each(
    api_env: dict[str, str], api_process: ChildProcess
) -> None:
    await play(api_env, examples=4, steps=20)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_nor_do_many_more(api_env: dict[str, str], api_process: ChildProcess) -> None:
    await play(api_env, examples=30, steps=40)
