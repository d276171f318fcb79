"""What a person says became of a run that nobody knows about."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.commands import CommandKind
from contracts.events import PrinterActivity, RunResolved
from contracts.ids import JobId, RunId
from contracts.lifecycle import Resolution, RunState
from services.db import outbox
from services.db.tables.machines import PrinterState, Run
from services.db.tables.work import Job
from services.jobs import commands, words
from services.jobs.actors import Actor
from services.jobs.decisions import envelope
from services.jobs.errors import Conflict, NotAllowed, Unknown

AT_WORK_ACTIVITIES = frozenset(
    {PrinterActivity.PRINTING, PrinterActivity.PAUSED, PrinterActivity.BUSY}
)
"""What a printer says that may be printing what nobody saw it start."""


async def resolve(
    session: AsyncSession,
    actor: Actor,
    run_id: UUID,
    outcome: Resolution,
    reason: str,
    now: datetime,
) -> JobId:
    """Put a person's word on a run that needs attention; return its job.

    The projection takes the word as an event; the node gets it as a command.
    """
    run = await session.get(Run, run_id)
    job = await session.get(Job, run.job_id) if run else None
    if run is None or job is None or not (actor.may_approve or job.owner_id == actor.id):
        raise Unknown("run")
    if not actor.may_approve:
        raise NotAllowed("admins-only", "Only an admin can do this. Ask one.")
    await session.get_one(Job, job.id, with_for_update=True, populate_existing=True)
    await session.refresh(run)
    await _must_need_word(session, job, run, outcome, now)
    event = RunResolved(
        **envelope(job, now),
        job_id=JobId(job.id),
        run_id=RunId(run_id),
        outcome=outcome,
        by=actor.id,
        reason=reason,
    )
    await outbox.add_event(session, event)
    await commands.issue(
        session,
        actor,
        CommandKind.RESOLVE,
        commands.Target.run(run),
        now=now,
        correlation_id=job.correlation_id,
        value=outcome.value,
    )
    return JobId(job.id)


async def _must_need_word(
    session: AsyncSession, job: Job, run: Run, outcome: Resolution, now: datetime
) -> None:
    """Raise Conflict unless the run waits for a word, and this one is not ruled out."""
    if run.state != RunState.ATTENTION:
        raise Conflict("run-state", "This run does not need attention any more.", job_id=job.id)
    if await words.is_being_resolved(session, run.id, now):
        raise Conflict(
            "run-being-resolved", "Somebody has just decided about this run.", job_id=job.id
        )
    printer = await session.get(PrinterState, run.printer_id)
    if outcome is Resolution.PRINTING and printer and printer.journal_id != run.journal_id:
        raise Conflict(
            "print-unknown-to-node",
            "The node has lost its memory of this print and would not tell how it ends. "
            "Wait for the end, then say how it ended.",
            job_id=job.id,
        )
    if outcome is Resolution.RELEASED and _is_at_work(printer, run):
        raise Conflict(
            "printer-at-work",
            "The printer says that it prints. Say that it never started once it has ended.",
            job_id=job.id,
        )


def _is_at_work(printer: PrinterState | None, run: Run) -> bool:
    """Tell whether the printer says that it works, so that the run may be what it works on."""
    if printer is None or not printer.is_online or run.printer_is_free:
        return False
    return printer.activity in AT_WORK_ACTIVITIES
