"""Quotas on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.api.schemas import In, Out
from services.jobs.quotas import Allowance, Limits

_Grams = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
_Hours = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


class MonthLimits(In):
    """What one person may print in a month; null: any amount."""

    grams: _Grams | None = None
    hours: _Hours | None = None

    @classmethod
    def from_limits(cls, limits: Limits) -> Self:
        """Return the limits as people see them."""
        return cls(grams=limits.grams, hours=limits.hours)


class Quota(Out):
    """What a person may print this month, and what is gone: printed, and approved to be printed."""

    limits: MonthLimits
    used_grams: float
    used_hours: float
    waiting_grams: float
    waiting_hours: float
    resets_at: datetime
    may_exceed: bool = Field(description="more can be submitted; an approver decides")

    @classmethod
    def from_allowance(cls, allowance: Allowance) -> Self:
        """Return it as people see it."""
        used = allowance.used
        return cls(
            limits=MonthLimits.from_limits(allowance.limits),
            used_grams=round(used.grams, 2),
            used_hours=round(used.hours, 3),
            waiting_grams=round(used.waiting_grams, 2),
            waiting_hours=round(used.waiting_hours, 3),
            resets_at=allowance.resets_at,
            may_exceed=allowance.may_exceed,
        )


class PersonQuota(Out):
    """A person's quota; `is_own`: it differs from everybody's."""

    user_id: UUID
    is_own: bool
    quota: Quota


class QuotaChange(In):
    """A person's own limits; null: everybody's again."""

    limits: MonthLimits | None
