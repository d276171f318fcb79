"""What a job would meet: the printers of its queue and what each has loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.findings import SlicerInfo
from contracts.loaded import Loaded, PlateSummary
from contracts.waiting import WaitReason
from services.db.tables.machines import Printer, PrinterState
from services.db.tables.work import Artifact
from services.jobs.fit import Fit, fit
from services.jobs.shop import ShopSettings


@dataclass(frozen=True)
class Prospect:
    """A printer that may get the job, and what the claim would decide on what it last said."""

    printer_id: UUID
    printer_name: str
    is_online: bool
    outcome: Fit | WaitReason


async def prospects(
    connection: AsyncConnection, queue: str, plate: PlateSummary, shop: ShopSettings
) -> Sequence[Prospect]:
    """Return the printers of the queue that have said what they are, by name."""
    rows = await connection.execute(
        select(
            col(Printer.id),
            col(Printer.name),
            col(PrinterState.is_online),
            col(PrinterState.loaded),
        )
        .join(PrinterState, col(PrinterState.printer_id) == col(Printer.id))
        .where(col(Printer.queue) == queue, col(Printer.is_enabled))
        .order_by(col(Printer.name), col(Printer.id))
    )
    rules = shop.rules(queue)
    return [
        Prospect(printer_id, name, is_online, fit(plate, Loaded.model_validate(loaded), rules))
        for printer_id, name, is_online, loaded in rows
        if loaded
    ]


async def slicer_of(connection: AsyncConnection, artifact_id: UUID) -> SlicerInfo | None:
    """Return what made a file, as far as it says so."""
    found = select(col(Artifact.inspection)["slicer"]).where(col(Artifact.id) == artifact_id)
    told = (await connection.execute(found)).scalar_one_or_none()
    return None if told is None else SlicerInfo.model_validate(told)
