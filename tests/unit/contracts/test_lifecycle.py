"""The state machines: what is legal, what people see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.lifecycle import (
    JOB_TRANSITIONS,
    TERMINAL_RUN_STATES,
    IllegalTransition,
    JobAction,
    JobState,
    RunState,
    RunStep,
    Status,
    advance_job,
    advance_run,
    job_actions,
    sources_of,
    status_of,
)


class TestAdvanceRun:
    @pytest.mark.parametrize("state", sorted(TERMINAL_RUN_STATES))
    @pytest.mark.parametrize("step", list(RunStep))
    def test_a_terminal_state_is_left_by_nothing(self, state: RunState, step: RunStep) -> None:
        with pytest.raises(IllegalTransition):
            advance_run(state, step)

    def test_an_ordinary_run_ends_in_done(self) -> None:
        state = RunState.CLAIMED
        for step in (
            RunStep.TRANSFER,
            RunStep.INTEND,
            RunStep.START,
            RunStep.PROGRESS,
            RunStep.PAUSE,
            RunStep.PROGRESS,
            RunStep.RESUME,
            RunStep.PROGRESS,
            RunStep.FINISH,
        ):
            state = advance_run(state, step)
        assert state is RunState.DONE

    def test_nothing_is_released_once_intent_is_on_disk(self) -> None:
        for state in (RunState.STARTING, RunState.PRINTING, RunState.PAUSED, RunState.ATTENTION):
            with pytest.raises(IllegalTransition):
                advance_run(state, RunStep.RELEASE)

    @given(st.lists(st.sampled_from(list(RunStep)), max_size=20))
    def test_any_steps_end_in_a_known_state(self, steps: list[RunStep]) -> None:
        state = RunState.CLAIMED
        started = False
        for step in steps:
            try:
                state = advance_run(state, step)
            except IllegalTransition:
                continue
            started |= step is RunStep.START
        if state is RunState.RELEASED:
            assert not started
        if state is RunState.DONE:
            assert started or RunStep.DOUBT in steps


class TestAdvanceJob:
    @pytest.mark.parametrize(
        ("state", "action", "expected"),
        [
            (JobState.SUBMITTED, JobAction.APPROVE, JobState.QUEUED),
            (JobState.SUBMITTED, JobAction.REJECT, JobState.REJECTED),
            (JobState.QUEUED, JobAction.TAKE_BACK_APPROVAL, JobState.SUBMITTED),
            (JobState.RETURNED, JobAction.RESUBMIT, JobState.SUBMITTED),
        ],
    )
    def test_legal_decisions(self, state: JobState, action: JobAction, expected: JobState) -> None:
        assert advance_job(state, action) is expected

    @pytest.mark.parametrize("state", [JobState.REJECTED, JobState.WITHDRAWN, JobState.CANCELLED])
    @pytest.mark.parametrize("action", list(JobAction))
    def test_a_final_decision_stays(self, state: JobState, action: JobAction) -> None:
        with pytest.raises(IllegalTransition):
            advance_job(state, action)

    def test_sources_are_the_condition_of_the_update(self) -> None:
        assert sources_of(JobAction.WITHDRAW) == {
            JobState.SUBMITTED,
            JobState.RETURNED,
            JobState.QUEUED,
        }


class TestStatusOf:
    @pytest.mark.parametrize("job", [state for state in JobState if state is not JobState.QUEUED])
    @pytest.mark.parametrize("run", [None, RunState.RELEASED])
    def test_a_decision_is_seen_at_once(self, job: JobState, run: RunState | None) -> None:
        assert status_of(job, run) == job.value

    @pytest.mark.parametrize("run", list(RunState))
    def test_cancelled_is_never_said_before_it_is_a_fact(self, run: RunState) -> None:
        seen = status_of(JobState.QUEUED, run, cancel_requested=True)
        assert (seen is Status.CANCELLED) == (run is RunState.CANCELLED)

    def test_a_released_run_leaves_the_job_in_the_queue(self) -> None:
        assert status_of(JobState.QUEUED, RunState.RELEASED) is Status.QUEUED

    @pytest.mark.parametrize(
        "run", [RunState.CLAIMED, RunState.TRANSFERRING, RunState.STARTING, RunState.PAUSED]
    )
    def test_preparing_is_seen_as_printing(self, run: RunState) -> None:
        assert status_of(JobState.QUEUED, run) is Status.PRINTING
        assert status_of(JobState.QUEUED, run, cancel_requested=True) is Status.CANCELLING


class TestJobActions:
    @pytest.mark.parametrize("state", list(JobState))
    def test_without_a_run_the_table_decides(self, state: JobState) -> None:
        assert job_actions(state, None) == {a for s, a in JOB_TRANSITIONS if s is state}

    def test_with_a_run_only_cancel_is_open_and_only_once(self) -> None:
        printing = (JobState.QUEUED, RunState.PRINTING)
        assert job_actions(*printing) == {JobAction.CANCEL}
        assert job_actions(*printing, cancel_requested=True) == frozenset()
        assert job_actions(JobState.QUEUED, RunState.DONE) == frozenset()
