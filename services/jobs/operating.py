"""What an operator sets, as a conditional update with its trail and its bells."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.waiting import RequeueReason
from services.db.tables.shop import Shop
from services.jobs import audit, ringing
from services.jobs.actors import Actor
from services.jobs.errors import Conflict, NotAllowed
from services.jobs.shop import THE_ONE, ShopSettings

_SHOP_ID = UUID(int=THE_ONE)


def must_operate(actor: Actor) -> None:
    """Raise NotAllowed unless the actor may see and change the shop's settings."""
    if not actor.is_admin:
        raise NotAllowed("admins-only", "Only an admin sees and changes the settings.")


async def change_shop(
    session: AsyncSession, actor: Actor, settings: ShopSettings, version: int, now: datetime
) -> int:
    """Store the settings and return their version; raise Conflict unless `version` is current."""
    must_operate(actor)
    values = {
        "content": settings.model_dump(mode="json"),
        "version": version + 1,
        "updated_at": now,
        "updated_by": actor.id,
    }
    is_first = version == 0
    changed = await session.exec(
        insert(Shop).values(id=THE_ONE, **values).on_conflict_do_nothing()
        if is_first
        else update(Shop)
        .where(col(Shop.id) == THE_ONE, col(Shop.version) == version)
        .values(**values)
    )
    if changed.rowcount != 1:
        raise Conflict(
            "settings-changed", "Somebody has changed the settings meanwhile. Look again."
        )
    audit.record(session, actor, "shop.change", "shop", _SHOP_ID, correlation_id=_SHOP_ID, now=now)
    # What did not fit before may fit now.
    await ringing.ring_all(session, RequeueReason.QUEUE_CHANGED, now)
    return version + 1
