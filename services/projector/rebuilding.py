"""The projection made again from the log alone: what it must equal at any time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg

from contracts.events import AnyEvent, JobClaimed
from contracts.lifecycle import IllegalTransition
from services.projector.printer_projection import (
    PRINTER_EVENTS,
    PrinterView,
    fold_printer,
    new_printer,
)
from services.projector.projection import (
    RUN_EVENTS,
    NotThisRun,
    RunView,
    Waits,
    fold_run,
    new_run,
)
from services.projector.reading import details_of, service_event_of

Connection: TypeAlias = asyncpg.Connection

_LOG = """
SELECT journal_id, node_seq, received_at, body::text AS body FROM event_log ORDER BY gseq
"""
_ESTIMATES = "SELECT id, (spec->>'estimate_s')::int AS estimate_s FROM run"


@dataclass(frozen=True, slots=True)
class Logged:
    """A row of the log; `event` is None when its details can't be read."""

    journal_id: UUID | None
    node_seq: int | None
    received_at: datetime
    event: AnyEvent | None


@dataclass
class Rebuilt:
    """What the log says."""

    runs: dict[UUID, RunView] = field(default_factory=dict)
    printers: dict[UUID, PrinterView] = field(default_factory=dict)
    watermarks: dict[UUID, int] = field(default_factory=dict)


async def rebuild(connection: Connection, waits: Waits) -> Rebuilt:
    """Fold the whole log, in one snapshot; the live tables are only asked for estimates."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await connection.fetch(_LOG)
        estimates = {row["id"]: row["estimate_s"] for row in await connection.fetch(_ESTIMATES)}
    log = [
        Logged(
            row["journal_id"],
            row["node_seq"],
            row["received_at"],
            _event(row["body"].encode(), is_fact=row["journal_id"] is not None),
        )
        for row in rows
    ]
    return fold_log(log, estimates, waits)


def fold_log(log: Iterable[Logged], estimates: Mapping[UUID, int | None], waits: Waits) -> Rebuilt:
    """Return what the rows say, in their order; each journal's facts wait for those before."""
    rows = list(log)
    folding = _Folding(waits)
    for row in rows:
        if isinstance(row.event, JobClaimed):
            # The claim inserts the run itself, before anybody can say anything about it.
            estimate_s = estimates.get(row.event.run_id)
            folding.rebuilt.runs[row.event.run_id] = new_run(row.event, estimate_s=estimate_s)
    for row in rows:
        folding.add(row)
    return folding.rebuilt


class _Folding:
    def __init__(self, waits: Waits) -> None:
        self.rebuilt = Rebuilt()
        self._waits = waits
        self._held: dict[UUID, dict[int, Logged]] = {}
        self._printers: dict[tuple[UUID, UUID], PrinterView] = {}

    def add(self, row: Logged) -> None:
        if row.journal_id is None or row.node_seq is None:
            self._fold(row)
            return
        held = self._held.setdefault(row.journal_id, {})
        held[row.node_seq] = row
        seq = self.rebuilt.watermarks.get(row.journal_id, 0)
        while (next_row := held.pop(seq + 1, None)) is not None:
            seq += 1
            self._fold(next_row)
        self.rebuilt.watermarks[row.journal_id] = seq

    def _fold(self, row: Logged) -> None:
        event = row.event
        if isinstance(event, RUN_EVENTS) and event.run_id in self.rebuilt.runs:
            run = self.rebuilt.runs[event.run_id]
            try:
                folded = fold_run(run, event, row.received_at, self._waits)
            except (IllegalTransition, NotThisRun):
                return
            self.rebuilt.runs[run.id] = folded
        elif isinstance(event, PRINTER_EVENTS):
            key = (event.printer_id, event.journal_id)
            printer = self._printers.get(key) or new_printer(event, row.received_at)
            self._printers[key] = fold_printer(printer, event, row.received_at)
            self.rebuilt.printers[event.printer_id] = self._printers[key]


def _event(body: bytes, *, is_fact: bool) -> AnyEvent | None:
    return details_of(body) if is_fact else service_event_of(body)
