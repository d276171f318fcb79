"""One run or printer made again from the log: for a fact that has its place there already."""

from typing import TypeAlias
from uuid import UUID

import asyncpg

from contracts.events import AnyEvent, AnyPrinterFact, JobClaimed
from contracts.lifecycle import IllegalTransition
from services.projector import read_model
from services.projector.printer_projection import (
    PRINTER_EVENTS,
    fold_printer,
    is_heard,
    new_printer,
)
from services.projector.projection import RUN_EVENTS, NotThisRun, RunView, Waits, fold_run, new_run
from services.projector.reading import details_of, service_event_of

Connection: TypeAlias = asyncpg.Connection

_RUN_LOG = """
SELECT event_id, journal_id, received_at, body::text AS body
FROM (
    SELECT event_id, journal_id, node_seq, run_id, received_at, body,
           CASE WHEN journal_id IS NULL THEN gseq
                ELSE max(gseq) OVER (PARTITION BY journal_id ORDER BY node_seq) END AS turn
    FROM event_log
    WHERE journal_id IN (
        SELECT journal_id FROM event_log WHERE job_id = $2 AND run_id = $1
    ) OR (job_id = $2 AND run_id = $1)
) AS told LEFT JOIN edge_watermark USING (journal_id)
WHERE run_id = $1 AND (journal_id IS NULL OR node_seq <= contiguous_seq)
ORDER BY turn, node_seq NULLS FIRST
"""
"""A fact's turn is when all before it in its journal were there."""


class DoesNotFit(Exception):
    """The fact does not fit its run where it stands in the log; the text says why."""


async def refold(connection: Connection, event: AnyEvent, event_id: UUID, waits: Waits) -> None:
    """Fold what `event` is about anew, from the log; raise DoesNotFit when it adds nothing."""
    if isinstance(event, RUN_EVENTS) and event.run_id is not None:
        await _refold_run(connection, event.run_id, event.job_id, event_id, waits)
    elif isinstance(event, PRINTER_EVENTS):
        await _refold_printer(connection, event)


async def _refold_run(
    connection: Connection, run_id: UUID, job_id: UUID, event_id: UUID, waits: Waits
) -> None:
    known = (await read_model.load_runs(connection, [run_id])).get(run_id)
    if known is None:
        raise DoesNotFit(f"there is no run {run_id}")
    view: RunView | None = None
    waiting: list[asyncpg.Record] = []
    for row in await connection.fetch(_RUN_LOG, run_id, job_id):
        event = _event(row)
        if isinstance(event, JobClaimed):
            view = new_run(event, estimate_s=known.estimate_s)
            for early in waiting:
                view = _fold(view, early, event_id, waits)
        elif view is None:
            waiting.append(row)
        else:
            view = _fold(view, row, event_id, waits)
    if view is None:
        raise DoesNotFit(f"the log has no claim of run {run_id}")
    if view != known:
        await read_model.save_runs(connection, [view])


def _fold(view: RunView, row: asyncpg.Record, event_id: UUID, waits: Waits) -> RunView:
    event = _event(row)
    if event is None:
        return view
    try:
        return fold_run(view, event, row["received_at"], waits)
    except (IllegalTransition, NotThisRun) as exc:
        if row["event_id"] == event_id:
            raise DoesNotFit(str(exc)) from exc
        return view


async def _refold_printer(connection: Connection, fact: AnyPrinterFact) -> None:
    holders = await read_model.holders(connection, [fact.printer_id])
    if not is_heard(fact.node, holders.get(fact.printer_id)):
        return
    views = await read_model.load_printers(connection, [fact.printer_id])
    known = views.get(fact.printer_id)
    if known is not None and known.journal_id != fact.journal_id:
        return  # another journal speaks of it by now
    last_seq = max(fact.node_seq, known.node_seq if known else 0)
    facts = await read_model.printer_facts_before(
        connection, fact.printer_id, fact.journal_id, last_seq + 1
    )
    view = None
    for body, received_at in facts:
        event = details_of(body)
        if isinstance(event, PRINTER_EVENTS):
            view = fold_printer(view or new_printer(event, received_at), event, received_at)
    if view is not None:
        await read_model.save_printers(connection, [view])


def _event(row: asyncpg.Record) -> AnyEvent | None:
    body = row["body"].encode()
    return service_event_of(body) if row["journal_id"] is None else details_of(body)
