"""What people may print in a month, and how much of it is gone. Writes `quota`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.loaded import PlateSummary
from services.db.database import Asker
from services.db.prepared import Prepared, slot
from services.db.tables.people import User
from services.db.tables.shop import Quota
from services.jobs import audit
from services.jobs.actors import Actor
from services.jobs.errors import NotAllowed, Unknown
from services.jobs.shop import ShopSettings, read_shop

SECONDS_PER_H: Final = 3600.0

_PRINTS = """
    SELECT owner_id, sum(grams) FILTER (WHERE NOT waits) AS used_g,
           sum(seconds) FILTER (WHERE NOT waits) AS used_s,
           sum(grams) FILTER (WHERE waits) AS waiting_g,
           sum(seconds) FILTER (WHERE waits) AS waiting_s
    FROM (
        SELECT j.owner_id, FALSE AS waits,
               coalesce((SELECT p.weight_g FROM run_price p WHERE p.run_id = r.id),
                        (j.needs ->> 'weight_g')::float, 0)
                   * CASE WHEN r.state IN ('failed', 'cancelled') THEN r.percent / 100.0 ELSE 1 END
                   AS grams,
               CASE WHEN r.ended_at IS NULL THEN coalesce((j.needs ->> 'estimate_s')::float, 0)
                    ELSE extract(epoch FROM r.ended_at - coalesce(r.started_at, r.ended_at)) END
                   AS seconds
        FROM run r JOIN job j ON j.id = r.job_id
        WHERE r.state <> 'released' AND (r.ended_at IS NULL OR r.ended_at >= :since)
          AND (r.started_at IS NOT NULL OR r.ended_at IS NULL)
"""
_WAITING = """        UNION ALL
        SELECT owner_id, TRUE, coalesce((needs ->> 'weight_g')::float, 0),
               coalesce((needs ->> 'estimate_s')::float, 0)
        FROM job WHERE state = 'queued' AND run_id IS NULL
"""
_OWNED = "AND owner_id = :owner_id"
_SUMS = """    ) AS prints
    GROUP BY owner_id
"""
_USED_BY_ALL = Prepared(text(_PRINTS + _WAITING + _SUMS))
_USED_BY_ONE = Prepared(text(_PRINTS + _OWNED + _WAITING + _OWNED + _SUMS))


@dataclass(frozen=True)
class Limits:
    """What one person may print in a month; None: any amount."""

    grams: float | None = None
    hours: float | None = None


@dataclass(frozen=True)
class Used:
    """What a person's prints took this month; `waiting`: of what is approved and not begun."""

    grams: float = 0
    hours: float = 0
    waiting_grams: float = 0
    waiting_hours: float = 0


@dataclass(frozen=True)
class Allowance:
    """Limits and what is gone, until `resets_at`."""

    limits: Limits
    used: Used
    resets_at: datetime
    may_exceed: bool

    def is_over_with(self, grams: float, hours: float) -> bool:
        """Tell whether so much more is more than the person has."""
        return _is_over(self.limits.grams, self.used.grams + self.used.waiting_grams, grams) or (
            _is_over(self.limits.hours, self.used.hours + self.used.waiting_hours, hours)
        )


def amounts(plate: PlateSummary) -> tuple[float, float]:
    """Return grams and hours of a plate; what the file doesn't say counts nothing."""
    return plate.weight_g or 0, (plate.estimate_s or 0) / SECONDS_PER_H


async def allowance_of(asker: Asker, user_id: UUID, now: datetime) -> Allowance:
    """Return what a person may print this month and how much of it is gone."""
    shop, _ = await read_shop(asker)
    row = await asker.fetchrow(_own_limits(), user_id=user_id)
    own = {} if row is None else {user_id: Limits(*row.values())}
    used = await _used(asker, now, user_id)
    return _allowance(shop, own.get(user_id), used.get(user_id), now)


async def allowances(asker: Asker, now: datetime) -> Mapping[UUID, Allowance]:
    """Return the same of everybody."""
    shop, _ = await read_shop(asker)
    own, used = await limits_of_people(asker), await _used(asker, now)
    people = [row["id"] for row in await asker.fetch(_people())]
    return {
        user_id: _allowance(shop, own.get(user_id), used.get(user_id), now) for user_id in people
    }


async def limits_of_people(asker: Asker) -> Mapping[UUID, Limits]:
    """Return the limits that differ from everybody's."""
    rows = await asker.fetch(_all_limits())
    return {row["user_id"]: Limits(row["month_grams"], row["month_hours"]) for row in rows}


async def set_limits(
    session: AsyncSession, actor: Actor, user_id: UUID, limits: Limits | None, now: datetime
) -> None:
    """Give a person limits of their own; None: everybody's again."""
    if not actor.is_admin:
        raise NotAllowed("admins-only", "Only an admin sets quotas.")
    if await session.get(User, user_id) is None:
        raise Unknown("person")
    row = await session.get(Quota, user_id)
    if limits is None:
        if row is not None:
            await session.delete(row)
        detail = "everybody's"
    else:
        values = {
            "month_grams": limits.grams,
            "month_hours": limits.hours,
            "updated_at": now,
            "updated_by": actor.id,
        }
        await session.exec(
            insert(Quota)
            .values(user_id=user_id, **values)
            .on_conflict_do_update(index_elements=["user_id"], set_=values)
        )
        detail = f"{_word(limits.grams)} g, {_word(limits.hours)} h"
    audit.record(
        session,
        actor,
        "user.quota",
        "user",
        user_id,
        correlation_id=user_id,
        now=now,
        detail=detail,
    )


def month_of(now: datetime) -> tuple[datetime, datetime]:
    """Return when the month began and when the next one does, in UTC."""
    start = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
    return start, start.replace(year=year, month=month)


@cache
def _own_limits() -> Prepared:
    this = col(Quota.user_id) == slot("user_id", Uuid())
    return Prepared(select(col(Quota.month_grams), col(Quota.month_hours)).where(this))


@cache
def _all_limits() -> Prepared:
    return Prepared(select(col(Quota.user_id), col(Quota.month_grams), col(Quota.month_hours)))


@cache
def _people() -> Prepared:
    return Prepared(select(col(User.id)))


async def _used(asker: Asker, now: datetime, user_id: UUID | None = None) -> Mapping[UUID, Used]:
    since, _ = month_of(now)
    if user_id is None:
        rows = await asker.fetch(_USED_BY_ALL, since=since)
    else:
        rows = await asker.fetch(_USED_BY_ONE, since=since, owner_id=user_id)
    return {
        row["owner_id"]: Used(
            grams=float(row["used_g"] or 0),
            hours=float(row["used_s"] or 0) / SECONDS_PER_H,
            waiting_grams=float(row["waiting_g"] or 0),
            waiting_hours=float(row["waiting_s"] or 0) / SECONDS_PER_H,
        )
        for row in rows
    }


def _allowance(
    shop: ShopSettings, own: Limits | None, used: Used | None, now: datetime
) -> Allowance:
    limits = own or Limits(shop.month_grams, shop.month_hours)
    return Allowance(limits, used or Used(), month_of(now)[1], shop.may_exceed_quota)


def _is_over(limit: float | None, gone: float, more: float) -> bool:
    return limit is not None and more > 0 and gone + more > limit


def _word(limit: float | None) -> str:
    return "any" if limit is None else f"{limit:g}"
