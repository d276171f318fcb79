"""Jobs: from what people ask for to `services.jobs`, and back to what people see."""

from collections.abc import Awaitable, Callable, Set
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.commands import CommandKind
from contracts.lifecycle import JobAction, Status
from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.errors import ApiError
from services.api.idempotency import Once
from services.api.jobs.paging import JobQuery, cursor_after, filter_of, position_of
from services.api.jobs.presenting import present_event, present_job
from services.api.jobs.schemas import (
    DecidedJob,
    DecidedJobs,
    Job,
    JobEvent,
    JobPage,
    ManyDecisions,
    Resolving,
    Resubmission,
    Submission,
    SubmissionRequest,
)
from services.api.printers.presenting import present_command
from services.api.printers.schemas import Command
from services.api.state import Services
from services.db.database import Asker, Transaction, in_session
from services.db.tables import machines
from services.jobs import (
    bulk,
    cancelling,
    commands,
    decisions,
    resolving,
    resubmitting,
    submitting,
    views,
)
from services.jobs.errors import Conflict, NotAllowed, Unknown
from services.jobs.history import events_of_job
from services.jobs.outlook import Outlook, read_outlook


class JobDesk:
    """What a person can do with jobs."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def submit(self, once: Once, body: SubmissionRequest) -> Response:
        """Make the jobs; they wait for approval."""
        orders = [submitting.Copies(order.plate, order.copies) for order in body.plates]

        async def act(transaction: Transaction) -> Submission:
            submission = await submitting.submit(
                transaction,
                self._viewer,
                body.artifact_id,
                orders,
                note=body.note,
                wish=body.wish,
                queue=body.queue,
                now=self._services.clock.now(),
            )
            rows = await views.jobs_of_submission(transaction, submission.id)
            return Submission(
                id=submission.id,
                note=submission.note,
                created_at=submission.created_at,
                jobs=[self._present(row) for row in rows],
            )

        return await once.run_bare(act, status=201)

    async def page(self, query: JobQuery) -> JobPage:
        """Return a page of jobs; one statement, one more where some wait in a queue."""
        if query.scope == "all" and not self._viewer.may_approve:
            raise NotAllowed("admins-only", "Only an admin sees everybody's jobs.")
        after = position_of(query.cursor)
        wanted = filter_of(query, self._viewer)
        database = self._services.database
        rows = await views.list_jobs(database, wanted, after=after, limit=query.limit + 1)
        outlook = None
        if any(row.status is Status.QUEUED for row in rows):
            outlook = await read_outlook(database, rows)
        page = rows[: query.limit]
        has_more = len(rows) > query.limit
        return JobPage(
            items=[self._present(row, outlook) for row in page],
            next_cursor=cursor_after(page[-1]) if has_more else None,
        )

    async def get(self, job_id: UUID) -> Job:
        """Return a job of one's own; admins see all."""
        return await self._as_it_is(self._services.database, job_id)

    async def events(self, job_id: UUID) -> list[JobEvent]:
        """Return what happened to a job."""
        self._theirs(await views.find_job(self._services.database, job_id))
        async with self._services.reads.connect() as connection:
            rows = await events_of_job(connection, job_id)
        return [present_event(row) for row in rows]

    async def decide(self, once: Once, job_id: UUID, decision: decisions.Decision) -> Response:
        """Decide about a job that no run has."""

        async def act(transaction: Transaction) -> Job:
            now = self._services.clock.now()
            await decisions.decide(transaction, self._viewer, job_id, decision, now)
            return await self._as_it_is(transaction, job_id)

        return await self._or_current(once.run_bare(act))

    async def decide_many(self, once: Once, body: ManyDecisions) -> Response:
        """Decide about several jobs, each for itself."""
        seen = [bulk.Seen(job.job_id, job.version) for job in body.jobs]

        async def act(session: AsyncSession) -> DecidedJobs:
            outcomes = await bulk.decide_many(
                session,
                self._viewer,
                seen,
                JobAction(body.decision.value),
                words=body.words,
                undo_s=body.undo_s,
                now=self._services.clock.now(),
            )
            await session.flush()
            asker = in_session(session)
            rows = {each.job_id: await views.find_job(asker, each.job_id) for each in outcomes}
            return DecidedJobs(items=[self._decided(each, rows[each.job_id]) for each in outcomes])

        return await once.run(act)

    def _decided(self, outcome: bulk.Outcome, row: views.JobRow | None) -> DecidedJob:
        return DecidedJob(
            job_id=outcome.job_id,
            job=None if row is None else self._present(row),
            code=outcome.code,
            detail=outcome.detail,
        )

    async def resubmit(self, once: Once, job_id: UUID, body: Resubmission) -> Response:
        """Ask again for a job that was sent back."""
        other = body.change
        change = resubmitting.Change(other.artifact_id, other.plate) if other else None

        async def act(session: AsyncSession) -> UUID:
            await resubmitting.resubmit(
                session,
                self._viewer,
                job_id,
                body.version,
                change=change,
                words=body.comment,
                now=self._services.clock.now(),
            )
            return job_id

        return await self._changed(once, act)

    async def cancel(self, once: Once, job_id: UUID) -> Response:
        """Cancel a job, or ask its node to."""

        async def change(session: AsyncSession) -> UUID:
            await cancelling.cancel(session, self._viewer, job_id, self._services.clock.now())
            return job_id

        return await self._changed(once, change)

    async def resolve(self, once: Once, run_id: UUID, body: Resolving) -> Response:
        """Put a person's word on a run."""

        async def change(session: AsyncSession) -> UUID:
            return await resolving.resolve(
                session,
                self._viewer,
                run_id,
                body.outcome,
                body.reason,
                self._services.clock.now(),
            )

        return await self._changed(once, change)

    async def pause(self, once: Once, job_id: UUID) -> Response:
        """Ask the printer to pause."""
        return await self._ask(once, job_id, CommandKind.PAUSE)

    async def resume(self, once: Once, job_id: UUID) -> Response:
        """Ask the printer to go on."""
        return await self._ask(once, job_id, CommandKind.RESUME)

    async def set_speed(self, once: Once, job_id: UUID, level: int) -> Response:
        """Ask the printer to print at this level."""
        return await self._ask(once, job_id, CommandKind.SPEED, value=str(level))

    async def skip(self, once: Once, job_id: UUID, object_ids: Set[int]) -> Response:
        """Ask the printer to leave objects unfinished."""

        async def issue(session: AsyncSession) -> machines.Command:
            now = self._services.clock.now()
            return await commands.skip_objects(session, self._viewer, job_id, object_ids, now)

        return await self._issued(once, issue)

    async def _ask(
        self, once: Once, job_id: UUID, kind: CommandKind, *, value: str | None = None
    ) -> Response:
        async def issue(session: AsyncSession) -> machines.Command:
            now = self._services.clock.now()
            return await commands.ask_run(session, self._viewer, job_id, kind, now, value=value)

        return await self._issued(once, issue)

    async def _issued(
        self, once: Once, issue: Callable[[AsyncSession], Awaitable[machines.Command]]
    ) -> Response:
        async def act(session: AsyncSession) -> Command:
            return present_command(await issue(session))

        return await self._or_current(once.run(act, status=202))

    async def _changed(
        self, once: Once, change: Callable[[AsyncSession], Awaitable[UUID]]
    ) -> Response:
        """Answer with the job after the change, or with a conflict and the job as it is."""

        async def act(session: AsyncSession) -> Job:
            job_id = await change(session)
            await session.flush()
            return await self._as_it_is(in_session(session), job_id)

        return await self._or_current(once.run(act))

    async def _or_current(self, answer: Awaitable[Response]) -> Response:
        try:
            return await answer
        except Conflict as exc:
            if exc.job_id is None:
                raise
            job = await self.get(exc.job_id)
            raise ApiError(409, exc.code, exc.detail, job=job) from exc

    async def _as_it_is(self, asker: Asker, job_id: UUID) -> Job:
        row = self._theirs(await views.find_job(asker, job_id))
        is_waiting = row.status is Status.QUEUED
        return self._present(row, await read_outlook(asker, [row]) if is_waiting else None)

    def _theirs(self, row: views.JobRow | None) -> views.JobRow:
        if row is None or not (self._viewer.may_approve or row.owner_id == self._viewer.id):
            raise Unknown("job")
        return row

    def _present(self, row: views.JobRow, outlook: Outlook | None = None) -> Job:
        heard = self._services.telemetry.heard
        return present_job(row, self._viewer, heard, self._services.clock.now(), outlook)


async def _desk(services: ServicesDep, viewer: Viewer) -> JobDesk:
    return JobDesk(services, viewer)


JobDeskDep = Annotated[JobDesk, Depends(_desk)]
