"""Printers and commands as their viewer sees them."""

from datetime import datetime

from contracts.commands import CommandKind
from contracts.events import PrinterActivity
from contracts.lifecycle import BEGUN_RUN_STATES, BedState
from contracts.loaded import Loaded
from contracts.sentences import saying_of
from services.api.jobs.presenting import Heard, present_job
from services.api.printers.reading import PrinterRow
from services.api.printers.schemas import (
    Bed,
    Command,
    CommandAnswer,
    JobOnBed,
    Printer,
    PrinterAbility,
)
from services.db.tables import machines
from services.jobs.actors import Actor
from services.jobs.models import name_of
from services.jobs.views import JobRow


def present_printer(
    row: PrinterRow, job: JobRow | None, viewer: Actor, heard: Heard, now: datetime
) -> Printer:
    """Return what the viewer sees of a printer."""
    loaded = Loaded.model_validate(row.loaded) if row.loaded else None
    last_job = None
    if row.bed_job_id is not None and row.bed_artifact_id is not None:
        last_job = JobOnBed(
            id=row.bed_job_id,
            name=row.bed_job_name or "",
            artifact_id=row.bed_artifact_id,
            plate=row.bed_plate or 1,
        )
    return Printer(
        id=row.id,
        name=row.name,
        queue=row.queue,
        node=row.node,
        is_enabled=row.is_enabled,
        model=loaded.model if loaded else None,
        model_name=name_of(loaded.model) if loaded else None,
        firmware=row.firmware,
        is_online=bool(row.is_online),
        activity=PrinterActivity(row.activity or PrinterActivity.UNKNOWN),
        detail=row.detail,
        said=saying_of(row.detail),
        code=row.code,
        bed=Bed(
            state=BedState(row.bed or BedState.UNKNOWN),
            seq=row.bed_seq or 0,
            since=row.bed_since,
            by=row.bed_by_name,
            reason=row.bed_reason,
            said=saying_of(row.bed_reason),
            last_job=last_job,
        ),
        loaded=loaded,
        current_job=present_job(job, viewer, heard, now) if job else None,
        last_fact_at=row.last_fact_at,
        allowed_actions=abilities(row, job, viewer),
    )


def abilities(row: PrinterRow, job: JobRow | None, viewer: Actor) -> list[PrinterAbility]:
    """Return what the viewer can ask of the printer as it is now."""
    able: list[PrinterAbility] = []
    knows_bed = viewer.may_approve or row.bed_job_owner_id == viewer.id
    if row.bed is not None and knows_bed:
        if row.bed == BedState.CLEAR:
            able.append(PrinterAbility.UNCLEAR_BED)
        elif job is None or job.phase not in BEGUN_RUN_STATES:
            able.append(PrinterAbility.CLEAR_BED)
    if viewer.may_approve and row.is_online:
        able.append(PrinterAbility.LIGHT)
        if row.code is not None:
            able.append(PrinterAbility.CLEAR_ERROR)
    is_theirs = job is not None and job.owner_id == viewer.id
    if row.is_online and (viewer.may_approve or is_theirs):
        able.append(PrinterAbility.CAMERA)
    return able


def present_command(row: machines.Command) -> Command:
    """Return a wish and its answer."""
    answer = None
    if row.answered_at is not None:
        is_done = row.answer == CommandAnswer.DONE
        answer = CommandAnswer.DONE if is_done else CommandAnswer.REFUSED
    return Command(
        id=row.id,
        kind=CommandKind(row.kind),
        printer_id=row.printer_id,
        run_id=row.run_id,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        answered_at=row.answered_at,
        answer=answer,
        answer_reason=row.answer_reason,
        said=saying_of(row.answer_reason),
    )
