"""Printers: what people see of them and ask of them."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.errors import ApiError
from services.api.idempotency import Once
from services.api.printers.presenting import present_command, present_printer
from services.api.printers.reading import read_command, read_printers
from services.api.printers.schemas import Command, Printer, PrinterAbility
from services.api.state import Services
from services.db.tables import machines
from services.jobs import commands
from services.jobs.errors import Conflict, NotAllowed, Unknown
from services.jobs.views import jobs_on_printers

Issue = Callable[[AsyncSession], Awaitable[machines.Command]]


class PrinterDesk:
    """What a person can do with printers."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def printers(self) -> list[Printer]:
        """Return every printer; two statements."""
        return await self._read(None)

    async def get(self, printer_id: UUID) -> Printer:
        """Return one printer."""
        found = await self._read(printer_id)
        if not found:
            raise Unknown("printer")
        return found[0]

    async def clear_bed(self, once: Once, printer_id: UUID, bed_seq: int) -> Response:
        """Say that the bed is clear."""
        return await self._say_bed(once, printer_id, bed_seq, is_clear=True)

    async def unclear_bed(self, once: Once, printer_id: UUID, bed_seq: int) -> Response:
        """Take the word back."""
        return await self._say_bed(once, printer_id, bed_seq, is_clear=False)

    async def switch_light(self, once: Once, printer_id: UUID, *, on: bool) -> Response:
        """Ask for the light."""

        async def issue(session: AsyncSession) -> machines.Command:
            now = self._services.clock.now()
            return await commands.switch_light(session, self._viewer, printer_id, on=on, now=now)

        return await self._ask(once, issue)

    async def clear_error(self, once: Once, printer_id: UUID) -> Response:
        """Ask for the error to be closed."""

        async def issue(session: AsyncSession) -> machines.Command:
            now = self._services.clock.now()
            return await commands.clear_error(session, self._viewer, printer_id, now=now)

        return await self._ask(once, issue)

    async def camera_picture(self, printer_id: UUID) -> bytes:
        """Return a JPEG of what the camera sees now."""
        printer = await self.get(printer_id)
        if PrinterAbility.CAMERA not in printer.allowed_actions:
            if printer.is_online:
                raise NotAllowed("not-your-print", "You see the camera while it prints your job.")
            raise ApiError(503, "printer-offline", "The printer is offline: it shows no pictures.")
        picture = await self._services.telemetry.cameras.picture(printer.node, printer_id)
        if picture is None:
            raise ApiError(
                503, "camera-silent", "No picture came. Somebody else may look at this camera."
            )
        return picture

    async def command(self, command_id: UUID) -> Command:
        """Return one's own wish and its answer; admins see all."""
        async with self._services.reads.connect() as connection:
            row = await read_command(connection, command_id)
        if row is None or not (self._viewer.may_approve or row.by == self._viewer.id):
            raise Unknown("command")
        return present_command(row)

    async def _say_bed(
        self, once: Once, printer_id: UUID, bed_seq: int, *, is_clear: bool
    ) -> Response:
        async def issue(session: AsyncSession) -> machines.Command:
            return await commands.say_bed(
                session,
                self._viewer,
                printer_id,
                bed_seq,
                is_clear=is_clear,
                now=self._services.clock.now(),
            )

        return await self._ask(once, issue)

    async def _ask(self, once: Once, issue: Issue) -> Response:
        async def act(session: AsyncSession) -> Command:
            return present_command(await issue(session))

        try:
            return await once.run(act, status=202)
        except Conflict as exc:
            if exc.printer_id is None:
                raise
            printer = await self.get(exc.printer_id)
            raise ApiError(409, exc.code, exc.detail, printer=printer) from exc

    async def _read(self, printer_id: UUID | None) -> list[Printer]:
        async with self._services.reads.connect() as connection:
            rows = await read_printers(connection, printer_id)
        found = await jobs_on_printers(self._services.database, printer_id)
        jobs = {job.printer_id: job for job in found}
        now, heard = self._services.clock.now(), self._services.telemetry.heard
        return [present_printer(row, jobs.get(row.id), self._viewer, heard, now) for row in rows]


async def _desk(services: ServicesDep, viewer: Viewer) -> PrinterDesk:
    return PrinterDesk(services, viewer)


PrinterDeskDep = Annotated[PrinterDesk, Depends(_desk)]
