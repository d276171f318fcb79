"""Wishes to a node: the row that holds the answer and the message, in one transaction."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.commands import EXPIRY_S, NEVER_EXPIRES, Command, CommandKind
from contracts.ids import CommandId, CorrelationId, JournalId, PrinterId, RunId, UserId
from contracts.inspection import ArtifactInspection
from contracts.lifecycle import BEGUN_RUN_STATES, BedState, RunState
from services.db import outbox
from services.db.tables import machines
from services.db.tables.work import Artifact, Job
from services.jobs import audit
from services.jobs.actors import Actor
from services.jobs.errors import Conflict, NotAllowed, Unknown

_ABOUT_RUN = {
    CommandKind.PAUSE: (RunState.PRINTING,),
    CommandKind.RESUME: (RunState.PAUSED,),
    CommandKind.SPEED: (RunState.PRINTING,),
    CommandKind.SKIP: (RunState.PRINTING, RunState.PAUSED),
}


@dataclass(frozen=True)
class Target:
    """Where a command goes: the journal that must recognise it, and what it is about."""

    node: str
    journal_id: UUID
    printer_id: UUID
    run_id: UUID | None = None
    bed_seq: int | None = None

    @classmethod
    def run(cls, run: machines.Run) -> "Target":
        """Return the journal that holds the run."""
        return cls(run.node, run.journal_id, run.printer_id, run_id=run.id)


async def issue(
    session: AsyncSession,
    actor: Actor,
    kind: CommandKind,
    target: Target,
    *,
    now: datetime,
    correlation_id: UUID,
    value: str | None = None,
) -> machines.Command:
    """Send a wish once this transaction has committed; return its row."""
    row = machines.Command(
        id=uuid4(),
        node=target.node,
        journal_id=target.journal_id,
        printer_id=target.printer_id,
        run_id=target.run_id,
        bed_seq=target.bed_seq,
        kind=kind.value,
        value=value,
        by=actor.id,
        correlation_id=correlation_id,
        issued_at=now,
        expires_at=None if kind in NEVER_EXPIRES else now + timedelta(seconds=EXPIRY_S),
        answered_at=None,
        answer=None,
        answer_reason=None,
    )
    session.add(row)
    await outbox.add_command(session, message_of(row))
    audit.record(
        session,
        actor,
        f"printer.{kind.value}",
        "printer",
        target.printer_id,
        correlation_id=correlation_id,
        now=now,
        detail=value,
    )
    return row


def message_of(row: machines.Command) -> Command:
    """Return the command as its node gets it."""
    return Command(
        id=CommandId(row.id),
        kind=CommandKind(row.kind),
        node=row.node,
        journal_id=JournalId(row.journal_id),
        printer_id=PrinterId(row.printer_id),
        run_id=RunId(row.run_id) if row.run_id else None,
        bed_seq=row.bed_seq,
        value=row.value,
        by=UserId(row.by),
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        correlation_id=CorrelationId(row.correlation_id),
    )


async def ask_run(
    session: AsyncSession,
    actor: Actor,
    job_id: UUID,
    kind: CommandKind,
    now: datetime,
    *,
    value: str | None = None,
) -> machines.Command:
    """Ask the printer of a job's run for something that is possible now; approvers only."""
    job = await session.get(Job, job_id)
    if job is None or not (actor.may_approve or job.owner_id == actor.id):
        raise Unknown("job")
    if not actor.may_approve:
        raise NotAllowed("admins-only", "Only an admin can do this. Ask one.")
    run = await session.get(machines.Run, job.run_id) if job.run_id else None
    if run is None or run.state not in _ABOUT_RUN[kind]:
        wanted = " or ".join(_ABOUT_RUN[kind])
        raise Conflict(
            "job-state",
            f"The job is not {wanted}: {kind.value} is not possible now.",
            job_id=job_id,
        )
    target, by_click = Target.run(run), job.correlation_id
    return await issue(session, actor, kind, target, now=now, correlation_id=by_click, value=value)


async def skip_objects(
    session: AsyncSession, actor: Actor, job_id: UUID, object_ids: Set[int], now: datetime
) -> machines.Command:
    """Ask the printer to leave these objects of the plate unfinished.

    Raises Conflict for an object that is not on the plate, and when none would be left.
    """
    value = ",".join(str(number) for number in sorted(object_ids))
    row = await ask_run(session, actor, job_id, CommandKind.SKIP, now, value=value)
    job = await session.get_one(Job, job_id)
    artifact = await session.get_one(Artifact, job.artifact_id)
    found = ArtifactInspection.model_validate({"plates": (), **artifact.inspection})
    on_plate = {
        item.id for plate in found.plates if plate.index == job.plate for item in plate.objects
    }
    if not object_ids <= on_plate:
        raise Conflict("no-such-object", "The plate has no such object.", job_id=job_id)
    if object_ids == on_plate:
        raise Conflict("nothing-left", "Nothing would be left. Cancel the print.", job_id=job_id)
    return row


async def say_bed(
    session: AsyncSession,
    actor: Actor,
    printer_id: UUID,
    bed_seq: int,
    *,
    is_clear: bool,
    now: datetime,
) -> machines.Command:
    """Tell the node that the bed is clear, or take that back.

    Raises Conflict when the bed is not as the person saw it; the node judges it once more.
    """
    state = await _state_of(session, printer_id)
    await _must_know_bed(session, actor, state)
    wrong = BedState.CLEAR if is_clear else None
    if state.bed_seq != bed_seq:
        raise Conflict(
            "bed-changed",
            "The bed has changed since you looked. Look again.",
            printer_id=printer_id,
        )
    if (state.bed == BedState.CLEAR) is (wrong is not None):
        detail = "The bed is already said to be clear." if is_clear else "The bed is not clear."
        raise Conflict("bed-state", detail, printer_id=printer_id)
    if is_clear and await _has_print(session, printer_id):
        raise Conflict(
            "printer-busy", "A print is on this bed. Wait for its end.", printer_id=printer_id
        )
    kind = CommandKind.CLEAR_BED if is_clear else CommandKind.UNCLEAR_BED
    target = Target(state.node, state.journal_id, printer_id, bed_seq=bed_seq)
    return await issue(session, actor, kind, target, now=now, correlation_id=uuid4())


async def switch_light(
    session: AsyncSession, actor: Actor, printer_id: UUID, *, on: bool, now: datetime
) -> machines.Command:
    """Ask for the light in the printer to be switched; approvers only."""
    value = "on" if on else "off"
    return await _ask_printer(session, actor, printer_id, CommandKind.LIGHT, now, value=value)


async def clear_error(
    session: AsyncSession, actor: Actor, printer_id: UUID, *, now: datetime
) -> machines.Command:
    """Ask for the error on the printer's screen to be closed; approvers only."""
    return await _ask_printer(session, actor, printer_id, CommandKind.CLEAR_ERROR, now)


async def _ask_printer(
    session: AsyncSession,
    actor: Actor,
    printer_id: UUID,
    kind: CommandKind,
    now: datetime,
    *,
    value: str | None = None,
) -> machines.Command:
    state = await _state_of(session, printer_id)
    if not actor.may_approve:
        raise NotAllowed("admins-only", "Only an admin can do this. Ask one.")
    target = Target(state.node, state.journal_id, printer_id)
    return await issue(session, actor, kind, target, now=now, correlation_id=uuid4(), value=value)


async def _state_of(session: AsyncSession, printer_id: UUID) -> machines.PrinterState:
    if await session.get(machines.Printer, printer_id) is None:
        raise Unknown("printer")
    state = await session.get(machines.PrinterState, printer_id)
    if state is None:
        raise Conflict(
            "printer-silent",
            "Nothing was heard of this printer yet. Check that its node runs.",
            printer_id=printer_id,
        )
    return state


async def _must_know_bed(session: AsyncSession, actor: Actor, state: machines.PrinterState) -> None:
    """Let admins speak, and the person whose print was the last on this bed."""
    if actor.may_approve:
        return
    owner = (
        select(Job.owner_id)
        .join(machines.Run, col(machines.Run.job_id) == col(Job.id))
        .where(col(machines.Run.id) == state.bed_run_id)
    )
    if (await session.exec(owner)).first() != actor.id:
        raise NotAllowed(
            "not-your-bed", "Only an admin or the person who printed last can say this."
        )


async def _has_print(session: AsyncSession, printer_id: UUID) -> bool:
    running = select(machines.Run.id).where(
        col(machines.Run.printer_id) == printer_id,
        col(machines.Run.state).in_(sorted(state.value for state in BEGUN_RUN_STATES)),
        ~col(machines.Run.printer_is_free),
    )
    return (await session.exec(running)).first() is not None
