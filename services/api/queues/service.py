"""Queues: reading and ordering them, and which printers serve them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.idempotency import Once
from services.api.jobs.presenting import present_job
from services.api.printers.reading import QueueRow, read_queues
from services.api.queues.schemas import JobMove, PrinterPlace, Queue, QueueOrder
from services.api.state import Services
from services.db.database import Asker, in_session
from services.jobs import audit, queueing, ringing, views
from services.jobs.errors import Conflict, Unknown
from services.jobs.outlook import read_outlook
from services.registry.errors import RegistryError, UnknownPrinter
from services.registry.printers import place_printer

MAX_SHOWN: Final = 500

Change = Callable[[AsyncSession], Awaitable[None]]


class QueueDesk:
    """What a person can see of queues and do with them."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def all(self) -> list[Queue]:
        """Return every queue."""
        async with self._services.reads.connect() as connection:
            return [_present(row) for row in await read_queues(connection)]

    async def order(self, name: str) -> QueueOrder:
        """Return a queue's jobs in its order; of strangers' no more than everyone may see."""
        async with self._services.reads.connect() as connection:
            queues = await read_queues(connection)
        return await self._order(queues, self._services.database, name)

    async def move(self, once: Once, job_id: UUID, body: JobMove) -> Response:
        """Give a job another place; answer with the queue as it is then."""
        wish = queueing.Move(body.queue, body.queue_version, body.before)

        async def change(session: AsyncSession) -> None:
            await queueing.move(session, self._viewer, job_id, wish, self._services.clock.now())

        return await self._then_order(once, body.queue, change)

    async def hold(self, once: Once, name: str, version: int, *, is_held: bool) -> Response:
        """Hold a queue back, or let it go on."""

        async def change(session: AsyncSession) -> None:
            now = self._services.clock.now()
            await queueing.hold(session, self._viewer, name, version, is_held=is_held, now=now)

        return await self._then_order(once, name, change)

    async def name(self, once: Once, name: str, title: str) -> Response:
        """Make a queue or give one another title."""

        async def change(session: AsyncSession) -> None:
            now = self._services.clock.now()
            await queueing.name_queue(session, self._viewer, name, title, now)

        return await self._then_order(once, name, change)

    async def remove(self, name: str) -> None:
        """Take away a queue that nothing belongs to."""
        async with self._services.sessions() as session, session.begin():
            now = self._services.clock.now()
            await queueing.remove_queue(session, self._viewer, name, now)

    async def place(self, printer_id: UUID, body: PrinterPlace) -> None:
        """Name a printer, put it into a queue, take it out of service or back."""
        queueing.must_run(self._viewer)
        now = self._services.clock.now()
        async with self._services.sessions() as session, session.begin():
            try:
                await place_printer(
                    session,
                    printer_id,
                    name=body.name,
                    queue=body.queue,
                    is_enabled=body.is_enabled,
                )
            except UnknownPrinter as exc:
                raise Unknown("printer") from exc
            except RegistryError as exc:
                raise Conflict("no-such-queue", str(exc)) from exc
            audit.record(
                session,
                self._viewer,
                "printer.place",
                "printer",
                printer_id,
                correlation_id=printer_id,
                now=now,
                detail=f"{body.name}, {body.queue}, {'' if body.is_enabled else 'out of '}service",
            )
            await ringing.ring_queue(session, body.queue, now)

    async def _then_order(self, once: Once, name: str, change: Change) -> Response:
        async def act(session: AsyncSession) -> QueueOrder:
            await change(session)
            queues = await read_queues(await session.connection())
            return await self._order(queues, in_session(session), name)

        return await once.run(act)

    async def _order(self, queues: Sequence[QueueRow], asker: Asker, name: str) -> QueueOrder:
        found = next((row for row in queues if row.name == name), None)
        if found is None:
            raise Unknown("queue")
        rows = await views.jobs_in_queue(asker, name, limit=MAX_SHOWN)
        outlook = await read_outlook(asker, rows)
        now, heard = self._services.clock.now(), self._services.telemetry.heard
        jobs = [present_job(row, self._viewer, heard, now, outlook) for row in rows]
        return QueueOrder(queue=_present(found), jobs=jobs)


def _present(row: QueueRow) -> Queue:
    return Queue(
        name=row.name,
        title=row.title,
        is_held=row.is_held,
        held_by=row.held_by_name,
        version=row.version,
        waiting=row.waiting,
    )


async def _desk(services: ServicesDep, viewer: Viewer) -> QueueDesk:
    return QueueDesk(services, viewer)


QueueDeskDep = Annotated[QueueDesk, Depends(_desk)]
