"""What there is to know before a decision, and what prints have cost."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends

from contracts.loaded import PlateSummary
from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.quotas.schemas import Quota
from services.api.reviews.schemas import JobCost, JobReview, JobsSummary, PrinterFit, Spending
from services.api.state import Services
from services.jobs import pricing, quotas, views
from services.jobs.cost import cost_of
from services.jobs.errors import NotAllowed, Unknown
from services.jobs.models import name_of
from services.jobs.reviewing import prospects, slicer_of
from services.jobs.shop import read_shop

Scope = Literal["mine", "all"]


class ReviewDesk:
    """What a person can ask about jobs before and after they print."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def review(self, job_id: UUID) -> JobReview:
        """Return what speaks for and against a job of one's own; admins see all."""
        database = self._services.database
        row = await views.find_job(database, job_id)
        if row is None or not (self._viewer.may_approve or row.owner_id == self._viewer.id):
            raise Unknown("job")
        plate = PlateSummary.model_validate_json(row.needs)
        shop, _ = await read_shop(database)
        async with self._services.reads.connect() as connection:
            found = await prospects(connection, row.queue, plate, shop)
            slicer = await slicer_of(connection, row.artifact_id)
        now = self._services.clock.now()
        allowance = await quotas.allowance_of(database, row.owner_id, now)
        return JobReview(
            plate=plate,
            model_name=name_of(plate.model) if plate.model else None,
            slicer=slicer,
            printers=[PrinterFit.from_prospect(prospect) for prospect in found],
            cost=JobCost.from_cost(cost_of(plate, shop)),
            quota=Quota.from_allowance(allowance),
        )

    async def summary(
        self, scope: Scope, since: datetime | None, until: datetime | None
    ) -> JobsSummary:
        """Return what ended prints took: one's own, or everybody's for admins."""
        if scope == "all" and not self._viewer.may_approve:
            raise NotAllowed("admins-only", "Only an admin sees everybody's prints.")
        owner_id = None if scope == "all" else self._viewer.id
        async with self._services.reads.connect() as connection:
            spent = await pricing.spent(connection, owner_id, since, until)
        return JobsSummary(items=[Spending.from_spent(each) for each in spent])


async def _desk(services: ServicesDep, viewer: Viewer) -> ReviewDesk:
    return ReviewDesk(services, viewer)


ReviewDeskDep = Annotated[ReviewDesk, Depends(_desk)]
