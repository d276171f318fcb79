"""Two nodes that nobody put out speak of one printer: its row is as its holder says."""

from random import Random
from uuid import UUID

import pytest
from sqlmodel import col, select

from contracts.events import AnyEvent, NodeGivenPrinter, PrinterBedChanged, PrinterOnline
from services.db.tables.bus import Outbox
from services.projector.projection import Waits
from services.projector.read_model import load_printers
from services.projector.rebuilding import rebuild
from services.registry.nodes import By, register_node
from services.registry.printers import register_printer
from tests.builders.events import given_event
from tests.builders.facts import NodeJournal
from tests.builders.rows import now
from tests.integration.projector.conftest import Projection
from tests.integration.projector.test_rebuild import renewed

SERIAL = "01S00C000000001"
OTHER = "other"


def bed(journal: NodeJournal, printer_id: UUID, bed_seq: int) -> PrinterBedChanged:
    """Return the journal's next fact: the bed is another one."""
    said = {"bed": "clear", "bed_seq": bed_seq, "by_run": None, "by_user": None, "reason": "seen"}
    return journal.fact(PrinterBedChanged, printer_id, **said)


async def shown(projection: Projection) -> tuple[str, int] | None:
    """Return whose word the printer's row is, and the number of its bed."""
    row = await projection.connection.fetchrow("SELECT node, bed_seq FROM printer_state")
    return None if row is None else (row["node"], row["bed_seq"])


async def give(projection: Projection, node: str) -> list[AnyEvent]:
    """Give the printer to a node, as an admin does; return what the relay would publish."""
    session = projection.shop.session
    await register_node(session, node, title=node, now=now(), by=By())
    await register_printer(session, serial=SERIAL, name="P", node=node, queue="main", now=now())
    await session.commit()
    rows = await session.exec(
        select(Outbox.body)
        .where(col(Outbox.subject) == f"node.given_printer.{node}")
        .order_by(col(Outbox.seq).desc())
        .limit(1)
    )
    return [NodeGivenPrinter.model_validate_json(rows.one())]


async def test_I17_who_holds_the_printer_is_not_overwritten(
    projection: Projection, database_url: str
) -> None:
    printer_id = await projection.shop.printer(SERIAL)
    bench, other = NodeJournal("bench"), NodeJournal(OTHER)
    await projection.take([bed(bench, printer_id, 5)])
    assert await shown(projection) == ("bench", 5)
    await projection.take(await give(projection, OTHER))
    assert await shown(projection) is None, "nobody has heard of it from its new node"
    await projection.take([bed(bench, printer_id, 6)])
    assert await shown(projection) is None
    await projection.take([bed(other, printer_id, 1)])
    assert await shown(projection) == (OTHER, 1)
    await projection.take([bed(bench, printer_id, 7), bed(other, printer_id, 2)])
    await projection.take([bench.fact(PrinterOnline, printer_id)])
    assert await shown(projection) == (OTHER, 2)
    assert (await renewed(database_url, is_check=True)).is_equal
    await projection.take(await give(projection, "bench"))
    assert await shown(projection) == ("bench", 7), "all that it said meanwhile is in the log"
    assert await projection.count("event_log") == 8
    assert await projection.count("dead_letter") == 0
    assert (await renewed(database_url, is_check=True)).is_equal


async def test_registering_again_changes_no_row(projection: Projection) -> None:
    printer_id = await projection.shop.printer(SERIAL)
    await projection.take([bed(NodeJournal("bench"), printer_id, 5)])
    await projection.take([bed(NodeJournal(OTHER), printer_id, 1)])
    (again,) = await give(projection, "bench")
    assert isinstance(again, NodeGivenPrinter)
    assert again.epoch == 1
    await projection.take([again])
    assert await shown(projection) == ("bench", 5)


async def test_I14_journals_mixed_in_a_batch_are_taken_in_turn(projection: Projection) -> None:
    """Also where a fact waits for one before it: then the other journal's is between them."""
    printer_id = await projection.shop.printer(SERIAL)
    old, new = NodeJournal("bench"), NodeJournal("bench")
    first, second, third = (bed(old, printer_id, number) for number in (1, 2, 3))
    await projection.take([first, bed(new, printer_id, 1), third, second])
    row = await projection.connection.fetchrow("SELECT journal_id, bed_seq FROM printer_state")
    assert tuple(row) == (old.journal_id, 3)
    rebuilt = await rebuild(projection.connection, Waits())
    assert rebuilt.printers == await load_printers(projection.connection, [printer_id])


@pytest.mark.parametrize("seed", range(8))
async def test_I14_log_alone_gives_the_row_whatever_the_order(
    projection: Projection, database_url: str, seed: int
) -> None:
    """Three journals of two nodes and two changes of hands, mixed, with gaps, in batches."""
    chance = Random(seed)
    printer_id = await projection.shop.printer(SERIAL)
    journals = [NodeJournal("bench"), NodeJournal(OTHER), NodeJournal(OTHER)]
    events: list[AnyEvent] = [
        bed(journal, printer_id, number) for journal in journals for number in range(1, 9)
    ]
    events += [given_event(printer_id, "bench", 1), given_event(printer_id, OTHER, 2)]
    chance.shuffle(events)
    while events:
        size = chance.randint(1, 6)
        await projection.take(events[:size])
        events = events[size:]
        rebuilt = await rebuild(projection.connection, Waits())
        assert rebuilt.printers == await load_printers(projection.connection, [printer_id])
    node, bed_seq = await shown(projection) or ("", 0)
    assert (node, bed_seq) == (OTHER, 8)
    assert (await renewed(database_url, is_check=True)).is_equal
