"""Two nodes that hold the same printer: the one that was given it gets jobs, the other none."""

import asyncio
from uuid import UUID, uuid4

import pytest

from contracts.rpc import RefusalCode, Refused, RunOffer
from services.db.tables.machines import Printer
from services.registry.errors import RegistryError
from services.registry.nodes import By, register_node
from services.registry.printers import register_printer
from tests.builders.rows import now
from tests.integration.dispatch.conftest import Desk

NEW = "new-pi"


async def give_away(desk: Desk, printer_id: UUID) -> int:
    """Give the printer to another node, as an admin does; return its epoch."""
    async with desk.sessions() as session, session.begin():
        await register_node(session, NEW, title=NEW, now=now(), by=By())
        printer = await session.get_one(Printer, printer_id)
        moved = await register_printer(
            session,
            serial=printer.serial,
            name=printer.name,
            node=NEW,
            queue=printer.queue,
            now=now(),
        )
        return moved.epoch


async def test_I17_node_that_lost_its_printer_gets_no_job_and_the_new_one_does(desk: Desk) -> None:
    printer = await desk.shop.printer()
    job = await desk.shop.job()
    assert await give_away(desk, printer) == 2
    for epoch in (0, 1, 2, 3):  # also when it guesses
        answer = await desk.claim(printer, printer_epoch=epoch)
        assert isinstance(answer, Refused), answer
    stale = await desk.claim(printer, node=NEW, printer_epoch=1, journal_id=uuid4())
    assert isinstance(stale, Refused)
    assert (stale.code, stale.printer_epoch) == (RefusalCode.STALE_EPOCH, 2)
    offer = await desk.offer(printer, node=NEW, printer_epoch=2, journal_id=uuid4())
    assert offer.spec.job_id == job


async def test_I6_both_asking_at_once_start_one_run(desk: Desk) -> None:
    printer = await desk.shop.printer()
    await desk.shop.job()
    await give_away(desk, printer)
    answers = await asyncio.gather(
        *(desk.claim(printer, printer_epoch=epoch) for epoch in (1, 2)),
        desk.claim(printer, node=NEW, printer_epoch=2, journal_id=uuid4()),
    )
    assert [isinstance(answer, RunOffer) for answer in answers] == [False, False, True]
    assert await desk.connection.fetchval("SELECT count(*) FROM run") == 1


async def test_printer_is_not_given_away_under_a_run(desk: Desk) -> None:
    printer = await desk.shop.printer()
    await desk.shop.job()
    await desk.offer(printer)
    with pytest.raises(RegistryError, match="unresolved run"):
        await give_away(desk, printer)
