"""Deliveries on their way: taken, sent, retried with growing waits, written down.

A webhook may get a message again after a crash, with the same `webhook-id`; a person or channel is
never told twice: what was under way when the process ended is given up as unknown.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

import structlog
from sqlalchemy import case, update
from sqlmodel import col, select

from runtime.clock import Clock
from services.db.engine import DATABASE_AWAY, Sessions
from services.db.news import News
from services.db.tables.notices import NoticeDelivery, NoticeTarget
from services.db.tables.people import User
from services.jobs.status_sql import literal
from services.notices.kinds import EMAIL_PLACE, DeliveryState, Form
from services.notices.sealing import SealBroken, Sealer
from services.notify.metrics import DELIVERIES
from services.notify.outcome import Outcome
from services.notify.telling import Message, tell
from services.notify.webhooks import post

log = structlog.get_logger()

BATCH: Final = 20
IDLE_S: Final = 15.0
RETRY_S: Final = 2.0
LEASE: Final = timedelta(minutes=2)
"""Longer than any send takes; then its process is gone."""
WAITS_S: Final = (5, 60, 300, 1800, 7200, 18_000, 36_000)
"""After each failure; 18 hours in all."""
MAX_ANSWER: Final = 300


@dataclass(frozen=True)
class Parcel:
    """A delivery that this process has taken."""

    id: str
    form: Form
    attempts: int
    address: str
    key: str | None
    content: dict[str, object]


class Courier:
    """Sends what is due, a batch at a time."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        news: News,
        sealer: Sealer | None,
        *,
        allow_private: bool,
    ) -> None:
        self._sessions, self._clock, self._news = sessions, clock, news
        self._sealer, self._allow_private = sealer, allow_private

    async def run(self) -> None:
        """Run until cancelled; without a key nothing leaves."""
        if self._sealer is None:
            log.warning("notices_off", cure="set LAYERLINE_SECRETS_KEY")
            await asyncio.Event().wait()
        with self._news.heard() as heard:
            while True:
                heard.clear()
                try:
                    await self.settle_left_over()
                    while await self.deliver_due():
                        pass
                    wait_s = await self._next_due_s()
                except DATABASE_AWAY as exc:
                    log.warning("deliveries_postponed", error=f"{type(exc).__name__}: {exc}"[:300])
                    wait_s = RETRY_S
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await heard.wait()

    async def settle_left_over(self) -> None:
        """Have webhooks tried again that a dead process had under way; give up the others."""
        now = self._clock.now()
        is_webhook = select(NoticeTarget.id).where(col(NoticeTarget.form) == Form.WEBHOOK)
        retried = col(NoticeDelivery.target_id).in_(is_webhook)
        async with self._sessions() as session, session.begin():
            await session.exec(
                update(NoticeDelivery)
                .where(
                    col(NoticeDelivery.state) == literal(DeliveryState.SENDING.value),
                    col(NoticeDelivery.next_at) < now,
                )
                .values(
                    state=case((retried, DeliveryState.WAITING), else_=DeliveryState.UNKNOWN),
                    done_at=case((retried, None), else_=now),
                    answer="the notifier ended while this was being sent",
                )
                .execution_options(synchronize_session=False)
            )

    async def deliver_due(self) -> int:
        """Send what is due; return how many were taken."""
        parcels = await self._take()
        hooks = [parcel for parcel in parcels if parcel.form is Form.WEBHOOK]
        others = [parcel for parcel in parcels if parcel.form is not Form.WEBHOOK]
        async with asyncio.TaskGroup() as tasks:
            for parcel in hooks:
                tasks.create_task(self._post(parcel))
            if others:
                tasks.create_task(self._tell(others))
        return len(parcels)

    async def _take(self) -> list[Parcel]:
        now = self._clock.now()
        due = (
            select(NoticeDelivery, NoticeTarget, User.email)
            .join(NoticeTarget, col(NoticeTarget.id) == col(NoticeDelivery.target_id))
            .join(User, col(User.id) == col(NoticeDelivery.user_id), isouter=True)
            .where(
                col(NoticeDelivery.state) == literal(DeliveryState.WAITING.value),
                col(NoticeDelivery.next_at) <= now,
            )
            .order_by(col(NoticeDelivery.next_at))
            .limit(BATCH)
            .with_for_update(skip_locked=True, of=NoticeDelivery)
        )
        parcels = []
        async with self._sessions() as session, session.begin():
            for row, target, email in await session.exec(due):
                row.attempts += 1
                row.state, row.next_at = DeliveryState.SENDING, now + LEASE
                if target.removed_at is not None or not target.is_enabled:
                    row.state, row.done_at = DeliveryState.EXPIRED, now
                    row.answer = "the target was removed or switched off"
                else:
                    parcel = self._parcel(row, target, email)
                    if parcel is not None:
                        parcels.append(parcel)
                    else:
                        row.state, row.done_at = DeliveryState.FAILED, now
                        row.answer = "sealed with another LAYERLINE_SECRETS_KEY"
                session.add(row)
        return parcels

    def _parcel(
        self, row: NoticeDelivery, target: NoticeTarget, email: str | None
    ) -> Parcel | None:
        sealer = self._sealer
        if sealer is None:
            return None
        try:
            address = sealer.open(target.address_sealed)
            key = sealer.open(target.key_sealed) if target.key_sealed else None
        except SealBroken as exc:
            log.error("target_unreadable", target_id=str(target.id), error=str(exc))
            return None
        address = address.replace(EMAIL_PLACE, quote(email or "", safe="@"))
        form = Form(target.form)
        return Parcel(str(row.id), form, row.attempts, address, key, row.content)

    async def _post(self, parcel: Parcel) -> None:
        outcome = await post(
            parcel.address,
            parcel.key or "",
            parcel.id,
            parcel.content,
            allow_private=self._allow_private,
        )
        await self._write_down(parcel, outcome)

    async def _tell(self, parcels: Sequence[Parcel]) -> None:
        messages = [
            Message(parcel.address, str(parcel.content["title"]), str(parcel.content["text"]))
            for parcel in parcels
        ]
        outcomes = await tell(messages, allow_private=self._allow_private)
        for parcel, outcome in zip(parcels, outcomes, strict=True):
            await self._write_down(parcel, outcome)

    async def _write_down(self, parcel: Parcel, outcome: Outcome) -> None:
        now = self._clock.now()
        state, next_at = _after(parcel, outcome, now)
        DELIVERIES.labels(state=state).inc()
        log.info("notice_delivered", delivery_id=parcel.id, state=state, attempts=parcel.attempts)
        async with self._sessions() as session, session.begin():
            await session.exec(
                update(NoticeDelivery)
                .where(col(NoticeDelivery.id) == parcel.id)
                .values(
                    state=state,
                    next_at=next_at,
                    done_at=None if state is DeliveryState.WAITING else now,
                    answer=outcome.answer[:MAX_ANSWER],
                )
                .execution_options(synchronize_session=False)
            )

    async def _next_due_s(self) -> float:
        now = self._clock.now()
        waiting = select(NoticeDelivery.next_at).where(
            col(NoticeDelivery.state) == literal(DeliveryState.WAITING.value)
        )
        async with self._sessions() as session:
            due = (
                await session.exec(waiting.order_by(col(NoticeDelivery.next_at)).limit(1))
            ).first()
        return IDLE_S if due is None else min(IDLE_S, max(0.05, (due - now).total_seconds()))


def _after(parcel: Parcel, outcome: Outcome, now: datetime) -> tuple[DeliveryState, datetime]:
    if outcome.is_sent:
        return DeliveryState.SENT, now
    if outcome.is_unknown:
        return DeliveryState.UNKNOWN, now
    if outcome.is_final or parcel.attempts > len(WAITS_S):
        return DeliveryState.FAILED, now
    return DeliveryState.WAITING, now + timedelta(seconds=WAITS_S[parcel.attempts - 1])
