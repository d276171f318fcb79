"""The projection made again from the log alone: what it must equal at any time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg

from contracts.events import AnyEvent, AnyPrinterFact, JobClaimed, NodeGivenPrinter
from contracts.lifecycle import IllegalTransition
from services.projector.printer_projection import (
    PRINTER_EVENTS,
    Holder,
    PrinterView,
    fold_printer,
    holder_after,
    is_heard,
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
SELECT gseq, journal_id, node, node_seq, received_at, body::text AS body
FROM event_log WHERE gseq > $1 ORDER BY gseq
"""
_ESTIMATE = "SELECT (spec->>'estimate_s')::int FROM run WHERE id = $1"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Logged:
    """A row of the log; `event` is None when its details can't be read."""

    journal_id: UUID | None
    node_seq: int | None
    received_at: datetime
    event: AnyEvent | None
    node: str | None = None


@dataclass
class Rebuilt:
    """What the log says."""

    runs: dict[UUID, RunView] = field(default_factory=dict)
    printers: dict[UUID, PrinterView] = field(default_factory=dict)
    watermarks: dict[UUID, int] = field(default_factory=dict)
    owners: dict[UUID, str] = field(default_factory=dict)
    """The node of each journal."""


async def rebuild(connection: Connection, waits: Waits) -> Rebuilt:
    """Fold the whole log, in one snapshot; the live tables are only asked for estimates."""
    folding = Folding(waits)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await read_on(connection, folding, after_gseq=0)
    return folding.rebuilt


async def read_on(connection: Connection, folding: "Folding", *, after_gseq: int) -> int:
    """Fold what is in the log after `after_gseq`; return the last gseq. Needs a transaction."""
    last = after_gseq
    async for row in connection.cursor(_LOG, after_gseq, prefetch=_AT_ONCE):
        logged = Logged(
            row["journal_id"],
            row["node_seq"],
            row["received_at"],
            _event(row["body"].encode(), is_fact=row["journal_id"] is not None),
            row["node"],
        )
        if isinstance(logged.event, JobClaimed):
            run_id = logged.event.run_id
            folding.estimates[run_id] = await connection.fetchval(_ESTIMATE, run_id)
        folding.add(logged)
        last = row["gseq"]
    return last


def fold_log(log: Iterable[Logged], estimates: Mapping[UUID, int | None], waits: Waits) -> Rebuilt:
    """Return what the rows say, in their order; each journal's facts wait for those before."""
    folding = Folding(waits)
    folding.estimates.update(estimates)
    for row in log:
        folding.add(row)
    return folding.rebuilt


class Folding:
    """The fold of a log, row by row; `changed` are the runs that rows have touched."""

    def __init__(self, waits: Waits) -> None:
        self.rebuilt = Rebuilt()
        self.estimates: dict[UUID, int | None] = {}
        self.changed: set[UUID] = set()
        self._waits = waits
        self._held: dict[UUID, dict[int, Logged]] = {}
        self._unclaimed: dict[UUID, list[Logged]] = {}
        self._printers: dict[UUID, dict[UUID, PrinterView]] = {}
        """By printer and journal; the journal that spoke last stands last."""
        self._holders: dict[UUID, Holder] = {}

    def add(self, row: Logged) -> None:
        """Fold a row, and those that waited for it."""
        if row.journal_id is None or row.node_seq is None:
            self._fold(row)
            return
        self.rebuilt.owners.setdefault(row.journal_id, row.node or "")
        held = self._held.setdefault(row.journal_id, {})
        held[row.node_seq] = row
        seq = self.rebuilt.watermarks.get(row.journal_id, 0)
        while (next_row := held.pop(seq + 1, None)) is not None:
            seq += 1
            self._fold(next_row)
        self.rebuilt.watermarks[row.journal_id] = seq

    def _fold(self, row: Logged) -> None:
        event = row.event
        if isinstance(event, JobClaimed):
            self._claim(event)
        elif isinstance(event, RUN_EVENTS) and event.run_id is not None:
            self._fold_run(row, event.run_id)
        elif isinstance(event, PRINTER_EVENTS):
            self._fold_printer(event, row.received_at)
        elif isinstance(event, NodeGivenPrinter):
            holder = holder_after(self._holders.get(event.printer_id), event)
            self._holders[event.printer_id] = holder
            self._show(event.printer_id)

    def _claim(self, event: JobClaimed) -> None:
        """Begin a run. The claim made it at once; what was said of it since may be logged first."""
        estimate_s = self.estimates.get(event.run_id)
        self.rebuilt.runs.setdefault(event.run_id, new_run(event, estimate_s=estimate_s))
        self.changed.add(event.run_id)
        for row in self._unclaimed.pop(event.run_id, []):
            self._fold_run(row, event.run_id)

    def _fold_printer(self, fact: AnyPrinterFact, received_at: datetime) -> None:
        views = self._printers.setdefault(fact.printer_id, {})
        view = views.pop(fact.journal_id, None) or new_printer(fact, received_at)
        views[fact.journal_id] = fold_printer(view, fact, received_at)
        self._show(fact.printer_id)

    def _show(self, printer_id: UUID) -> None:
        """Have the printer be as the journal says that is heard and spoke last, if there is one."""
        holder = self._holders.get(printer_id)
        self.rebuilt.printers.pop(printer_id, None)
        for view in reversed(self._printers.get(printer_id, {}).values()):
            if is_heard(view.node, holder):
                self.rebuilt.printers[printer_id] = view
                return

    def _fold_run(self, row: Logged, run_id: UUID) -> None:
        run = self.rebuilt.runs.get(run_id)
        if run is None:
            self._unclaimed.setdefault(run_id, []).append(row)
            return
        if row.event is None:
            return
        try:
            self.rebuilt.runs[run_id] = fold_run(run, row.event, row.received_at, self._waits)
        except (IllegalTransition, NotThisRun):
            return
        self.changed.add(run_id)


def _event(body: bytes, *, is_fact: bool) -> AnyEvent | None:
    return details_of(body) if is_fact else service_event_of(body)
