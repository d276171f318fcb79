"""Deadlines of runs: each one that passes becomes an event in the log, folded like any other.

So does a run whose node has lost its memory of it: nobody would tell how it ends.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID, uuid5

import asyncpg
import structlog

from contracts.events import AttentionCause, RunOverdue, event_bytes
from contracts.ids import CorrelationId, EventId, JobId, RunId
from contracts.sentences import Sentence
from contracts.subjects import event_subject
from runtime.clock import Clock
from services.projector import read_model
from services.projector.projecting import project
from services.projector.projection import RunView, Waits, overdue_cause
from services.projector.reading import Message
from services.projector.writing import AWAY, Writer

log = structlog.get_logger()

Connection: TypeAlias = asyncpg.Connection

AT_ONCE = 100
BACKSTOP_S = 60.0
RETRY_S = 2.0
_REASONS: Mapping[AttentionCause, str] = MappingProxyType(
    {
        AttentionCause.TRANSFER_OVERDUE: Sentence.TRANSFER_LATE,
        AttentionCause.START_NOT_SEEN: Sentence.START_LATE,
        AttentionCause.PRINT_OVERDUE: Sentence.PRINT_LATE,
        AttentionCause.RUN_UNKNOWN_TO_NODE: Sentence.MEMORY_LOST,
    }
)


async def tell_overdue(connection: Connection, clock: Clock, waits: Waits) -> int:
    """Put an event into the log for each deadline that has passed and each run that is forgotten.

    Returns how many.
    """
    forgotten = await read_model.forgotten_runs(connection, AT_ONCE)
    due = await read_model.due_runs(connection, clock.now(), AT_ONCE)
    ids = list({*forgotten, *due})
    if not ids:
        return 0
    correlations = await read_model.correlations(connection, ids)
    async with connection.transaction():
        runs = await read_model.load_runs(connection, ids)
    messages = [
        _message(run, correlations[run.id], clock.now(), forgotten.get(run.id))
        for run in runs.values()
        if not run.is_decided
    ]
    await project(connection, messages, clock, waits)
    return len(messages)


def _message(
    run: RunView, correlation_id: UUID, now: datetime, forgotten_by: UUID | None
) -> Message:
    if forgotten_by is None:
        cause = overdue_cause(run.fact_state)
        since = f"{run.fact_state}/{run.deadline_at}"
    else:
        cause = AttentionCause.RUN_UNKNOWN_TO_NODE
        since = f"{forgotten_by}/{run.run_seq}/{run.resolved_as}"
    event = RunOverdue(
        # The same reason gives the same id: told once, whatever happens in between.
        id=EventId(uuid5(run.id, since)),
        occurred_at=now,
        correlation_id=CorrelationId(correlation_id),
        job_id=JobId(run.job_id),
        run_id=RunId(run.id),
        in_state=run.fact_state,
        cause=cause,
        reason=_REASONS[cause],
    )
    log.warning("run_overdue", run_id=run.id, in_state=run.fact_state, cause=cause)
    return Message(event_subject(event), event_bytes(event))


class DeadlineWatch:
    """Waits for the next deadline; `changed` wakes it when a nearer one or a journal may be new."""

    def __init__(self, writer: Writer, clock: Clock, waits: Waits) -> None:
        self._writer, self._clock, self._waits = writer, clock, waits
        self.changed = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled."""
        await self._writer.is_first.wait()
        while True:
            self.changed.clear()
            try:
                wait_s = await self._tell()
            except AWAY as exc:
                log.warning("deadlines_postponed", error=f"{type(exc).__name__}: {exc}")
                wait_s = RETRY_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self.changed.wait()

    async def _tell(self) -> float:
        """Return the seconds until the next deadline."""
        async with self._writer.turn() as connection:
            while await tell_overdue(connection, self._clock, self._waits) >= AT_ONCE:
                pass
            deadline = await read_model.next_deadline(connection)
        if deadline is None:
            return BACKSTOP_S
        left_s = (deadline - self._clock.now()).total_seconds()
        return min(BACKSTOP_S, max(left_s, 0.0) + 0.01)
