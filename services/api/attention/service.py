"""Runs that need a person, for those who may decide."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.lifecycle import RunState, Status
from services.api.attention.presenting import choices_of, evidence_of, since_of
from services.api.attention.reading import FactRow, names_of, read_doubt, read_facts
from services.api.attention.schemas import Attention
from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.jobs.presenting import present_job
from services.api.state import Services
from services.jobs import views
from services.jobs.errors import Unknown

MOST = 100


class AttentionDesk:
    """An approver in front of what nobody knows."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def open(self) -> list[Attention]:
        """Return the runs that need a decision, the oldest job first."""
        wanted = views.JobFilter(None, frozenset({Status.ATTENTION}), "", oldest_first=True)
        rows = await views.list_jobs(self._services.database, wanted, after=None, limit=MOST)
        async with self._services.reads.connect() as connection:
            return [each for row in rows if (each := await self._attention(connection, row))]

    async def of_job(self, job_id: UUID) -> Attention:
        """Return what is known of a job whose run needs a decision; raise Unknown otherwise."""
        row = await views.find_job(self._services.database, job_id)
        if row is None:
            raise Unknown("job")
        async with self._services.reads.connect() as connection:
            attention = await self._attention(connection, row)
        if attention is None:
            raise Unknown("attention")
        return attention

    async def _attention(self, connection: AsyncConnection, row: views.JobRow) -> Attention | None:
        doubt = await read_doubt(connection, row.run_id) if row.run_id else None
        if doubt is None or doubt.state != RunState.ATTENTION:
            return None
        facts = await read_facts(connection, row.id, doubt)
        heard = self._services.telemetry.heard
        evidence = evidence_of(
            facts,
            doubt,
            job_name=row.name,
            percent=row.percent,
            heard_at=heard(doubt.printer_id),
            names=await names_of(connection, _people_in(facts)),
        )
        return Attention.model_validate(
            {
                "job": present_job(row, self._viewer, heard, self._services.clock.now()),
                "cause": doubt.cause,
                "since": since_of(facts, doubt),
                "evidence": evidence,
                "choices": choices_of(doubt),
            }
        )


def _people_in(facts: list[FactRow]) -> list[UUID]:
    return [UUID(f.body["by"]) for f in facts if f.type == "run.resolved" and f.body.get("by")]


async def _desk(services: ServicesDep, viewer: Viewer) -> AttentionDesk:
    return AttentionDesk(services, viewer)


AttentionDeskDep = Annotated[AttentionDesk, Depends(_desk)]
