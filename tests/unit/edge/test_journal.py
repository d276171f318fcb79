"""The journal: gapless facts, one transaction a change, nothing forgotten by a restart."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.commands import Command, CommandKind
from contracts.events import (
    AttentionCause,
    PrinterOffline,
    PrinterOnline,
    PrinterStateChanged,
    RunAttention,
    parse_event,
)
from contracts.ids import ClaimId, CommandId, CorrelationId, JournalId, RunId, UserId, fact_id_of
from contracts.lifecycle import BedState, IllegalTransition, RunState, RunStep
from edge.evidence import preimage_of
from edge.journal.journal import NodeJournal
from edge.journal.ledger import JournalInUse
from edge.records import BootMoment, ClaimRecord, Draft, RunRecord
from tests.unit.edge.builders import NOON, PRINTER, SERIAL, FakeClock, fault, offer, report

AT = BootMoment("boot-1", 1000.0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[NodeJournal]:
    """A journal that knows one printer."""
    opened = NodeJournal(tmp_path, "node-a", FakeClock())
    opened.printers.add(PRINTER, SERIAL)
    yield opened
    opened.close()


def command(kind: CommandKind, run_id: RunId | None = None) -> Command:
    return Command(
        id=CommandId(uuid4()),
        kind=kind,
        node="node-a",
        journal_id=JournalId(uuid4()),
        printer_id=PRINTER,
        run_id=run_id,
        bed_seq=None,
        value=None,
        by=UserId(uuid4()),
        issued_at=NOON,
        expires_at=None,
        correlation_id=CorrelationId(uuid4()),
    )


def accepted(journal: NodeJournal, sid: int = 77) -> RunRecord:
    return journal.runs.accept(PRINTER, offer(sid), AT)


def printing(journal: NodeJournal) -> RunRecord:
    run = accepted(journal)
    journal.runs.step(run.run_id, RunStep.TRANSFER, size_bytes=10)
    journal.runs.intend(run.run_id, preimage_of(report()), AT)
    return journal.runs.step(run.run_id, RunStep.START)


def types(journal: NodeJournal) -> list[str]:
    return [fact.type for fact in journal.facts_after(0, 1000)]


class TestFacts:
    def test_they_are_numbered_without_gaps_and_named_by_journal_and_number(
        self, journal: NodeJournal
    ) -> None:
        printing(journal)
        facts = journal.facts_after(0, 1000)
        assert [fact.node_seq for fact in facts] == list(range(1, journal.last_seq + 1))
        for fact in facts:
            event = parse_event(fact.body)
            assert event.id == fact.event_id == fact_id_of(journal.journal_id, fact.node_seq)
            assert event.type == fact.type

    def test_I12_a_change_that_fails_leaves_no_gap(self, journal: NodeJournal) -> None:
        run = accepted(journal)
        before = journal.last_seq
        with pytest.raises(IllegalTransition):
            journal.runs.step(run.run_id, RunStep.START)
        with pytest.raises(IllegalTransition):
            self._transfer_twice(journal, run.run_id)
        assert journal.last_seq == before
        assert journal.runs.get(run.run_id).state is RunState.CLAIMED
        journal.runs.step(run.run_id, RunStep.TRANSFER, size_bytes=10)
        assert journal.last_seq == before + 1

    def _transfer_twice(self, journal: NodeJournal, run_id: RunId) -> None:
        with journal.transaction():
            journal.runs.step(run_id, RunStep.TRANSFER, size_bytes=10)
            journal.runs.step(run_id, RunStep.TRANSFER, size_bytes=10)

    def test_the_publisher_is_woken_after_the_commit(self, journal: NodeJournal) -> None:
        seen: list[int] = []
        journal.on_fact(lambda: seen.append(len(journal.facts_after(0, 100))))
        journal.printers.note(PRINTER, Draft(PrinterOnline, {}))
        assert seen == [2]

    def test_old_confirmed_ones_are_forgotten_and_numbers_go_on(self, tmp_path: Path) -> None:
        clock = FakeClock()
        journal = NodeJournal(tmp_path, "node-a", clock)
        assert journal.confirm(0)
        journal.printers.add(PRINTER, SERIAL)
        journal.printers.note(PRINTER, Draft(PrinterOnline, {}))
        clock.wall = clock.wall.replace(year=2027)
        journal.printers.note(PRINTER, Draft(PrinterOffline, {"reason": "x"}))
        assert journal.confirm(2)
        assert [fact.node_seq for fact in journal.facts_after(0, 10)] == [3]
        assert journal.confirm(3)
        assert journal.last_seq == 3
        journal.close()


class TestOpening:
    def test_a_second_process_is_turned_away(self, journal: NodeJournal, tmp_path: Path) -> None:
        with pytest.raises(JournalInUse):
            NodeJournal(tmp_path, "node-a", FakeClock())

    def test_what_is_on_the_disk_is_synced_and_survives(self, tmp_path: Path) -> None:
        first = NodeJournal(tmp_path, "node-a", FakeClock())
        first.printers.add(PRINTER, SERIAL)
        run = printing(first)
        journal_id, last_seq = first.journal_id, first.last_seq
        first.close()

        second = NodeJournal(tmp_path, "node-a", FakeClock())
        second.printers.add(PRINTER, SERIAL)
        assert (second.journal_id, second.last_seq) == (journal_id, last_seq)
        assert second.runs.unresolved(PRINTER) == second.runs.get(run.run_id) == run
        second.close()

    def test_each_commit_is_flushed_to_the_disk(self, journal: NodeJournal) -> None:
        row = journal._ledger.row("PRAGMA synchronous")
        assert row is not None
        assert row[0] == 2
        mode = journal._ledger.row("PRAGMA journal_mode")
        assert mode is not None
        assert mode[0] == "wal"


class TestNotes:
    def test_the_same_is_said_once(self, journal: NodeJournal) -> None:
        state = Draft(PrinterStateChanged, {"activity": "idle", "detail": None, "code": None})
        assert journal.printers.note(PRINTER, state)
        assert not journal.printers.note(PRINTER, state)

    def test_offline_for_another_reason_is_no_news(self, journal: NodeJournal) -> None:
        assert journal.printers.note(PRINTER, Draft(PrinterOffline, {"reason": "a"}))
        assert not journal.printers.note(PRINTER, Draft(PrinterOffline, {"reason": "b"}))
        assert journal.printers.note(PRINTER, Draft(PrinterOnline, {}))
        assert journal.printers.note(PRINTER, Draft(PrinterOffline, {"reason": "a"}))


class TestBed:
    def test_a_new_printer_has_an_unknown_bed_and_says_so(self, journal: NodeJournal) -> None:
        assert journal.printers.bed(PRINTER).state is BedState.UNKNOWN
        assert journal.printers.bed(PRINTER).bed_seq == 1
        assert types(journal) == ["printer.bed_changed"]

    def test_I23_intent_uses_it_up_in_the_same_transaction(self, journal: NodeJournal) -> None:
        journal.printers.set_bed(PRINTER, BedState.CLEAR, reason="x")
        run = printing(journal)
        bed = journal.printers.bed(PRINTER)
        assert (bed.state, bed.bed_seq, bed.by_run) == (BedState.OCCUPIED, 3, run.run_id)

    def test_clear_remembers_what_it_was(self, journal: NodeJournal) -> None:
        journal.printers.set_bed(PRINTER, BedState.OCCUPIED, reason="x")
        assert (
            journal.printers.set_bed(PRINTER, BedState.CLEAR, reason="x").before_clear
            is BedState.OCCUPIED
        )

    def test_only_the_last_print_met_is_known(self, journal: NodeJournal) -> None:
        journal.printers.meet_print(PRINTER, "vase", "0")
        assert journal.printers.knows_print(PRINTER, "vase", "0")
        assert not journal.printers.knows_print(PRINTER, "vase", "9")
        printing(journal)
        for task_id in ("77", "0"):
            assert journal.printers.knows_print(PRINTER, "layerline-77", task_id)
        assert not journal.printers.knows_print(PRINTER, "vase", "0")


class TestRuns:
    def test_a_claim_lives_until_its_answer(self, journal: NodeJournal) -> None:
        claim = ClaimRecord(ClaimId(uuid4()), AT)
        journal.runs.begin_claim(PRINTER, claim)
        assert journal.runs.open_claim(PRINTER) == claim
        run = accepted(journal)
        assert journal.runs.open_claim(PRINTER) is None
        assert journal.runs.unresolved(PRINTER) == run

    def test_the_preimage_comes_back_as_it_was(self, journal: NodeJournal) -> None:
        before = preimage_of(report(subtask_name="old", faults=(fault(50348044),)))
        run = accepted(journal)
        journal.runs.step(run.run_id, RunStep.TRANSFER, size_bytes=10)
        assert journal.runs.intend(run.run_id, before, AT).preimage == before

    def test_faults_are_latched_once(self, journal: NodeJournal) -> None:
        run = printing(journal)
        first, second = fault(50348044), fault(83902467)
        journal.runs.latch(run.run_id, (first,))
        journal.runs.latch(run.run_id, (second, first))
        assert journal.runs.latched(run.run_id) == (first, second)

    def test_run_seq_rises_with_each_fact_of_the_run(self, journal: NodeJournal) -> None:
        run = printing(journal)
        journal.runs.step(
            run.run_id, RunStep.PROGRESS, percent=5, layer=1, total_layers=9, minutes_left=3
        )
        bodies = [json.loads(fact.body) for fact in journal.facts_after(0, 100)]
        assert [b["run_seq"] for b in bodies if "run_seq" in b] == [1, 2, 3, 4]
        assert journal.runs.get(run.run_id).percent == 5

    def test_resolving_follows_the_persons_word_without_a_fact(self, journal: NodeJournal) -> None:
        run = printing(journal)
        journal.runs.step(
            run.run_id, RunStep.DOUBT, cause=AttentionCause.PRINTER_FORGOT, reason="x"
        )
        before = journal.last_seq
        journal.runs.resolve(run.run_id, RunState.DONE)
        assert journal.runs.unresolved(PRINTER) is None
        assert journal.last_seq == before


class TestCommands:
    def test_I4_a_repeated_one_is_known(self, journal: NodeJournal) -> None:
        wish = command(CommandKind.LIGHT)
        assert journal.commands.receive(wish)
        assert not journal.commands.receive(wish)
        assert journal.commands.unanswered(PRINTER) == (wish,)

    def test_it_is_answered_once(self, journal: NodeJournal) -> None:
        wish = command(CommandKind.LIGHT)
        journal.commands.receive(wish)
        journal.commands.done(wish)
        journal.commands.refuse(wish, "late", "x")
        assert types(journal)[-1] == "command.done"
        assert types(journal).count("command.refused") == 0
        assert journal.commands.unanswered(PRINTER) == ()

    def test_I19_a_cancel_may_come_before_its_run(self, journal: NodeJournal) -> None:
        run_offer = offer()
        wish = command(CommandKind.CANCEL, run_offer.run_id)
        journal.commands.receive(wish)
        journal.commands.want_cancel(wish)
        run = journal.runs.accept(PRINTER, run_offer, AT)
        found = journal.commands.cancel_wish(run.run_id)
        assert found is not None
        assert found.by == wish.by

    @pytest.mark.parametrize(
        ("step", "fields", "answer"),
        [
            (RunStep.CANCEL, {"by": None, "reason": "x"}, "command.done"),
            (RunStep.FINISH, {"duration_s": 1.0}, "command.refused"),
            (RunStep.FAIL, {"reason": "x", "code": None, "advice": None}, "command.refused"),
        ],
    )
    def test_the_end_of_the_run_answers_it(
        self, journal: NodeJournal, step: RunStep, fields: dict[str, object], answer: str
    ) -> None:
        run = printing(journal)
        wish = command(CommandKind.CANCEL, run.run_id)
        journal.commands.receive(wish)
        journal.commands.want_cancel(wish)
        journal.runs.step(run.run_id, step, **fields)
        assert types(journal)[-2:] == [step.value, answer]


class TestFiles:
    def test_I11_a_file_is_protected_until_its_run_ends(self, journal: NodeJournal) -> None:
        run = printing(journal)
        name = run.identity.file_name
        journal.files.remember(PRINTER, name, run.run_id)
        assert journal.files.is_protected(PRINTER, name)
        assert journal.files.to_delete(PRINTER) == ()
        journal.runs.step(run.run_id, RunStep.FINISH, duration_s=None)
        assert not journal.files.is_protected(PRINTER, name)
        assert journal.files.to_delete(PRINTER) == (name,)
        journal.files.forget(PRINTER, name)
        assert journal.files.to_delete(PRINTER) == ()


class TestRenewal:
    def test_an_old_copy_becomes_a_new_journal(self, journal: NodeJournal) -> None:
        run = printing(journal)
        journal.runs.begin_claim(PRINTER, ClaimRecord(ClaimId(uuid4()), AT))
        old_id, last = journal.journal_id, journal.last_seq

        assert not journal.confirm(last + 1)

        assert journal.journal_id != old_id
        doubtful = journal.runs.get(run.run_id)
        assert doubtful.state is RunState.ATTENTION
        assert doubtful.run_seq > run.run_seq + 1000
        assert journal.runs.open_claim(PRINTER) is None
        assert journal.printers.bed(PRINTER).state is BedState.UNKNOWN
        facts = journal.facts_after(0, 100)
        assert [fact.node_seq for fact in facts] == [1, 2]
        attention = parse_event(facts[0].body)
        assert isinstance(attention, RunAttention)
        assert attention.cause is AttentionCause.RUN_UNKNOWN_TO_NODE
        assert attention.journal_id == journal.journal_id
        assert journal.confirm(2)

    def test_what_an_old_copy_wrote_before_the_first_answer_hides_nothing(
        self, tmp_path: Path
    ) -> None:
        first = NodeJournal(tmp_path, "node-a", FakeClock())
        first.printers.add(PRINTER, SERIAL)
        printing(first)
        lost = first.last_seq + 1
        first.close()

        copy = NodeJournal(tmp_path, "node-a", FakeClock())
        old_id = copy.journal_id
        copy.printers.note(PRINTER, Draft(PrinterOnline, {}))
        assert copy.last_seq >= lost

        assert not copy.confirm(lost)
        assert copy.journal_id != old_id
        copy.close()

    def test_the_epoch_only_rises(self, journal: NodeJournal) -> None:
        assert journal.printers.epoch(PRINTER) == 0
        journal.printers.adopt_epoch(PRINTER, 3)
        journal.printers.adopt_epoch(PRINTER, 2)
        assert journal.printers.epoch(PRINTER) == 3


def test_a_database_that_cannot_be_written_stops_the_change(tmp_path: Path) -> None:
    journal = NodeJournal(tmp_path, "node-a", FakeClock())
    journal._ledger._db.execute("PRAGMA query_only = ON")
    with pytest.raises(sqlite3.OperationalError):
        journal.printers.add(PRINTER, SERIAL)
    journal.close()
