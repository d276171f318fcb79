"""Where notices go, as admins set it up; every change stands in the trail."""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.db.tables.notices import NoticeDelivery, NoticeTarget
from services.jobs import audit
from services.jobs.actors import Actor
from services.jobs.errors import Conflict, Malformed, Unknown
from services.notices.kinds import EMAIL_PLACE, DeliveryState, Form, NoticeKind
from services.notices.sealing import Sealer

MAX_TARGETS = 50
KEY_BYTES = 32
KEY_PREFIX = "whsec_"


@dataclass(frozen=True)
class NewTarget:
    """A target as an admin describes it."""

    form: Form
    name: str
    address: str
    kinds: Sequence[NoticeKind]


async def known_targets(session: AsyncSession) -> list[NoticeTarget]:
    """Return the targets that were not removed, oldest first."""
    there = select(NoticeTarget).where(col(NoticeTarget.removed_at).is_(None))
    return list(await session.exec(there.order_by(col(NoticeTarget.created_at))))


async def add(
    session: AsyncSession, actor: Actor, target: NewTarget, sealer: Sealer, now: datetime
) -> tuple[NoticeTarget, str | None]:
    """Add a target; return it, and of a webhook the key that it is told once."""
    if len(await known_targets(session)) >= MAX_TARGETS:
        raise Conflict("too-many-targets", f"{MAX_TARGETS} are the most. Remove one.")
    if (EMAIL_PLACE in target.address) is not (target.form is Form.PERSONAL):
        raise Malformed(
            "no-place-for-email",
            f"The address of a way to each person has {EMAIL_PLACE} in it, no other has.",
        )
    key = None
    if target.form is Form.WEBHOOK:
        key = KEY_PREFIX + b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    row = NoticeTarget(
        id=uuid4(),
        form=target.form,
        name=target.name,
        address_sealed=sealer.seal(target.address),
        key_sealed=sealer.seal(key) if key else None,
        kinds=list(target.kinds),
        is_enabled=True,
        created_by=actor.id,
        created_at=now,
        removed_at=None,
    )
    session.add(row)
    _note(session, actor, "notice_target.add", row, now)
    return row, key


async def change(
    session: AsyncSession,
    actor: Actor,
    target_id: UUID,
    *,
    kinds: Sequence[NoticeKind],
    is_enabled: bool,
    now: datetime,
) -> NoticeTarget:
    """Change what a target is told, and whether."""
    row = await known_target(session, target_id)
    row.kinds, row.is_enabled = list(kinds), is_enabled
    session.add(row)
    _note(session, actor, "notice_target.change", row, now)
    return row


async def remove(session: AsyncSession, actor: Actor, target_id: UUID, now: datetime) -> None:
    """Tell a target nothing more; its log stays."""
    row = await known_target(session, target_id)
    row.removed_at, row.is_enabled = now, False
    row.address_sealed, row.key_sealed = b"", None
    session.add(row)
    _note(session, actor, "notice_target.remove", row, now)


async def try_out(
    session: AsyncSession, actor: Actor, target_id: UUID, content: dict[str, object], now: datetime
) -> NoticeDelivery:
    """Have a test sent; of a way to each person, to the admin who asks."""
    row = await known_target(session, target_id)
    delivery = NoticeDelivery(
        id=uuid4(),
        target_id=row.id,
        about=f"test:{uuid4()}",
        kind=NoticeKind.TEST,
        user_id=actor.id if row.form == Form.PERSONAL else None,
        content=content,
        state=DeliveryState.WAITING,
        attempts=0,
        next_at=now,
        created_at=now,
        done_at=None,
    )
    session.add(delivery)
    _note(session, actor, "notice_target.try", row, now)
    return delivery


async def known_target(session: AsyncSession, target_id: UUID) -> NoticeTarget:
    """Return a target that was not removed; raise Unknown."""
    row = await session.get(NoticeTarget, target_id)
    if row is None or row.removed_at is not None:
        raise Unknown("target")
    return row


def _note(
    session: AsyncSession, actor: Actor, action: str, row: NoticeTarget, now: datetime
) -> None:
    audit.record(
        session,
        actor,
        action,
        "notice_target",
        row.id,
        correlation_id=row.id,
        now=now,
        detail=f"{row.form}: {row.name}",
    )
