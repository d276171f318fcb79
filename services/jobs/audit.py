"""The trail of who did what, written in the transaction of the deed."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.db.database import Transaction
from services.db.prepared import Prepared, insertion
from services.db.tables.people import Audit
from services.jobs.actors import Actor


def record(
    session: AsyncSession,
    actor: Actor | None,
    action: str,
    thing: str,
    thing_id: UUID | str,
    *,
    correlation_id: UUID,
    now: datetime,
    detail: str | None = None,
) -> None:
    """Add a row to the trail; it is there if and only if the deed is.

    Without an actor it was done on the command line.
    """
    row = _row(actor, action, thing, thing_id, correlation_id, now, detail)
    session.add(Audit(**row))


async def write(
    transaction: Transaction,
    actor: Actor,
    action: str,
    thing: str,
    thing_id: UUID | str,
    *,
    correlation_id: UUID,
    now: datetime,
    detail: str | None = None,
) -> None:
    """Do the same in a transaction that may have no session."""
    row = _row(actor, action, thing, thing_id, correlation_id, now, detail)
    await transaction.write(_insertion(), **row)


def _row(
    actor: Actor | None,
    action: str,
    thing: str,
    thing_id: UUID | str,
    correlation_id: UUID,
    now: datetime,
    detail: str | None,
) -> dict[str, Any]:
    return {
        "at": now,
        "user_id": actor.id if actor else None,
        "action": action,
        "thing": thing,
        "thing_id": str(thing_id),
        "ip": actor.ip if actor else None,
        "detail": detail,
        "correlation_id": correlation_id,
    }


@cache
def _insertion() -> Prepared:
    return insertion(Audit, but={"id"})
