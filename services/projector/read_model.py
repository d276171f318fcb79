"""Runs, printers and commands in the database, as the projection reads and writes them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from contracts.events import CommandDone, CommandRefused, PrinterActivity
from contracts.lifecycle import BedState, Resolution, RunState
from services.projector.printer_projection import Holder, PrinterView
from services.projector.projection import RunView

Connection: TypeAlias = asyncpg.Connection

RUN_STATE_COLUMNS: Mapping[str, str] = {
    "journal_id": "uuid",
    "state": "text",
    "printer_is_free": "bool",
    "fact_state": "text",
    "run_seq": "int",
    "overdue_in": "text",
    "resolved_as": "text",
    "cause": "text",
    "reason": "text",
    "code": "text",
    "advice": "text",
    "percent": "int",
    "layer": "int",
    "total_layers": "int",
    "minutes_left": "int",
    "started_at": "timestamptz",
    "ended_at": "timestamptz",
    "last_fact_at": "timestamptz",
    "deadline_at": "timestamptz",
}
"""What the projector writes of a run; the rest is the claim's."""

PRINTER_COLUMNS = (
    "printer_id",
    "node",
    "journal_id",
    "node_seq",
    "serial",
    "name",
    "firmware",
    "loaded",
    "is_online",
    "activity",
    "detail",
    "code",
    "bed",
    "bed_seq",
    "bed_run_id",
    "bed_by",
    "bed_reason",
    "bed_since",
    "last_fact_at",
)

_RUNS = f"""
SELECT id, job_id, printer_id, node, releases_before, (spec->>'estimate_s')::int AS estimate_s,
       {", ".join(RUN_STATE_COLUMNS)}
FROM run WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE
"""  # noqa: S608 - names of columns, from above
_DUE = """
SELECT id FROM run
WHERE state NOT IN ('done', 'failed', 'cancelled', 'released') AND deadline_at <= $1
ORDER BY deadline_at LIMIT $2
"""
_NEXT_DEADLINE = """
SELECT min(deadline_at) FROM run
WHERE state NOT IN ('done', 'failed', 'cancelled', 'released') AND deadline_at IS NOT NULL
"""
_FORGOTTEN = """
SELECT run.id, said.journal_id FROM run
JOIN printer ON printer.id = run.printer_id
JOIN printer_state AS said ON said.printer_id = printer.id AND said.node = printer.node
WHERE run.state NOT IN ('done', 'failed', 'cancelled', 'released', 'attention')
  AND said.journal_id <> run.journal_id
ORDER BY run.id LIMIT $1
"""
_CORRELATIONS = """
SELECT run.id, job.correlation_id FROM run JOIN job ON job.id = run.job_id
WHERE run.id = ANY($1::uuid[])
"""
_ANSWER = """
UPDATE command SET answered_at = $3, answer = $4, answer_reason = $5
WHERE id = $1 AND node = $2 AND answered_at IS NULL
"""
_HOLDERS = """
SELECT printer_id, (body ->> 'epoch')::int AS epoch, body ->> 'node' AS node FROM event_log
WHERE printer_id = ANY($1::uuid[]) AND type = 'node.given_printer'
"""
_SPOKE_LAST = """
SELECT told.journal_id, contiguous_seq FROM (
    SELECT journal_id, node_seq, printer_id, type,
           max(gseq) OVER (PARTITION BY journal_id ORDER BY node_seq) AS turn
    FROM event_log
    WHERE journal_id IN (
        SELECT journal_id FROM event_log
        WHERE printer_id = $1 AND node = $2 AND type LIKE 'printer.%'
    )
) AS told JOIN edge_watermark USING (journal_id)
WHERE printer_id = $1 AND type LIKE 'printer.%' AND node_seq <= contiguous_seq
ORDER BY turn DESC, node_seq DESC LIMIT 1
"""
"""A fact's turn is when all before it in its journal were there."""
_PRINTER_FACTS = """
SELECT body::text AS body, received_at FROM event_log
WHERE printer_id = $1 AND journal_id = $2 AND node_seq < $3 AND type LIKE 'printer.%'
ORDER BY node_seq
"""


async def load_runs(connection: Connection, run_ids: Sequence[UUID]) -> dict[UUID, RunView]:
    """Return the runs, their rows locked."""
    rows = await connection.fetch(_RUNS, run_ids)
    return {row["id"]: run_of(row) for row in rows}


def run_of(row: Mapping[str, Any]) -> RunView:
    """Return the run in a row; what is derived is not read."""
    values = {k: v for k, v in row.items() if k not in {"state", "printer_is_free"}}
    values["fact_state"] = RunState(values["fact_state"])
    values["overdue_in"] = RunState(values["overdue_in"]) if values["overdue_in"] else None
    values["resolved_as"] = Resolution(values["resolved_as"]) if values["resolved_as"] else None
    return RunView(**values)


async def save_runs(connection: Connection, runs: Sequence[RunView]) -> None:
    """Write what the projection knows of these runs, in one statement."""
    if not runs:
        return
    names = list(RUN_STATE_COLUMNS)
    arrays = ", ".join(f"${i}::{kind}[]" for i, kind in enumerate(RUN_STATE_COLUMNS.values(), 2))
    sets = ", ".join(f"{name} = new.{name}" for name in names)
    columns = [[getattr(run, name) for run in runs] for name in names]
    await connection.execute(
        f"UPDATE run SET {sets} FROM unnest($1::uuid[], {arrays}) "  # noqa: S608 - column names
        f"AS new (id, {', '.join(names)}) WHERE run.id = new.id",
        [run.id for run in runs],
        *columns,
    )


async def due_runs(connection: Connection, now: datetime, limit: int) -> list[UUID]:
    """Return unresolved runs whose deadline has passed, the longest ago first."""
    return [row["id"] for row in await connection.fetch(_DUE, now, limit)]


async def forgotten_runs(connection: Connection, limit: int) -> dict[UUID, UUID]:
    """Return unresolved runs of which the journal that speaks of their printer now knows nothing.

    The values are the ids of these journals. A run that needs a person already is left out.
    """
    rows = await connection.fetch(_FORGOTTEN, limit)
    return {row["id"]: row["journal_id"] for row in rows}


async def next_deadline(connection: Connection) -> datetime | None:
    """Return the earliest deadline of an unresolved run."""
    earliest: datetime | None = await connection.fetchval(_NEXT_DEADLINE)
    return earliest


async def correlations(connection: Connection, run_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the correlation ids of the runs' jobs."""
    rows = await connection.fetch(_CORRELATIONS, run_ids)
    return {row["id"]: row["correlation_id"] for row in rows}


async def load_printers(
    connection: Connection, printer_ids: Sequence[UUID]
) -> dict[UUID, PrinterView]:
    """Return what is known of the printers."""
    rows = await connection.fetch(
        f"SELECT {', '.join(PRINTER_COLUMNS)} FROM printer_state "  # noqa: S608 - column names
        "WHERE printer_id = ANY($1::uuid[]) FOR UPDATE",
        printer_ids,
    )
    return {row["printer_id"]: printer_of(row) for row in rows}


def printer_of(row: Mapping[str, Any]) -> PrinterView:
    """Return the printer in a row."""
    values = dict(row)
    values["activity"] = PrinterActivity(values["activity"])
    values["bed"] = BedState(values["bed"])
    return PrinterView(**values)


async def save_printers(connection: Connection, printers: Sequence[PrinterView]) -> None:
    """Write what the projection knows of these printers."""
    names = ", ".join(PRINTER_COLUMNS)
    places = ", ".join(f"${i}" for i in range(1, len(PRINTER_COLUMNS) + 1))
    sets = ", ".join(f"{name} = EXCLUDED.{name}" for name in PRINTER_COLUMNS[1:])
    await connection.executemany(
        f"INSERT INTO printer_state ({names}) VALUES ({places}) "  # noqa: S608 - column names
        f"ON CONFLICT (printer_id) DO UPDATE SET {sets}",
        [[getattr(printer, name) for name in PRINTER_COLUMNS] for printer in printers],
    )


async def drop_printers(connection: Connection, printer_ids: Sequence[UUID]) -> None:
    """Forget what was said of these printers."""
    await connection.execute(
        "DELETE FROM printer_state WHERE printer_id = ANY($1::uuid[])", printer_ids
    )


async def holders(connection: Connection, printer_ids: Sequence[UUID]) -> dict[UUID, Holder]:
    """Return who holds each printer, as far as the log knows it."""
    found: dict[UUID, Holder] = {}
    for row in await connection.fetch(_HOLDERS, printer_ids):
        told = Holder(row["epoch"], row["node"])
        found[row["printer_id"]] = max(found.get(row["printer_id"], told), told)
    return found


async def journal_that_spoke_last(
    connection: Connection, printer_id: UUID, node: str
) -> tuple[UUID, int] | None:
    """Return the node's journal that said the last that was folded of a printer, and how far."""
    row = await connection.fetchrow(_SPOKE_LAST, printer_id, node)
    return None if row is None else (row["journal_id"], row["contiguous_seq"])


async def printer_facts_before(
    connection: Connection, printer_id: UUID, journal_id: UUID, node_seq: int
) -> list[tuple[bytes, datetime]]:
    """Return what a journal said of a printer before `node_seq`, and when it came."""
    rows = await connection.fetch(_PRINTER_FACTS, printer_id, journal_id, node_seq)
    return [(row["body"].encode(), row["received_at"]) for row in rows]


async def answer_command(
    connection: Connection, fact: CommandDone | CommandRefused, now: datetime
) -> None:
    """Write a node's answer beside the command; the first one stands."""
    answer, reason = "done", None
    if isinstance(fact, CommandRefused):
        answer, reason = "refused", fact.reason
    await connection.execute(_ANSWER, fact.command_id, fact.node, now, answer, reason)
