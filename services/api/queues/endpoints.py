"""Queues: their order, holding them, and which printers serve them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from contracts.ids import QueueName
from services.api.dependencies import OnceDep
from services.api.problems import problems
from services.api.queues.schemas import (
    JobMove,
    PrinterPlace,
    Queue,
    QueueOrder,
    QueueSwitch,
    QueueTitle,
)
from services.api.queues.service import QueueDeskDep

router = APIRouter(tags=["queues"])

_CHANGE = problems(403, 404, 409)
_Name = Annotated[QueueName, Path()]


@router.get("/queues", operation_id="list_queues")
async def list_queues(desk: QueueDeskDep) -> list[Queue]:
    """Every queue and how many jobs wait in it."""
    return await desk.all()


@router.get("/queues/{name}", operation_id="get_queue", responses=problems(404))
async def get_queue(name: _Name, desk: QueueDeskDep) -> QueueOrder:
    """A queue and the jobs that wait in it, in its order."""
    return await desk.order(name)


@router.put(
    "/queues/{name}", operation_id="name_queue", response_model=QueueOrder, responses=_CHANGE
)
async def name_queue(name: _Name, body: QueueTitle, desk: QueueDeskDep, once: OnceDep) -> Response:
    """Make a queue, or give one another title."""
    return await desk.name(once, name, body.title)


@router.delete("/queues/{name}", operation_id="remove_queue", status_code=204, responses=_CHANGE)
async def remove_queue(name: _Name, desk: QueueDeskDep) -> None:
    """Take a queue away that no job ever had and no printer serves."""
    await desk.remove(name)


@router.post(
    "/queues/{name}/switch",
    operation_id="switch_queue",
    response_model=QueueOrder,
    responses=_CHANGE,
)
async def switch_queue(
    name: _Name, body: QueueSwitch, desk: QueueDeskDep, once: OnceDep
) -> Response:
    """Hold a queue back: no printer takes a job from it. Or let it go on."""
    return await desk.hold(once, name, body.version, is_held=body.is_held)


@router.post(
    "/jobs/{job_id}/move", operation_id="move_job", response_model=QueueOrder, responses=_CHANGE
)
async def move_job(job_id: UUID, body: JobMove, desk: QueueDeskDep, once: OnceDep) -> Response:
    """Give a waiting job another place; 409 if the queue is not as it was seen."""
    return await desk.move(once, job_id, body)


@router.put(
    "/printers/{printer_id}", operation_id="place_printer", status_code=204, responses=_CHANGE
)
async def place_printer(printer_id: UUID, body: PrinterPlace, desk: QueueDeskDep) -> None:
    """Name a printer, put it into a queue, take it out of service or back."""
    await desk.place(printer_id, body)
