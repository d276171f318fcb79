"""Batches into the log and the read model, on a real Postgres."""

import asyncio
from uuid import uuid4

from contracts.events import (
    AnyEvent,
    CommandRefused,
    JobProgress,
    PrinterAnnounced,
    PrinterBedChanged,
    PrinterOnline,
    event_bytes,
)
from contracts.ids import JournalId, fact_id_of
from services.db.channels import EVENTS, QUEUE
from services.projector.reading import Message
from tests.builders.events import resolved_event
from tests.builders.facts import BENCH_JOURNAL, NodeJournal, RunIds, message_of, messages_of
from tests.builders.rows import LOADED
from tests.integration.projector.conftest import Projection


class TestRuns:
    async def test_whole_print_is_done(self, projection: Projection, claimed: RunIds) -> None:
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        await projection.take(journal.whole_print(claimed))
        run = await projection.run(claimed)
        assert (run["state"], run["percent"], run["run_seq"]) == ("done", 100, 7)
        assert run["started_at"] is not None
        assert run["ended_at"] is not None
        assert run["deadline_at"] is None
        assert await projection.watermark(journal.journal_id) == 7
        assert await projection.count("event_log") == 7
        assert await projection.count("dead_letter") == 0

    async def test_same_batch_again_changes_nothing(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        facts = NodeJournal(journal_id=BENCH_JOURNAL).whole_print(claimed)
        await projection.take(facts)
        before = await projection.run(claimed)
        await projection.take([*facts, *facts])
        assert await projection.run(claimed) == before
        assert await projection.count("event_log") == len(facts)

    async def test_fact_behind_a_gap_waits_for_those_before_it(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        first, second, third, *rest = journal.whole_print(claimed)
        await projection.take([first, third, *rest])
        assert (await projection.run(claimed))["state"] == "transferring"
        assert await projection.watermark(journal.journal_id) == 1
        await projection.take([second])
        assert (await projection.run(claimed))["state"] == "done"
        assert await projection.watermark(journal.journal_id) == 7

    async def test_gaps_of_several_journals_are_filled_at_once(
        self, projection: Projection
    ) -> None:
        journals = [NodeJournal(node=f"node{number}") for number in range(3)]
        facts = {
            each.node: [each.transferring(RunIds(uuid4(), uuid4(), uuid4())) for _ in range(4)]
            for each in journals
        }
        await projection.take([fact for _, *later in facts.values() for fact in later[:-1]])
        assert [await projection.watermark(each.journal_id) for each in journals] == [0, 0, 0]
        await projection.take([facts["node0"][0], facts["node1"][0], facts["node2"][3]])
        assert [await projection.watermark(each.journal_id) for each in journals] == [3, 3, 0]

    async def test_fact_that_does_not_fit_is_kept_aside_and_blocks_nothing(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        unfit = journal.progress(claimed, 3)
        facts = journal.whole_print(claimed)
        await projection.take([unfit, *facts])
        assert (await projection.run(claimed))["state"] == "done"
        reason = await projection.connection.fetchval("SELECT reason FROM dead_letter")
        assert "job.progress is not possible" in reason

    async def test_fact_of_an_unknown_run_is_kept_aside(self, projection: Projection) -> None:
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        await projection.take([journal.transferring(RunIds(uuid4(), uuid4(), uuid4()))])
        assert await projection.watermark(journal.journal_id) == 1
        assert await projection.count("dead_letter") == 1

    async def test_release_wakes_the_queue(self, projection: Projection, claimed: RunIds) -> None:
        heard: list[tuple[str, str]] = []
        for channel in (EVENTS, QUEUE):
            await projection.connection.add_listener(
                channel, lambda _, __, name, payload: heard.append((name, payload))
            )
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        await projection.take([journal.transferring(claimed), journal.released(claimed)])
        await projection.connection.execute("SELECT 1")
        await asyncio.sleep(0)
        last = await projection.connection.fetchval("SELECT max(gseq) FROM event_log")
        assert heard == [(EVENTS, str(last)), (QUEUE, "")]
        assert (await projection.run(claimed))["state"] == "released"

    async def test_third_release_needs_a_person_but_frees_the_printer(
        self, projection: Projection
    ) -> None:
        shop = projection.shop
        run = await shop.run(await shop.printer(), await shop.job(), releases_before=2)
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        await projection.take([journal.transferring(run), journal.released(run)])
        row = await projection.run(run)
        assert (row["state"], row["cause"]) == ("attention", "released_too_often")
        assert row["printer_is_free"]

    async def test_persons_word_ends_doubt(self, projection: Projection, claimed: RunIds) -> None:
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        doubtful: list[AnyEvent] = [
            journal.transferring(claimed),
            journal.starting(claimed),
            journal.attention(claimed),
        ]
        await projection.take(doubtful)
        assert (await projection.run(claimed))["state"] == "attention"
        await projection.take([resolved_event(claimed, "failed")])
        row = await projection.run(claimed)
        assert (row["state"], row["reason"]) == ("failed", "I looked")


class TestBadMessages:
    async def test_I16_one_bad_body_in_ten_harms_no_other(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        facts = journal.whole_print(claimed, range(101))
        messages: list[Message] = []
        for number, message in enumerate(messages_of(facts)):
            if number % 10 == 0:
                messages.append(Message("edge.bench.job.progress", b"\xff not json %d" % number))
            messages.append(message)
        outcome = await projection.take_messages(messages)
        assert (await projection.run(claimed))["state"] == "done"
        assert outcome.dead == len(messages) - len(facts)
        assert await projection.count("dead_letter") == outcome.dead
        assert await projection.watermark(journal.journal_id) == len(facts)

    async def test_unknown_type_keeps_its_place_in_the_journal(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        newer = journal.fact(PrinterOnline, claimed.printer_id)
        body = event_bytes(newer).replace(b"printer.online", b"printer.sneezed")
        await projection.take_messages([Message("edge.bench.printer.sneezed", body)])
        await projection.take([journal.transferring(claimed)])
        assert (await projection.run(claimed))["state"] == "transferring"
        assert await projection.watermark(journal.journal_id) == 2
        assert await projection.count("dead_letter") == 1

    async def test_node_can_not_speak_for_another(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        honest = NodeJournal(journal_id=BENCH_JOURNAL)
        await projection.take([honest.transferring(claimed)])
        forged = honest.starting(claimed)
        stranger = NodeJournal(node="other")
        lies = [
            Message("edge.other.run.starting", event_bytes(forged)),
            message_of(forged.model_copy(update={"node": "other"})),
            message_of(stranger.run_fact(type(forged), claimed, sid=1)),
        ]
        await projection.take_messages(lies)
        assert (await projection.run(claimed))["state"] == "transferring"
        assert await projection.count("dead_letter") == 3
        await projection.take([forged])
        assert (await projection.run(claimed))["state"] == "starting"

    async def test_node_can_not_decide_for_people(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        word = resolved_event(claimed, "done")
        await projection.take_messages([Message("edge.bench.run.resolved", event_bytes(word))])
        assert (await projection.run(claimed))["state"] == "claimed"
        assert await projection.count("dead_letter") == 1

    async def test_I16_value_that_the_database_refuses_takes_only_itself_down(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        facts = journal.whole_print(claimed)
        huge = journal.fact(PrinterOnline, claimed.printer_id)
        too_large = JobProgress.model_construct(
            **{**dict(facts[4]), "node_seq": huge.node_seq, "id": huge.id, "layer": 2**40}
        )
        body = event_bytes(too_large).replace(b'"run_seq":5', b'"run_seq":99999999999')
        nul = event_bytes(facts[0]).replace(b'"bench"', b'"ben\\u0000ch"')
        messages = [
            Message("edge.bench.run.transferring", nul),
            *messages_of(facts[1:]),
            Message("edge.bench.job.progress", body),
        ]
        await projection.take_messages(messages)
        assert (await projection.run(claimed))["state"] == "done"
        assert await projection.watermark(journal.journal_id) == len(facts)
        assert await projection.count("dead_letter") == 1


class TestPrintersAndCommands:
    async def test_printer_is_as_its_node_says(self, projection: Projection) -> None:
        printer_id = await projection.shop.printer()
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        announced = {"serial": "01S", "name": "P1S", "firmware": "01.08", "loaded": LOADED}
        await projection.take(
            [
                _bed(journal, printer_id, "unknown", 1),
                journal.fact(PrinterAnnounced, printer_id, **announced),
                journal.fact(PrinterOnline, printer_id),
                _bed(journal, printer_id, "clear", 2),
            ]
        )
        row = await projection.connection.fetchrow("SELECT * FROM printer_state")
        assert (row["serial"], row["is_online"], row["bed"], row["bed_seq"]) == (
            "01S",
            True,
            "clear",
            2,
        )
        assert row["loaded"] == LOADED

    async def test_new_journal_knows_nothing_of_the_old_ones_bed(
        self, projection: Projection
    ) -> None:
        printer_id = await projection.shop.printer()
        old, new = NodeJournal(), NodeJournal()
        await projection.take([_bed(old, printer_id, "clear", 7)])
        await projection.take([_bed(new, printer_id, "unknown", 1)])
        row = await projection.connection.fetchrow("SELECT * FROM printer_state")
        assert (row["journal_id"], row["bed"], row["bed_seq"]) == (new.journal_id, "unknown", 1)
        await projection.take([old.fact(PrinterOnline, printer_id)])
        row = await projection.connection.fetchrow("SELECT * FROM printer_state")
        assert (row["journal_id"], row["bed"], row["bed_seq"]) == (old.journal_id, "clear", 7)

    async def test_answer_stands_beside_its_command(self, projection: Projection) -> None:
        printer_id = await projection.shop.printer()
        journal, command_id = NodeJournal(journal_id=BENCH_JOURNAL), uuid4()
        await projection.connection.execute(
            "INSERT INTO command (id, node, journal_id, printer_id, kind, by, correlation_id, "
            "issued_at) VALUES ($1, 'bench', $2, $3, 'light', $4, $5, now())",
            command_id,
            journal.journal_id,
            printer_id,
            projection.shop.owner_id,
            uuid4(),
        )
        refused = {"command_id": command_id, "code": "expired", "reason": "too late"}
        await projection.take([journal.fact(CommandRefused, printer_id, **refused)])
        row = await projection.connection.fetchrow("SELECT * FROM command")
        assert (row["answer"], row["answer_reason"]) == ("refused", "too late")
        assert row["answered_at"] is not None


def _bed(journal: NodeJournal, printer_id: object, bed: str, bed_seq: int) -> PrinterBedChanged:
    return journal.fact(
        PrinterBedChanged,
        printer_id,  # type: ignore[arg-type]
        bed=bed,
        bed_seq=bed_seq,
        by_run=None,
        by_user=None,
        reason="seen",
    )


def test_facts_of_builders_have_the_ids_of_their_place() -> None:
    journal = NodeJournal(journal_id=BENCH_JOURNAL)
    fact = journal.fact(PrinterOnline, uuid4())
    assert fact.id == fact_id_of(JournalId(journal.journal_id), 1)
