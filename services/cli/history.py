"""`layerline events`: what happened, in the order in which it was written down."""

import argparse
import json
import sys

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.cli.failure import CliError
from services.cli.work import in_transaction
from services.db.tables.bus import EventLog

ENVELOPE = frozenset(
    {
        *("id", "type", "v", "occurred_at", "correlation_id", "causation_id", "node"),
        *("journal_id", "node_seq", "run_seq", "job_id", "run_id", "printer_id"),
    }
)
"""What a line says by itself, or what says nothing to a person."""


def show_events(options: argparse.Namespace) -> None:
    """Print the events of a job or a printer, or the last ones of all."""

    async def act(session: AsyncSession) -> int:
        count = 0
        for row in await _read(session, options):
            sys.stdout.write(f"{_as_json(row) if options.json else _as_line(row)}\n")
            count += 1
        return count

    if in_transaction(act) == 0:
        raise CliError("there are no such events; is the id right?")


async def _read(session: AsyncSession, options: argparse.Namespace) -> list[EventLog]:
    statement = select(EventLog)
    if options.job is not None:
        statement = statement.where(col(EventLog.job_id) == options.job)
    if options.printer is not None:
        statement = statement.where(col(EventLog.printer_id) == options.printer)
    newest_first = statement.order_by(col(EventLog.gseq).desc()).limit(options.last)
    return list(reversed((await session.exec(newest_first)).all()))


def _as_line(row: EventLog) -> str:
    place = f"{row.node}#{row.node_seq}" if row.node_seq is not None else "services"
    details = {
        name: value
        for name, value in row.body.items()
        if name not in ENVELOPE and value not in (None, "", [], {})
    }
    said = " ".join(f"{name}={json.dumps(value)}" for name, value in details.items())
    return f"{row.gseq:>8}  {row.occurred_at:%Y-%m-%d %H:%M:%S}  {row.type:24} {place:20} {said}"


def _as_json(row: EventLog) -> str:
    return json.dumps(
        {"gseq": row.gseq, "received_at": row.received_at.isoformat(), **row.body},
        ensure_ascii=False,
    )
