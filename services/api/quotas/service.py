"""Quotas: reading one's own, setting a person's."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.quotas.schemas import PersonQuota, Quota, QuotaChange
from services.api.state import Services
from services.db.database import in_session
from services.jobs import quotas
from services.jobs.operating import must_operate
from services.jobs.quotas import Limits


class QuotaDesk:
    """Who may print how much."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def mine(self) -> Quota:
        """Return one's own."""
        now = self._services.clock.now()
        allowance = await quotas.allowance_of(self._services.database, self._viewer.id, now)
        return Quota.from_allowance(allowance)

    async def all(self) -> list[PersonQuota]:
        """Return everybody's; admins only."""
        must_operate(self._viewer)
        now = self._services.clock.now()
        own = await quotas.limits_of_people(self._services.database)
        found = await quotas.allowances(self._services.database, now)
        return [
            PersonQuota(
                user_id=user_id,
                is_own=user_id in own,
                quota=Quota.from_allowance(allowance),
            )
            for user_id, allowance in found.items()
        ]

    async def change(self, user_id: UUID, body: QuotaChange) -> PersonQuota:
        """Give a person limits of their own, or everybody's again."""
        now = self._services.clock.now()
        wanted = body.limits
        limits = None if wanted is None else Limits(wanted.grams, wanted.hours)
        async with self._services.sessions() as session, session.begin():
            await quotas.set_limits(session, self._viewer, user_id, limits, now)
            await session.flush()
            allowance = await quotas.allowance_of(in_session(session), user_id, now)
        return PersonQuota(
            user_id=user_id, is_own=limits is not None, quota=Quota.from_allowance(allowance)
        )


async def _desk(services: ServicesDep, viewer: Viewer) -> QuotaDesk:
    return QuotaDesk(services, viewer)


QuotaDeskDep = Annotated[QuotaDesk, Depends(_desk)]
