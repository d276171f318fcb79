"""Dead letters: kept whole, shown, taken again, dropped."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.events import JobProgress, event_bytes
from runtime.clock import SystemClock
from services.projector.projection import Waits
from services.projector.reading import Message
from services.projector.rebuilding import rebuild
from services.projector.replaying import replay_wanted
from tests.builders.events import claimed_event
from tests.builders.facts import BENCH_JOURNAL, NodeJournal, RunIds, message_of, messages_of
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.fixtures.processes import run_service, service_env
from tests.fixtures.streams import connected_node, fresh_streams
from tests.integration.projector.conftest import Projection
from tests.integration.provision.command_line import Layerline


async def letter_of(projection: Projection) -> dict[str, object]:
    (row,) = await projection.connection.fetch("SELECT * FROM dead_letter")
    return dict(row)


async def ask(projection: Projection) -> UUID:
    """Have the only letter tried again; return its id."""
    letter_id = (await letter_of(projection))["id"]
    await projection.connection.execute("UPDATE dead_letter SET replay_asked_at = now()")
    assert await replay_wanted(projection.connection, SystemClock(), Waits()) == 1
    assert isinstance(letter_id, UUID)
    return letter_id


class TestReplay:
    async def test_what_still_can_not_be_read_is_refused_with_todays_reason(
        self, projection: Projection
    ) -> None:
        await projection.take_messages([Message("edge.bench.job.progress", b"\xff")])
        await projection.connection.execute("UPDATE dead_letter SET reason = 'long ago'")
        await ask(projection)
        row = await letter_of(projection)
        assert (row["resolved_at"], row["replay_asked_at"]) == (None, None)
        assert "JSON" in str(row["reason"])
        assert row["replayed_at"] is not None

    async def test_what_a_later_program_can_read_gets_its_place_in_the_log(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        fact = NodeJournal(journal_id=BENCH_JOURNAL).transferring(claimed)
        message = message_of(fact)
        await projection.take_messages([Message(message.subject, b"{")])
        await projection.connection.execute("UPDATE dead_letter SET body = $1", message.body)
        await ask(projection)
        row = await letter_of(projection)
        assert row["resolution"] == "replayed"
        assert (await projection.run(claimed))["state"] == "transferring"

    async def test_fact_with_a_place_in_the_log_is_folded_there_and_not_at_the_end(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        run = await projection.run(claimed)
        claim = claimed_event(claimed, journal)
        await projection.take([claim.model_copy(update={"deadline_at": run["deadline_at"]})])
        first, starting, started, progress, *rest = journal.whole_print(claimed)
        unread = Message(
            message_of(started).subject,
            message_of(started).body.replace(b'"run_seq":3', b'"run_seq":"three"'),
        )
        await projection.take([first, starting])
        await projection.take_messages([unread])
        await projection.take([progress])
        reasons = await projection.connection.fetch("SELECT reason FROM dead_letter")
        assert len(reasons) == 2, "one can't be read, the next does not fit without it"
        await projection.connection.execute(
            "UPDATE event_log SET body = $2 WHERE event_id = $1",
            started.id,
            started.model_dump(mode="json"),
        )
        await projection.connection.execute(
            "UPDATE dead_letter SET replay_asked_at = now(), "
            "body = CASE WHEN subject LIKE '%started' THEN $1 ELSE body END",
            message_of(started).body,
        )
        assert await replay_wanted(projection.connection, SystemClock(), Waits()) == 2
        settled = await projection.connection.fetch("SELECT resolution FROM dead_letter")
        assert [row[0] for row in settled] == ["replayed", "replayed"]
        assert (await projection.run(claimed))["state"] == "printing"
        await projection.take(rest)
        live = (await projection.run(claimed))["state"]
        rebuilt = await rebuild(projection.connection, Waits())
        assert (live, rebuilt.runs[claimed.run_id].state) == ("done", "done")

    async def test_fact_that_never_fitted_is_refused_again(
        self, projection: Projection, claimed: RunIds
    ) -> None:
        journal = NodeJournal(journal_id=BENCH_JOURNAL)
        await projection.take([claimed_event(claimed, journal), journal.progress(claimed, 3)])
        await projection.take(journal.whole_print(claimed))
        await ask(projection)
        row = await letter_of(projection)
        assert row["resolution"] is None
        assert "job.progress is not possible" in str(row["reason"])
        assert (await projection.run(claimed))["state"] == "done"


async def test_I16_bad_bodies_one_in_ten_block_nothing_and_none_vanishes(
    projection: Projection, claimed: RunIds
) -> None:
    journal = NodeJournal(journal_id=BENCH_JOURNAL)
    messages, bad = [], 0
    for number, fact in enumerate(journal.whole_print(claimed, range(101))):
        if number % 10 == 0:
            bad += 1
            messages.append(Message("edge.bench.job.progress", bytes([255, number, 0, 7])))
        if number % 25 == 24 and isinstance(fact, JobProgress):
            bad += 1
            body = event_bytes(fact).replace(b'"percent":', b'"percent":1000')
            messages.append(Message("edge.bench.job.progress", body))
        messages.append(message_of(fact))
    for start in range(0, len(messages), 17):
        await projection.take_messages(messages[start : start + 17])
    # A copy with bad details takes the place of its fact; the last percents are told anyway.
    assert (await projection.run(claimed))["state"] == "done"
    assert await projection.count("dead_letter") == bad
    assert await projection.watermark(journal.journal_id) == journal.node_seq


@pytest.fixture
def layerline(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Layerline:
    monkeypatch.setenv("LAYERLINE_DATABASE_URL", database_url)
    return Layerline(capsys)


class TestCommandLine:
    async def test_listed_shown_dropped(self, projection: Projection, layerline: Layerline) -> None:
        body = b'{"type": "printer.sneezed"}'
        await projection.take_messages([Message("edge.bench.printer.sneezed", body)] * 3)
        letter_id = str((await letter_of(projection))["id"])
        listed = await asyncio.to_thread(layerline, "dead-letters", "list")
        assert letter_id in listed.stdout
        assert "x3" in listed.stdout
        assert listed.stdout.splitlines()[-1] == "1 open"
        shown = await asyncio.to_thread(layerline, "dead-letters", "show", letter_id)
        assert '"type": "printer.sneezed"' in shown.stdout
        dropped = await asyncio.to_thread(layerline, "dead-letters", "drop", letter_id)
        assert (dropped.returncode, dropped.stdout) == (0, f"{letter_id} dropped\n")
        again = await asyncio.to_thread(layerline, "dead-letters", "drop", letter_id)
        assert (again.returncode, "dropped already" in again.stderr) == (2, True)
        listed = await asyncio.to_thread(layerline, "dead-letters", "list")
        assert listed.stdout == "no dead letters\n"
        kept = await letter_of(projection)
        assert (kept["resolution"], kept["body"]) == ("dropped", body)
        trail = await projection.connection.fetch("SELECT action, thing_id FROM audit")
        assert [tuple(row) for row in trail] == [("letter.drop", letter_id)]

    async def test_I16_running_projector_takes_what_is_replayed(
        self,
        broker: Broker,
        database_url: str,
        projection: Projection,
        claimed: RunIds,
        layerline: Layerline,
        tmp_path: Path,
    ) -> None:
        bad, *others = messages_of(NodeJournal(journal_id=BENCH_JOURNAL).whole_print(claimed))
        env = service_env("projector", database_url, broker)

        async def has_letter() -> bool:
            return await projection.count("dead_letter") == 1

        async def is_done() -> bool:
            return bool((await projection.run(claimed))["state"] == "done")

        async with fresh_streams(broker), run_service("projector", env, tmp_path):
            async with connected_node(broker, "bench") as node:
                await node.jetstream().publish(bad.subject, b"{")
                await eventually(has_letter)
                for message in others:
                    await node.jetstream().publish(message.subject, message.body)
            letter_id = str((await letter_of(projection))["id"])
            await projection.connection.execute("UPDATE dead_letter SET body = $1", bad.body)
            answer = await asyncio.to_thread(layerline, "dead-letters", "replay", letter_id)
            assert answer.stdout == f"{letter_id} replayed, accepted\n"
            await eventually(is_done)
        assert (await letter_of(projection))["resolution"] == "replayed"

    async def test_unknown_one_is_told(self, layerline: Layerline) -> None:
        answer = await asyncio.to_thread(layerline, "dead-letters", "show", str(uuid4()))
        assert answer.returncode == 2
        assert "no such letter" in answer.stderr
