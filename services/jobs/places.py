"""Where a claim is made, and whether its printer may make one."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import String, Uuid, exists, select
from sqlmodel import col

from contracts.rpc import ClaimRequest, RefusalCode
from services.db.database import Row, Transaction
from services.db.prepared import Prepared, slot
from services.db.tables.bus import EdgeWatermark
from services.db.tables.machines import Node, Printer, Run
from services.db.tables.shop import Shop
from services.db.tables.work import Queue
from services.jobs.shop import THE_ONE, ShopSettings
from services.jobs.status_sql import unresolved


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


@dataclass(frozen=True)
class Met:
    """What a claim meets: what is known of it, of its journal and of its printer."""

    place: Place | ClaimRefused
    has_run: bool
    """The claim has a run already."""
    printer_has_run: bool
    """The printer has an unresolved one."""
    watermark: int
    """How much of the node's journal is in the log."""


async def place_of(transaction: Transaction, request: ClaimRequest) -> Met:
    """Return what the claim meets, its printer locked: claims for one printer take turns."""
    found = await transaction.fetchrow(_printer(), id=request.printer_id)
    printer = None if found is None else ClaimingPrinter(*found.values())
    # A statement of its own: it sees what whoever had the lock before has committed.
    around = await transaction.fetchrow(
        _surroundings(),
        claim_id=request.claim_id,
        journal_id=request.journal_id,
        printer_id=request.printer_id,
        node=request.node,
        queue="" if printer is None else printer.queue,
    )
    if around is None:
        raise LookupError("a row of constants is always there")
    return Met(
        _place(request, printer, around),
        around["has_run"],
        around["printer_has_run"],
        around["watermark"] or 0,
    )


def _place(
    request: ClaimRequest, printer: ClaimingPrinter | None, around: Row
) -> Place | ClaimRefused:
    if printer is None or not printer.is_enabled:
        return ClaimRefused(
            RefusalCode.UNKNOWN_PRINTER, "No queue has this printer yet: an admin adds it to one."
        )
    if printer.node != request.node:
        return ClaimRefused(
            RefusalCode.NOT_YOUR_PRINTER, f"This printer belongs to node {printer.node}."
        )
    if around["revoked_at"] is not None:
        return ClaimRefused(RefusalCode.NOT_YOUR_PRINTER, "This node was revoked. Enrol it again.")
    # 0 is a journal that was not told yet: it gets the epoch with the answer.
    if request.printer_epoch not in {0, printer.epoch}:
        return ClaimRefused(
            RefusalCode.STALE_EPOCH,
            f"The printer's epoch is {printer.epoch} by now.",
            printer.epoch,
        )
    return Place(printer, around["is_held"], ShopSettings.model_validate(around["shop"] or {}))


@cache
def _printer() -> Prepared:
    """Return the select that locks a printer."""
    columns = (getattr(Printer, name) for name in ClaimingPrinter._fields)
    this = col(Printer.id) == slot("id", Uuid())
    return Prepared(select(*columns).where(this).with_for_update())


@cache
def _surroundings() -> Prepared:
    """Return the question for all that a claim meets but its printer."""
    of_claim = exists().where(col(Run.claim_id) == slot("claim_id", Uuid()))
    of_printer = exists().where(col(Run.printer_id) == slot("printer_id", Uuid()), unresolved())
    of_journal = col(EdgeWatermark.journal_id) == slot("journal_id", Uuid())
    this_node = col(Node.name) == slot("node", String())
    this_queue = col(Queue.name) == slot("queue", String())
    single = {
        "watermark": select(col(EdgeWatermark.contiguous_seq)).where(of_journal),
        "revoked_at": select(col(Node.revoked_at)).where(this_node),
        "is_held": select(col(Queue.is_held)).where(this_queue),
        "shop": select(col(Shop.content)).where(col(Shop.id) == THE_ONE),
    }
    return Prepared(
        select(
            of_claim.label("has_run"),
            of_printer.label("printer_has_run"),
            *(each.scalar_subquery().label(name) for name, each in single.items()),
        )
    )
