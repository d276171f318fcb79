"""Where a claim is made, and whether its printer may make one."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import String
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.rpc import ClaimRequest, RefusalCode
from services.db.prepared import slot
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


@dataclass(frozen=True)
class Place:
    """Where a claim is made: a printer, its queue and what is set for the shop."""

    printer: Printer
    queue: Queue
    shop: ShopSettings


async def place_of(session: AsyncSession, request: ClaimRequest) -> Place | ClaimRefused:
    """Return where the claim is made, its printer locked: claims for one printer take turns."""
    printer = await session.get(Printer, request.printer_id, with_for_update=True)
    if printer is None or not printer.is_enabled:
        return ClaimRefused(
            RefusalCode.UNKNOWN_PRINTER, "No queue has this printer yet: an admin adds it to one."
        )
    if printer.node != request.node:
        return ClaimRefused(
            RefusalCode.NOT_YOUR_PRINTER, f"This printer belongs to node {printer.node}."
        )
    node, queue, shop = (
        await session.exec(_surroundings(), params={"node": printer.node, "queue": printer.queue})
    ).one()
    if node.revoked_at is not None:
        return ClaimRefused(RefusalCode.NOT_YOUR_PRINTER, "This node was revoked. Enrol it again.")
    # 0 is a journal that was not told yet: it gets the epoch with the answer.
    if request.printer_epoch not in {0, printer.epoch}:
        return ClaimRefused(
            RefusalCode.STALE_EPOCH,
            f"The printer's epoch is {printer.epoch} by now.",
            printer.epoch,
        )
    return Place(
        printer, queue, ShopSettings() if shop is None else ShopSettings.model_validate(shop)
    )


@cache
def _surroundings() -> Any:
    """Return the select of a node, a queue and what is set for the shop."""
    return (
        select(Node, Queue, Shop.content)
        .select_from(Node)
        .join(Queue, col(Queue.name) == slot("queue", String()))
        .outerjoin(Shop, col(Shop.id) == THE_ONE)
        .where(col(Node.name) == slot("node", String()))
    )
