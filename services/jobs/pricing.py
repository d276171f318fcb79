"""The prices of a run, kept when it is claimed, and what people's prints have cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, Numeric, Select, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.lifecycle import RunState
from contracts.loaded import PlateSummary
from services.db.tables.machines import Run
from services.db.tables.people import User
from services.db.tables.shop import RunPrice
from services.db.tables.work import Job
from services.jobs.cost import SECONDS_PER_H, cost_of
from services.jobs.shop import ShopSettings

_ENDED = (RunState.DONE, RunState.FAILED, RunState.CANCELLED)


@dataclass(frozen=True)
class Spent:
    """What one person's ended prints took, in one currency (None: of runs without prices)."""

    owner_id: UUID
    owner_name: str
    currency: str | None
    prints: int
    done: int
    print_s: float
    weight_g: float
    cost: float | None


def price_of_run(run_id: UUID, plate: PlateSummary, shop: ShopSettings) -> RunPrice:
    """Return the prices that hold for a run, whatever they become later."""
    material = cost_of(plate, shop).material
    return RunPrice(
        run_id=run_id,
        currency=shop.currency,
        material=None if material is None else Decimal(str(material)),
        electricity_per_h=(
            None if shop.electricity_per_h is None else Decimal(str(shop.electricity_per_h))
        ),
        weight_g=plate.weight_g,
    )


async def spent(
    connection: AsyncConnection,
    owner_id: UUID | None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Sequence[Spent]:
    """Return what the prints of a person, or of everybody, took that ended in a time.

    A print that broke off counts with the part that was printed.
    """
    statement = _spent()
    if owner_id is not None:
        statement = statement.where(col(Job.owner_id) == owner_id)
    if since is not None:
        statement = statement.where(col(Run.ended_at) >= since)
    if until is not None:
        statement = statement.where(col(Run.ended_at) < until)
    rows = await connection.execute(statement)
    return [Spent(**row) for row in rows.mappings()]


def _spent() -> Select[Any]:
    is_done = col(Run.state) == RunState.DONE.value
    part = case((is_done, 1.0), else_=cast(col(Run.percent), Numeric) / 100)
    seconds: ColumnElement[Any] = func.extract("epoch", col(Run.ended_at) - col(Run.started_at))
    electricity = col(RunPrice.electricity_per_h) * cast(seconds, Numeric) / SECONDS_PER_H
    material = col(RunPrice.material) * part
    has_price = func.bool_or(
        col(RunPrice.material).is_not(None) | col(RunPrice.electricity_per_h).is_not(None)
    )
    cost = func.sum(func.coalesce(material, 0) + func.coalesce(electricity, 0))
    return (
        select(
            col(Job.owner_id),
            col(User.name).label("owner_name"),
            col(RunPrice.currency),
            func.count().label("prints"),
            func.count().filter(is_done).label("done"),
            cast(func.coalesce(func.sum(seconds), 0), Float).label("print_s"),
            cast(
                func.coalesce(func.sum(col(RunPrice.weight_g) * cast(part, Float)), 0), Float
            ).label("weight_g"),
            cast(case((has_price, cost), else_=None), Float).label("cost"),
        )
        .select_from(Run)
        .join(Job, col(Job.id) == col(Run.job_id))
        .join(User, col(User.id) == col(Job.owner_id))
        .outerjoin(RunPrice, col(RunPrice.run_id) == col(Run.id))
        .where(col(Run.state).in_(_ENDED), col(Run.started_at).is_not(None))
        .group_by(col(Job.owner_id), col(User.name), col(RunPrice.currency))
        .order_by(col(User.name), col(Job.owner_id), col(RunPrice.currency))
    )
