"""The fold of a run: pure, and the same whatever order and copies its events came in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import (
    AnyEvent,
    JobCancelled,
    JobFailed,
    RunOverdue,
    RunPaused,
    RunResumed,
)
from contracts.lifecycle import IllegalTransition, Resolution, RunState
from services.projector.projection import NotThisRun, RunView, Waits, fold_run
from services.projector.rebuilding import Logged, Rebuilt, fold_log
from tests.builders.events import claimed_event, resolved_event
from tests.builders.facts import START, NodeJournal, RunIds

WAITS = Waits()
RECEIVED = START + timedelta(hours=1)


def ids() -> RunIds:
    return RunIds(uuid4(), uuid4(), uuid4())


JOURNAL = uuid4()


def new_journal(**changes: Any) -> NodeJournal:
    return NodeJournal(**{"journal_id": JOURNAL, **changes})


def new_view(run: RunIds, *, releases_before: int = 0) -> RunView:
    return RunView(
        id=run.run_id,
        job_id=run.job_id,
        printer_id=run.printer_id,
        node="bench",
        journal_id=JOURNAL,
        releases_before=releases_before,
        estimate_s=600,
        deadline_at=RECEIVED + timedelta(minutes=10),
    )


def fold(view: RunView, events: Sequence[AnyEvent], at: datetime = RECEIVED) -> RunView:
    for event in events:
        view = fold_run(view, event, at, WAITS)
    return view


def overdue(run: RunIds, in_state: str) -> RunOverdue:
    return RunOverdue.model_validate(
        {
            "id": uuid4(),
            "occurred_at": START,
            "correlation_id": uuid4(),
            "job_id": run.job_id,
            "run_id": run.run_id,
            "in_state": in_state,
            "cause": "print_overdue",
            "reason": "too long",
        }
    )


class TestFacts:
    def test_paused_print_says_why_until_it_resumes(self) -> None:
        run, journal = ids(), new_journal()
        facts: list[AnyEvent] = [
            journal.transferring(run),
            journal.starting(run),
            journal.started(run),
            journal.run_fact(RunPaused, run, reason="runout", code="0700-8011"),
        ]
        paused = fold(new_view(run), facts)
        assert (paused.state, paused.reason, paused.code) == (
            RunState.PAUSED,
            "runout",
            "0700-8011",
        )
        resumed = fold(paused, [journal.run_fact(RunResumed, run)])
        assert (resumed.state, resumed.reason, resumed.code) == (RunState.PRINTING, None, None)
        assert resumed.deadline_at == paused.deadline_at

    def test_failed_print_says_why_and_what_to_do(self) -> None:
        run, journal = ids(), new_journal()
        failed = fold(
            new_view(run),
            [
                journal.transferring(run),
                journal.starting(run),
                journal.run_fact(JobFailed, run, reason="jam", code="0300-1", advice="clean it"),
            ],
        )
        assert (failed.state, failed.reason, failed.advice) == (RunState.FAILED, "jam", "clean it")
        assert failed.ended_at is not None

    def test_clock_of_the_node_never_runs_ahead_of_ours(self) -> None:
        run, journal = ids(), new_journal(clock=START + timedelta(days=400))
        done = fold(new_view(run), journal.whole_print(run))
        assert done.started_at == RECEIVED
        assert done.ended_at == RECEIVED

    def test_older_fact_changes_nothing(self) -> None:
        run, journal = ids(), new_journal()
        facts = journal.whole_print(run)
        done = fold(new_view(run), facts)
        assert fold(done, facts) == done

    def test_fact_that_does_not_fit_is_refused(self) -> None:
        run, journal = ids(), new_journal()
        with pytest.raises(IllegalTransition):
            fold(new_view(run), [journal.started(run)])

    def test_fact_of_another_node_is_refused(self) -> None:
        run = ids()
        with pytest.raises(NotThisRun):
            fold(new_view(run), [new_journal(node="other").transferring(run)])

    def test_I13_cancelled_run_can_not_be_revived(self) -> None:
        run, journal = ids(), new_journal()
        view = fold(
            new_view(run),
            [
                journal.transferring(run),
                journal.run_fact(JobCancelled, run, by=None, reason="asked for"),
            ],
        )
        assert view.state is RunState.CANCELLED
        with pytest.raises(IllegalTransition):
            fold(view, [journal.starting(run)])


class TestJournals:
    def test_restored_journal_is_heard_from_its_doubt_on(self) -> None:
        run, old = ids(), new_journal()
        view = fold(new_view(run), old.whole_print(run)[:5])
        restored = NodeJournal(run_seqs={run.run_id: 1})
        unheard = restored.starting(run)
        assert fold(view, [unheard]) == view
        view = fold(view, [restored.attention(run)])
        assert (view.state, view.journal_id) == (RunState.ATTENTION, restored.journal_id)
        assert fold(view, [old.done(run)]) == view
        assert fold(view, [restored.done(run)]).state is RunState.DONE


class TestReleases:
    @pytest.mark.parametrize(("before", "state"), [(0, "released"), (1, "released")])
    def test_first_two_go_back_to_the_queue(self, before: int, state: str) -> None:
        run, journal = ids(), new_journal()
        view = fold(
            new_view(run, releases_before=before),
            [journal.transferring(run), journal.released(run)],
        )
        assert view.state == state
        assert not view.printer_is_free

    def test_third_needs_a_person_and_leaves_the_printer_free(self) -> None:
        run, journal = ids(), new_journal()
        view = fold(
            new_view(run, releases_before=2), [journal.transferring(run), journal.released(run)]
        )
        assert view.state is RunState.ATTENTION
        assert view.printer_is_free
        assert fold(view, [resolved_event(run, "printing")]).state is RunState.ATTENTION
        assert fold(view, [resolved_event(run, "released")]).state is RunState.RELEASED


class TestDoubtAndWords:
    def test_deadline_of_a_state_that_is_over_changes_nothing(self) -> None:
        run, journal = ids(), new_journal()
        view = fold(new_view(run), [journal.transferring(run), journal.starting(run)])
        assert fold(view, [overdue(run, "transferring")]) == view

    def test_fact_ends_the_doubt_of_a_deadline(self) -> None:
        run, journal = ids(), new_journal()
        view = fold(
            new_view(run),
            [journal.transferring(run), journal.starting(run), overdue(run, "starting")],
        )
        assert (view.state, view.reason, view.deadline_at) == (
            RunState.ATTENTION,
            "too long",
            None,
        )
        view = fold(view, [journal.started(run)])
        assert (view.state, view.reason, view.cause) == (RunState.PRINTING, None, None)
        assert view.deadline_at is not None

    def test_fact_that_ends_the_run_wins_over_a_word(self) -> None:
        run, journal = ids(), new_journal()
        facts = journal.whole_print(run)
        view = fold(new_view(run), [*facts[:3], journal_attention(run, facts)])
        word = resolved_event(run, "failed")
        done = journal.done(run).model_copy(update={"run_seq": 99})
        assert fold(view, [word]).state is RunState.FAILED
        assert fold(view, [word, done]).state is RunState.DONE
        assert fold(view, [done, word]) == fold(view, [word, done])

    @pytest.mark.parametrize("outcome", ["done", "failed"])
    def test_I13_word_on_how_it_ended_is_not_undone_by_a_release(self, outcome: str) -> None:
        run, journal = ids(), new_journal()
        silent = fold(new_view(run), [journal.transferring(run), overdue(run, "transferring")])
        assert silent.state is RunState.ATTENTION
        word, released = resolved_event(run, outcome), journal.released(run)
        view = fold(silent, [word, released])
        assert (view.state, view.reason) == (RunState(outcome), "I looked")
        assert fold(silent, [released, word]) == view

    def test_word_to_try_again_is_what_a_release_says_too(self) -> None:
        run, journal = ids(), new_journal()
        silent = fold(new_view(run), [journal.transferring(run), overdue(run, "transferring")])
        word, released = resolved_event(run, "released"), journal.released(run)
        assert fold(silent, [word, released]) == fold(silent, [released, word])
        assert fold(silent, [word, released]).state is RunState.RELEASED

    def test_word_that_it_prints_holds_until_the_next_doubt(self) -> None:
        run, journal = ids(), new_journal()
        view = fold(
            new_view(run),
            [journal.transferring(run), journal.starting(run), journal.attention(run)],
        )
        view = fold(view, [resolved_event(run, "printing")])
        assert view.state is RunState.PRINTING
        assert view.deadline_at is not None
        assert fold(view, [overdue(run, "attention")]).state is RunState.ATTENTION
        view = fold(view, [journal.started(run), journal.attention(run)])
        assert view.state is RunState.ATTENTION

    @pytest.mark.parametrize("is_word_first", [True, False])
    def test_node_that_was_told_it_prints_goes_on_from_there(self, *, is_word_first: bool) -> None:
        run, journal = ids(), new_journal()
        doubtful: list[AnyEvent] = [journal.transferring(run), journal.starting(run)]
        view = fold(new_view(run), [*doubtful, journal.attention(run)])
        word = resolved_event(run, "printing")
        later: list[AnyEvent] = [
            journal.progress(run, 40),
            journal.run_fact(RunPaused, run, reason="runout", code=None),
        ]
        view = fold(view, [word, *later] if is_word_first else [*later, word])
        assert (view.state, view.percent, view.reason) == (RunState.PAUSED, 40, "runout")
        view = fold(view, [journal.run_fact(RunResumed, run), journal.attention(run)])
        assert view.state is RunState.ATTENTION

    def test_word_is_followed_before_the_start_was_seen(self) -> None:
        run, journal = ids(), new_journal()
        view = fold(
            new_view(run),
            [journal.transferring(run), journal.starting(run), overdue(run, "starting")],
        )
        view = fold(view, [resolved_event(run, "printing"), journal.progress(run, 12)])
        assert (view.state, view.percent) == (RunState.PRINTING, 12)
        view = fold(view, [journal.done(run)])
        assert view.state is RunState.DONE
        with pytest.raises(IllegalTransition):
            fold(view, [journal.progress(run, 50)])

    def test_first_final_word_stands(self) -> None:
        run, journal = ids(), new_journal()
        view = fold(new_view(run), [journal.transferring(run), journal.attention(run)])
        words = [resolved_event(run, "released"), resolved_event(run, "done")]
        assert fold(view, words).state is RunState.RELEASED


def journal_attention(run: RunIds, facts: Sequence[AnyEvent]) -> AnyEvent:
    return new_journal(run_seqs={run.run_id: len(facts)}).attention(run)


ENDINGS = st.sampled_from(["done", "failed", "cancelled", "released", "attention", "none"])


def last_fact(journal: NodeJournal, run: RunIds, ending: str) -> AnyEvent:
    match ending:
        case "done":
            return journal.done(run)
        case "attention":
            return journal.attention(run)
        case "failed":
            return journal.run_fact(JobFailed, run, reason="jam", code=None, advice=None)
        case _:
            return journal.run_fact(JobCancelled, run, by=None, reason="asked for")


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[AnyEvent], list[AnyEvent]]:
    """Draw a valid history of one run: its node's facts, and what services say meanwhile."""
    run, journal = ids(), new_journal()
    claimed = claimed_event(run, journal, releases_before=draw(st.integers(0, 3)))
    facts: list[AnyEvent] = [journal.transferring(run)]
    ending = draw(ENDINGS)
    if ending == "released":
        facts.append(journal.released(run))
    elif ending != "none":
        facts += [journal.starting(run), journal.started(run)]
        facts += [journal.progress(run, p) for p in draw(st.lists(st.integers(0, 100), max_size=4))]
        facts.append(last_fact(journal, run, ending))
    doubts = draw(st.lists(st.sampled_from(["transferring", "starting"]), max_size=2, unique=True))
    services: list[AnyEvent] = [claimed, *(overdue(run, state) for state in doubts)]
    return facts, services


def log_of(events: Sequence[AnyEvent]) -> list[Logged]:
    return [
        Logged(
            getattr(event, "journal_id", None) if is_fact(event) else None,
            getattr(event, "node_seq", None),
            RECEIVED,
            event,
        )
        for event in events
    ]


def is_fact(event: AnyEvent) -> bool:
    return getattr(event, "node_seq", None) is not None


def ended(rebuilt: Rebuilt) -> dict[UUID, RunView]:
    """Leave out when deadlines began: a moment, not an outcome."""
    return {run_id: replace(run, deadline_at=None) for run_id, run in rebuilt.runs.items()}


class TestAnyOrder:
    @given(history=histories(), data=st.data())
    def test_I13_permuted_and_repeated_facts_end_as_the_ordered_ones(
        self, history: tuple[list[AnyEvent], list[AnyEvent]], data: st.DataObject
    ) -> None:
        facts, services = history
        claimed = services[0]
        straight = fold_log(log_of([claimed, *facts]), {}, WAITS)
        copies = facts + data.draw(st.lists(st.sampled_from(facts), max_size=5))
        shuffled = data.draw(st.permutations([claimed, *copies]))
        assert fold_log(log_of(shuffled), {}, WAITS) == straight

    @given(history=histories(), data=st.data())
    def test_end_is_the_same_wherever_doubts_came_in(
        self, history: tuple[list[AnyEvent], list[AnyEvent]], data: st.DataObject
    ) -> None:
        facts, services = history
        if facts[-1].type == "run.transferring":
            facts = facts[:-1]
        ends_in_fact = fold_log(log_of([*services, *facts]), {}, WAITS)
        shuffled = data.draw(st.permutations([*services, *facts]))
        assert ended(fold_log(log_of(shuffled), {}, WAITS)) == ended(ends_in_fact)

    @given(outcome=st.sampled_from(Resolution), data=st.data())
    def test_word_and_facts_after_a_doubt_commute(
        self, outcome: Resolution, data: st.DataObject
    ) -> None:
        run, journal = ids(), new_journal()
        view = fold(
            new_view(run),
            [journal.transferring(run), journal.starting(run), journal.attention(run)],
        )
        facts: list[AnyEvent] = [journal.started(run), journal.progress(run, 7), journal.done(run)]
        facts = facts[: data.draw(st.integers(0, 3))]
        word = resolved_event(run, outcome.value)
        place = data.draw(st.integers(0, len(facts)))
        mixed = fold(view, [*facts[:place], word, *facts[place:]])
        word_first = fold(view, [word, *facts])
        assert replace(mixed, deadline_at=None) == replace(word_first, deadline_at=None)
