"""Printers, their beds, and the answers to wishes."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.api.dependencies import OnceDep
from services.api.printers.schemas import BedWord, Command, LightSwitch, Printer
from services.api.printers.service import PrinterDeskDep
from services.api.problems import problems

router = APIRouter(tags=["printers"])

_WISH = problems(403, 404, 409)


@router.get("/printers", operation_id="list_printers")
async def list_printers(desk: PrinterDeskDep) -> list[Printer]:
    """Every printer, by name."""
    return await desk.printers()


@router.get("/printers/{printer_id}", operation_id="get_printer", responses=problems(404))
async def get_printer(printer_id: UUID, desk: PrinterDeskDep) -> Printer:
    """One printer."""
    return await desk.get(printer_id)


@router.post(
    "/printers/{printer_id}/clear-bed",
    operation_id="clear_bed",
    status_code=202,
    response_model=Command,
    responses=_WISH,
)
async def clear_bed(
    printer_id: UUID, body: BedWord, desk: PrinterDeskDep, once: OnceDep
) -> Response:
    """Say that the plate is empty; names the bed_seq that one saw."""
    return await desk.clear_bed(once, printer_id, body.bed_seq)


@router.post(
    "/printers/{printer_id}/unclear-bed",
    operation_id="unclear_bed",
    status_code=202,
    response_model=Command,
    responses=_WISH,
)
async def unclear_bed(
    printer_id: UUID, body: BedWord, desk: PrinterDeskDep, once: OnceDep
) -> Response:
    """Take the word back."""
    return await desk.unclear_bed(once, printer_id, body.bed_seq)


@router.post(
    "/printers/{printer_id}/light",
    operation_id="switch_light",
    status_code=202,
    response_model=Command,
    responses=_WISH,
)
async def switch_light(
    printer_id: UUID, body: LightSwitch, desk: PrinterDeskDep, once: OnceDep
) -> Response:
    """Switch the light in the printer."""
    return await desk.switch_light(once, printer_id, on=body.on)


@router.post(
    "/printers/{printer_id}/clear-error",
    operation_id="clear_error",
    status_code=202,
    response_model=Command,
    responses=_WISH,
)
async def clear_error(printer_id: UUID, desk: PrinterDeskDep, once: OnceDep) -> Response:
    """Close the error on the printer's screen, once somebody has seen to it."""
    return await desk.clear_error(once, printer_id)


@router.get(
    "/printers/{printer_id}/camera",
    operation_id="get_camera_picture",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "A picture of now"},
        **problems(403, 404, 503),
    },
)
async def get_camera_picture(printer_id: UUID, desk: PrinterDeskDep) -> Response:
    """What the printer's camera sees: for approvers, and whose job is on the printer."""
    picture = await desk.camera_picture(printer_id)
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@router.get("/commands/{command_id}", operation_id="get_command", responses=problems(404))
async def get_command(command_id: UUID, desk: PrinterDeskDep) -> Command:
    """A wish and its answer."""
    return await desk.command(command_id)
