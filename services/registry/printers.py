"""The command side of printers; the one writer of their table."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.events import NodeGivenPrinter
from contracts.ids import CorrelationId, EventId, PrinterId, printer_id_of
from contracts.lifecycle import UNRESOLVED_RUN_STATES
from services.db import outbox
from services.db.tables.machines import Node, Printer, Run
from services.db.tables.work import Queue
from services.registry.errors import RegistryError, UnknownPrinter
from services.registry.nodes import COMMAND_LINE, By, note, tell_warden


async def register_printer(
    session: AsyncSession,
    *,
    serial: str,
    name: str,
    node: str,
    queue: str,
    now: datetime,
    by: By = COMMAND_LINE,
) -> Printer:
    """Put the printer with this serial into a queue, in the hands of a node.

    Giving it to another node raises its epoch, and is refused while a run on it is unresolved.
    Who holds it is told each time, so that the log knows it of printers of long ago too.
    """
    await _must_exist(session, node, queue)
    printer_id = printer_id_of(serial)
    printer = await session.get(Printer, printer_id, with_for_update=True)
    if printer is None:
        printer = Printer(
            id=printer_id,
            serial=serial.strip().upper(),
            name=name,
            node=node,
            queue=queue,
            epoch=1,
            is_enabled=True,
            created_at=now,
        )
    elif printer.node != node:
        await _must_be_free(session, printer)
        printer.node, printer.epoch = node, printer.epoch + 1
    printer.name, printer.queue = name, queue
    session.add(printer)
    event = _given(printer, now=now, by=by)
    await outbox.add_event(session, event)
    await note(
        session,
        "printer.register",
        str(printer_id),
        now=now,
        by=by,
        thing="printer",
        detail=f"node {node}, queue {queue}, epoch {printer.epoch}",
        correlation_id=event.correlation_id,
    )
    await tell_warden(session)
    return printer


async def place_printer(
    session: AsyncSession, printer_id: UUID, *, name: str, queue: str, is_enabled: bool
) -> None:
    """Name a printer, put it into a queue, take it out of service or back; its node stays."""
    printer = await session.get(Printer, printer_id, with_for_update=True)
    if printer is None:
        raise UnknownPrinter("There is no such printer.")
    await _must_be_queue(session, queue)
    printer.name, printer.queue, printer.is_enabled = name, queue, is_enabled
    session.add(printer)
    await tell_warden(session)


async def queues_of_node(session: AsyncSession, node: str) -> tuple[str, ...]:
    """Return the queues that the node's printers serve, in order."""
    rows = await session.exec(
        select(Printer.queue).where(Printer.node == node).distinct().order_by(Printer.queue)
    )
    return tuple(rows)


def _given(printer: Printer, *, now: datetime, by: By) -> NodeGivenPrinter:
    return NodeGivenPrinter(
        id=EventId(uuid4()),
        occurred_at=now,
        correlation_id=CorrelationId(uuid4()),
        node=printer.node,
        printer_id=PrinterId(printer.id),
        epoch=printer.epoch,
        by=by.user_id,
    )


async def _must_exist(session: AsyncSession, node: str, queue: str) -> None:
    known = await session.get(Node, node)
    if known is None or known.revoked_at is not None:
        raise RegistryError(f"There is no node {node!r}: add it first.")
    await _must_be_queue(session, queue)


async def _must_be_queue(session: AsyncSession, queue: str) -> None:
    if await session.get(Queue, queue) is None:
        raise RegistryError(f"There is no queue {queue!r}.")


async def _must_be_free(session: AsyncSession, printer: Printer) -> None:
    unresolved = await session.exec(
        select(Run.id).where(
            Run.printer_id == printer.id,
            text("state = ANY(:states)").bindparams(
                states=[state.value for state in UNRESOLVED_RUN_STATES]
            ),
        )
    )
    run_id: UUID | None = unresolved.first()
    if run_id is not None:
        raise RegistryError(
            f"{printer.name} has an unresolved run on node {printer.node!r}: "
            "let it end or decide it, then move the printer."
        )
