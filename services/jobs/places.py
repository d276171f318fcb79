"""Where a claim is made, and whether its printer may make one."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import String, Uuid, select
from sqlmodel import col

from contracts.rpc import ClaimRequest, RefusalCode
from services.db.database import Transaction
from services.db.prepared import Prepared, slot
from services.db.tables.machines import Node, Printer
from services.db.tables.shop import Shop
from services.db.tables.work import Queue
from services.jobs.shop import THE_ONE, ShopSettings


@dataclass(frozen=True)
class ClaimRefused:
    """The claim can't be answered with a run or without one."""

    code: RefusalCode
    reason: str
    printer_epoch: int | None = None


class ClaimingPrinter(NamedTuple):
    """The printer that a claim is made for."""

    id: UUID
    node: str
    epoch: int
    queue: str
    is_enabled: bool


@dataclass(frozen=True)
class Place:
    """Where a claim is made: a printer, whether its queue is held, what is set for the shop."""

    printer: ClaimingPrinter
    is_held: bool
    shop: ShopSettings


async def place_of(transaction: Transaction, request: ClaimRequest) -> Place | ClaimRefused:
    """Return where the claim is made, its printer locked: claims for one printer take turns."""
    found = await transaction.fetchrow(_printer(), id=request.printer_id)
    printer = None if found is None else ClaimingPrinter(*found.values())
    if printer is None or not printer.is_enabled:
        return ClaimRefused(
            RefusalCode.UNKNOWN_PRINTER, "No queue has this printer yet: an admin adds it to one."
        )
    if printer.node != request.node:
        return ClaimRefused(
            RefusalCode.NOT_YOUR_PRINTER, f"This printer belongs to node {printer.node}."
        )
    around = await transaction.fetchrow(_surroundings(), node=printer.node, queue=printer.queue)
    if around is None:
        raise LookupError(f"no node {printer.node}")  # its printer names it
    revoked_at, is_held, shop = around.values()
    if revoked_at is not None:
        return ClaimRefused(RefusalCode.NOT_YOUR_PRINTER, "This node was revoked. Enrol it again.")
    # 0 is a journal that was not told yet: it gets the epoch with the answer.
    if request.printer_epoch not in {0, printer.epoch}:
        return ClaimRefused(
            RefusalCode.STALE_EPOCH,
            f"The printer's epoch is {printer.epoch} by now.",
            printer.epoch,
        )
    settings = ShopSettings() if shop is None else ShopSettings.model_validate(shop)
    return Place(printer, is_held, settings)


@cache
def _printer() -> Prepared:
    """Return the select that locks a printer."""
    columns = (getattr(Printer, name) for name in ClaimingPrinter._fields)
    this = col(Printer.id) == slot("id", Uuid())
    return Prepared(select(*columns).where(this).with_for_update())


@cache
def _surroundings() -> Prepared:
    """Return the select of when a node was revoked, a queue's hold and the shop's settings."""
    return Prepared(
        select(col(Node.revoked_at), col(Queue.is_held), col(Shop.content))
        .select_from(Node)
        .join(Queue, col(Queue.name) == slot("queue", String()))
        .outerjoin(Shop, col(Shop.id) == THE_ONE)
        .where(col(Node.name) == slot("node", String()))
    )
