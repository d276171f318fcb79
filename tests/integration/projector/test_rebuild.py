"""`layerline rebuild`: the log alone gives the live tables, also while events arrive."""

import asyncio
import json

import asyncpg
import pytest

from services.projector.projection import Waits
from services.projector.shadow import SCHEMA, Renewal, renew
from tests.builders.events import claimed_event
from tests.builders.facts import BENCH_JOURNAL, NodeJournal, RunIds
from tests.integration.projector.conftest import Projection
from tests.integration.provision.command_line import Layerline


async def renewed(database_url: str, *, is_check: bool = False) -> Renewal:
    """Rebuild on a connection of its own, as the command does."""
    connection = await asyncpg.connect(database_url)
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )
    try:
        return await renew(connection, Waits(), is_check=is_check)
    finally:
        await connection.close()


async def claim(projection: Projection, journal: NodeJournal, number: int) -> RunIds:
    """Return a run whose claim is in the log."""
    shop = projection.shop
    run = await shop.run(await shop.printer(f"01S00C0000000{number:02}"), await shop.job())
    event = claimed_event(run, journal)
    deadline_at = (await projection.run(run))["deadline_at"]
    await projection.take([event.model_copy(update={"deadline_at": deadline_at})])
    return run


async def test_I14_log_alone_gives_the_live_tables_while_events_arrive(
    projection: Projection, database_url: str
) -> None:
    journal = NodeJournal(journal_id=BENCH_JOURNAL)
    runs = [await claim(projection, journal, number) for number in range(8)]
    facts = [fact for run in runs for fact in journal.whole_print(run, range(101))]

    async def live() -> None:
        for start in range(0, len(facts), 23):
            await projection.take(facts[start : start + 23])
            await asyncio.sleep(0)

    living = asyncio.create_task(live())
    renewals = []
    while not living.done():
        renewals.append(await renewed(database_url, is_check=True))
    await living
    renewals.append(await renewed(database_url, is_check=True))
    assert [each.is_equal for each in renewals] == [True] * len(renewals)
    assert len({each.tables[0].log_hash for each in renewals}) > 1, "it never met live events"
    assert renewals[-1].tables[0].rows == len(runs)
    assert renewals[-1].left_out == 0


async def test_I14_tampered_tables_are_found_and_put_right(
    projection: Projection, database_url: str
) -> None:
    journal = NodeJournal(journal_id=BENCH_JOURNAL)
    run = await claim(projection, journal, 1)
    await projection.take(journal.whole_print(run)[:5])
    before = await projection.run(run)
    await projection.connection.execute("UPDATE run SET state = 'failed', percent = 3")
    await projection.connection.execute("UPDATE edge_watermark SET contiguous_seq = 99")
    found = await renewed(database_url, is_check=True)
    assert [table.is_equal for table in found.tables] == [False, True, False]
    assert not found.is_swapped
    assert (await projection.run(run))["state"] == "failed"
    assert (await renewed(database_url)).is_swapped
    assert await projection.run(run) == before
    assert (await renewed(database_url, is_check=True)).is_equal
    await projection.take(journal.whole_print(run)[5:])
    shadows = await projection.connection.fetchval(
        "SELECT count(*) FROM pg_namespace WHERE nspname = $1", SCHEMA
    )
    assert shadows == 0


async def test_run_whose_claim_is_not_in_the_log_yet_is_left_alone(
    projection: Projection, database_url: str, claimed: RunIds
) -> None:
    await projection.take([NodeJournal(journal_id=BENCH_JOURNAL).transferring(claimed)])
    renewal = await renewed(database_url)
    assert (renewal.is_equal, renewal.left_out) == (True, 1)
    assert (await projection.run(claimed))["state"] == "transferring"


async def test_command_says_what_it_found(
    projection: Projection,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LAYERLINE_DATABASE_URL", database_url)
    run = await claim(projection, NodeJournal(journal_id=BENCH_JOURNAL), 1)
    await projection.connection.execute("UPDATE run SET percent = 50 WHERE id = $1", run.run_id)
    layerline = Layerline(capsys)
    check = await asyncio.to_thread(layerline, "rebuild", "--check")
    assert (check.returncode, "DIFFERENT" in check.stdout) == (1, True)
    swapped = await asyncio.to_thread(layerline, "rebuild")
    assert (swapped.returncode, "now are what the log says" in swapped.stdout) == (0, True)
    check = await asyncio.to_thread(layerline, "rebuild", "--check")
    assert (check.returncode, check.stdout.count("equal")) == (0, 3)
