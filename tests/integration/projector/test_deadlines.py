"""Deadlines that pass become events; and the log alone gives the live tables again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.events import PrinterAnnounced, PrinterOnline, RunOverdue
from contracts.lifecycle import Resolution
from runtime.clock import SystemClock
from services.projector.deadlines import tell_overdue
from services.projector.projection import Waits
from services.projector.read_model import load_printers, load_runs, next_deadline
from services.projector.rebuilding import rebuild
from tests.builders.events import claimed_event, resolved_event
from tests.builders.facts import BENCH_JOURNAL, NodeJournal, RunIds
from tests.builders.rows import LOADED
from tests.integration.projector.conftest import Projection


class LateClock(SystemClock):
    """The same clock, some time later."""

    def __init__(self, later: timedelta) -> None:
        self._later = later

    def now(self) -> datetime:
        return datetime.now(UTC) + self._later


async def tell(projection: Projection, later: timedelta) -> int:
    return await tell_overdue(projection.connection, LateClock(later), Waits())


class TestDeadlines:
    async def test_nothing_is_told_before_its_time(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        assert await tell(projection, timedelta(minutes=9)) == 0
        deadline = await next_deadline(projection.connection)
        assert deadline == (await projection.run(claimed))["deadline_at"]

    async def test_I20_transfer_that_takes_too_long_needs_a_person(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        await projection.take([NodeJournal(journal_id=BENCH_JOURNAL).transferring(claimed)])
        assert await tell(projection, timedelta(minutes=11)) == 1
        row = await projection.run(claimed)
        assert (row["state"], row["cause"]) == ("attention", "transfer_overdue")
        assert await tell(projection, timedelta(days=9)) == 0
        logged = await projection.connection.fetchval(
            "SELECT count(*) FROM event_log WHERE type = 'run.overdue'"
        )
        assert logged == 1

    @pytest.mark.parametrize(
        ("steps", "too_early", "too_late", "cause"),
        [
            (2, timedelta(seconds=325), timedelta(seconds=335), "start_not_seen"),
            (3, timedelta(hours=24, minutes=19), timedelta(hours=24, minutes=21), "print_overdue"),
        ],
    )
    async def test_I20_start_and_print_have_their_time(
        self,
        projection: Projection,
        claimed: RunIds,
        steps: int,
        too_early: timedelta,
        too_late: timedelta,
        cause: str,
    ) -> None:
        await projection.take(NodeJournal(journal_id=BENCH_JOURNAL).whole_print(claimed)[:steps])
        assert await tell(projection, too_early) == 0
        assert await tell(projection, too_late) == 1
        row = await projection.run(claimed)
        assert (row["state"], row["cause"]) == ("attention", cause)

    async def test_print_that_was_overdue_can_still_end_well(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        facts = NodeJournal(journal_id=BENCH_JOURNAL).whole_print(claimed)
        await projection.take(facts[:3])
        await tell(projection, timedelta(days=2))
        await projection.take(facts[3:])
        assert (await projection.run(claimed))["state"] == "done"


class TestForgotten:
    """A node that lost its journal does not tell how the print ends that is going on."""

    async def test_I22_print_of_a_lost_journal_needs_a_person_at_once(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        lost, new = NodeJournal(journal_id=BENCH_JOURNAL), NodeJournal()
        await projection.take(lost.whole_print(claimed)[:3])
        await projection.take([lost.fact(PrinterOnline, claimed.printer_id)])
        assert await tell(projection, timedelta()) == 0
        outcome = await projection.take([new.fact(PrinterOnline, claimed.printer_id)])
        assert outcome.wakes_watch
        assert await tell(projection, timedelta()) == 1
        row = await projection.run(claimed)
        assert (row["state"], row["cause"]) == ("attention", "run_unknown_to_node")
        assert await tell(projection, timedelta()) == 0

    async def test_I22_word_that_came_too_late_is_asked_for_again(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        lost, new = NodeJournal(journal_id=BENCH_JOURNAL), NodeJournal()
        await projection.take(lost.whole_print(claimed)[:3])
        await projection.take([new.fact(PrinterOnline, claimed.printer_id)])
        assert await tell(projection, timedelta()) == 1
        await projection.take([resolved_event(claimed, Resolution.PRINTING)])
        assert (await projection.run(claimed))["state"] == "printing"
        assert await tell(projection, timedelta()) == 1
        assert (await projection.run(claimed))["state"] == "attention"

    async def test_I22_restored_journal_that_knows_the_run_speaks_for_itself(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        lost, restored = NodeJournal(journal_id=BENCH_JOURNAL), NodeJournal()
        await projection.take(lost.whole_print(claimed)[:3])
        await projection.take(
            [
                restored.attention(claimed, "run_unknown_to_node"),
                restored.fact(PrinterOnline, claimed.printer_id),
            ]
        )
        assert await tell(projection, timedelta()) == 0

    async def test_node_that_has_not_got_the_printer_asks_for_nobody(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        lost, strange = NodeJournal(journal_id=BENCH_JOURNAL), NodeJournal(node="other")
        await projection.take(lost.whole_print(claimed)[:3])
        await projection.take([strange.fact(PrinterOnline, claimed.printer_id)])
        assert await tell(projection, timedelta()) == 0


class TestRebuild:
    async def test_I14_log_alone_gives_the_live_rows(self, projection: Projection) -> None:
        shop = projection.shop
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        runs = [
            await shop.run(
                await shop.printer(f"01S00C00000000{number}"),
                await shop.job(),
                releases_before=number,
            )
            for number in range(4)
        ]
        for number, run in enumerate(runs):
            deadline = (await projection.run(run))["deadline_at"]
            event = claimed_event(run, journal, releases_before=number)
            await projection.take([event.model_copy(update={"deadline_at": deadline})])
        await _live_a_while(projection, journal, runs)
        rebuilt = await rebuild(projection.connection, Waits())
        connection = projection.connection
        assert rebuilt.runs == await load_runs(connection, [run.run_id for run in runs])
        printers = await load_printers(connection, [run.printer_id for run in runs])
        assert rebuilt.printers == printers
        marks: list[Any] = await connection.fetch("SELECT * FROM edge_watermark")
        assert rebuilt.watermarks == {m["journal_id"]: m["contiguous_seq"] for m in marks}


async def _live_a_while(projection: Projection, journal: NodeJournal, runs: list[RunIds]) -> None:
    """Let four runs end in four ways, with gaps, copies, doubts and another journal."""
    done, silent, released, started = runs
    first = journal.whole_print(done, range(0, 101, 10))
    await projection.take([*first[:2], *first[5:], *first[:3]])
    await projection.take([journal.transferring(silent)])
    await projection.take([journal.transferring(released), journal.released(released)])
    await projection.take(first[2:5])
    announced = {"serial": "01S", "name": "P1S", "firmware": None, "loaded": LOADED}
    other = NodeJournal(node="bench")
    await projection.take(
        [
            journal.fact(PrinterAnnounced, done.printer_id, **announced),
            journal.transferring(started),
            journal.starting(started),
            other.fact(PrinterOnline, done.printer_id),
            journal.started(started),
        ]
    )
    await projection.take([journal.fact(PrinterOnline, done.printer_id)])
    assert await tell(projection, timedelta(minutes=11)) == 1
    overdue = await projection.connection.fetchval(
        "SELECT run_id FROM event_log WHERE type = $1",
        RunOverdue.model_fields["type"].default,
    )
    assert overdue == silent.run_id
