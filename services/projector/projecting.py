"""A batch of messages in one transaction: log, fold, watermark, dead letters, notification."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg
import structlog

from contracts.events import (
    AnyEvent,
    CommandDone,
    CommandRefused,
    JobClaimed,
    JobProgress,
    NodeGivenPrinter,
)
from contracts.lifecycle import IllegalTransition, RunState
from runtime.clock import Clock
from services.projector import event_log, read_model
from services.projector.event_log import Watermark
from services.projector.printer_projection import (
    PRINTER_EVENTS,
    Holder,
    PrinterView,
    fold_printer,
    is_heard,
    new_printer,
)
from services.projector.projection import RUN_EVENTS, NotThisRun, RunView, Waits, fold_run
from services.projector.reading import Entry, Message, Unreadable, details_of, read

log = structlog.get_logger()

Connection: TypeAlias = asyncpg.Connection

BAD_DATA = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    ValueError,
    OverflowError,
)
"""What a message can do to the database; anything else is the database's own trouble."""


@dataclass(frozen=True, slots=True)
class Item:
    """An event whose turn it is to be folded."""

    message: Message
    event: AnyEvent
    received_at: datetime
    turn: int
    """The gseq of what made it its turn: its own, or that of the fact that filled a gap."""


@dataclass
class Outcome:
    """What became of a batch."""

    logged: int = 0
    dead: int = 0
    problem: str | None = None
    """Why the last message that was buried was."""
    wakes_watch: bool = False
    """Whether a deadline is another one, or another journal speaks of a printer."""
    about_jobs: list[AnyEvent] = field(default_factory=list)
    """What was logged about jobs, but for mere progress."""


@dataclass
class _Batch:
    """The state of one transaction."""

    connection: Connection
    now: datetime
    waits: Waits
    outcome: Outcome = field(default_factory=Outcome)
    last_gseq: int | None = None
    has_released: bool = False

    async def bury(self, message: Message, reason: str) -> None:
        self.outcome.dead += 1
        self.outcome.problem = reason
        log.warning("message_buried", subject=message.subject, reason=reason)
        await event_log.bury(self.connection, message, reason, self.now)


async def project(
    connection: Connection, messages: Sequence[Message], clock: Clock, waits: Waits
) -> Outcome:
    """Take messages into the log and the read model, all or none.

    A bad message becomes a dead letter. Raises the errors of a database that is away.
    """
    batch = _Batch(connection, clock.now(), waits)
    try:
        async with connection.transaction():
            await _apply(batch, messages)
            await _notify(batch)
    except BAD_DATA as exc:
        log.warning("batch_taken_apart", error=f"{type(exc).__name__}: {exc}", size=len(messages))
        batch = _Batch(connection, batch.now, waits)
        async with connection.transaction():
            for message in messages:
                await _apply_alone(batch, message)
            await _notify(batch)
    for event in batch.outcome.about_jobs:
        correlation_id = str(event.correlation_id)
        log.info(
            "event_projected", type=event.type, id=str(event.id), correlation_id=correlation_id
        )
    return batch.outcome


async def _apply_alone(batch: _Batch, message: Message) -> None:
    """Apply one message under a savepoint; if that fails, keep at least its place in the log."""
    for is_folded in (True, False):
        try:
            async with batch.connection.transaction():
                await _apply(batch, [message], is_folded=is_folded)
        except BAD_DATA as exc:
            reason = f"{type(exc).__name__}: {exc}"
            if is_folded:
                await batch.bury(message, reason)
        else:
            return


async def _notify(batch: _Batch) -> None:
    await event_log.notify(
        batch.connection, last_gseq=batch.last_gseq, has_released=batch.has_released
    )


async def _apply(batch: _Batch, messages: Sequence[Message], *, is_folded: bool = True) -> None:
    entries = await _read_all(batch, messages)
    journals = list({entry.journal_id for entry in entries if entry.journal_id is not None})
    marks = await event_log.watermarks(batch.connection, journals) if journals else {}
    entries = await _without_strangers(batch, entries, marks)
    gseqs = await event_log.insert(batch.connection, entries, batch.now)
    new = _once([entry for entry in entries if entry.event_id in gseqs])
    if not new:
        return
    batch.outcome.logged += len(new)
    batch.outcome.about_jobs += [
        entry.event
        for entry in new
        if entry.job_id is not None
        and entry.event is not None
        and not isinstance(entry.event, JobProgress)
    ]
    batch.last_gseq = max(gseqs.values())
    for entry in new:
        if entry.problem is not None:
            await batch.bury(entry.message, entry.problem)
    items = [
        Item(entry.message, entry.event, batch.now, gseqs[entry.event_id])
        for entry in new
        if entry.journal_id is None and entry.event is not None
    ]
    items += await _items_in_order(batch, new, marks, gseqs)
    if is_folded:
        await _fold(batch, sorted(items, key=lambda item: item.turn))


async def _fold(batch: _Batch, items: Sequence[Item]) -> None:
    await _fold_runs(batch, items)
    await _fold_printers(batch, items)
    for item in items:
        if isinstance(item.event, CommandDone | CommandRefused):
            await read_model.answer_command(batch.connection, item.event, item.received_at)
        elif isinstance(item.event, JobClaimed):
            batch.outcome.wakes_watch = True


async def _read_all(batch: _Batch, messages: Sequence[Message]) -> list[Entry]:
    entries: list[Entry] = []
    for message in messages:
        try:
            entries.append(read(message))
        except Unreadable as exc:
            await batch.bury(message, str(exc))
    return entries


async def _without_strangers(
    batch: _Batch, entries: Sequence[Entry], marks: Mapping[UUID, Watermark]
) -> list[Entry]:
    """Bury facts in another node's journal: the first node that uses a journal owns it."""
    owners = {journal_id: mark.node for journal_id, mark in marks.items()}
    kept: list[Entry] = []
    for entry in entries:
        owner = entry.node
        if entry.journal_id is not None and entry.node is not None:
            owner = owners.setdefault(entry.journal_id, entry.node)
        if owner == entry.node:
            kept.append(entry)
        else:
            await batch.bury(entry.message, f"the journal is node {owner}'s")
    return kept


def _once(entries: Sequence[Entry]) -> list[Entry]:
    """Drop copies within a batch."""
    return list({entry.event_id: entry for entry in reversed(entries)}.values())[::-1]


async def _items_in_order(
    batch: _Batch,
    new: Sequence[Entry],
    marks: Mapping[UUID, Watermark],
    gseqs: Mapping[UUID, int],
) -> list[Item]:
    """Return the facts whose turn has come, each journal's in its order; move its watermark.

    A fact behind a gap stays in the log until the gap is filled, so that the facts of a run are
    folded in their order whatever order they came in.
    """
    by_journal: dict[UUID, dict[int, Entry]] = {}
    for entry in new:
        if entry.journal_id is not None and entry.node_seq is not None:
            by_journal.setdefault(entry.journal_id, {})[entry.node_seq] = entry
    in_turn: dict[UUID, list[Item]] = {}
    reached: dict[UUID, int] = {}
    turns: dict[UUID, int] = {}
    for journal_id, facts in by_journal.items():
        seq = marks[journal_id].contiguous_seq if journal_id in marks else 0
        turn, items = 0, in_turn.setdefault(journal_id, [])
        while (fact := facts.get(seq + 1)) is not None:
            seq, turn = seq + 1, max(turn, gseqs[fact.event_id])
            reached[journal_id], turns[journal_id] = seq, turn
            if fact.event is not None:
                items.append(Item(fact.message, fact.event, batch.now, turn))
    if reached:
        for journal_id, held in (await event_log.held_after(batch.connection, reached)).items():
            reached[journal_id], turn = held[-1].node_seq, turns[journal_id]
            in_turn[journal_id] += [
                Item(each.message, each.event, each.received_at, turn)
                for each in held
                if each.event is not None
            ]
    await event_log.advance(batch.connection, _moved(by_journal, marks, reached), batch.now)
    return [item for items in in_turn.values() for item in items]


def _moved(
    by_journal: Mapping[UUID, Mapping[int, Entry]],
    marks: Mapping[UUID, Watermark],
    reached: Mapping[UUID, int],
) -> dict[UUID, Watermark]:
    """Return where the watermarks of these journals are now."""
    moved: dict[UUID, Watermark] = {}
    for journal_id, facts in by_journal.items():
        mark = marks.get(journal_id) or Watermark(next(iter(facts.values())).node or "", 0)
        moved[journal_id] = Watermark(mark.node, reached.get(journal_id, mark.contiguous_seq))
    return moved


async def _fold_runs(batch: _Batch, items: Sequence[Item]) -> None:
    wanted = [
        (item, item.event.run_id)
        for item in items
        if isinstance(item.event, RUN_EVENTS) and item.event.run_id is not None
    ]
    if not wanted:
        return
    run_ids = list({run_id for _, run_id in wanted})
    before = await read_model.load_runs(batch.connection, run_ids)
    after: dict[UUID, RunView] = dict(before)
    for item, run_id in wanted:
        view = after.get(run_id)
        if view is None:
            await batch.bury(item.message, f"there is no run {run_id}")
            continue
        try:
            after[run_id] = fold_run(view, item.event, item.received_at, batch.waits)
        except (IllegalTransition, NotThisRun) as exc:
            await batch.bury(item.message, str(exc))
    changed = [view for run_id, view in after.items() if view != before[run_id]]
    await read_model.save_runs(batch.connection, changed)
    batch.outcome.wakes_watch |= any(
        view.deadline_at != before[view.id].deadline_at for view in changed
    )
    batch.has_released |= any(
        view.state is RunState.RELEASED and before[view.id].state is not RunState.RELEASED
        for view in changed
    )


async def _fold_printers(batch: _Batch, items: Sequence[Item]) -> None:
    given = {item.event.printer_id for item in items if isinstance(item.event, NodeGivenPrinter)}
    wanted = [
        (item.event, item.received_at) for item in items if isinstance(item.event, PRINTER_EVENTS)
    ]
    ids = list(given | {fact.printer_id for fact, _ in wanted})
    if not ids:
        return
    holders = await read_model.holders(batch.connection, ids)
    before = await read_model.load_printers(batch.connection, ids)
    views: dict[UUID, PrinterView] = dict(before)
    for fact, received_at in wanted:
        if not is_heard(fact.node, holders.get(fact.printer_id)):
            continue
        view = views.get(fact.printer_id)
        if view is None or view.journal_id != fact.journal_id:
            batch.outcome.wakes_watch = True
            view = await _as_journal_knows(batch, new_printer(fact, received_at), fact.node_seq)
        views[fact.printer_id] = fold_printer(view, fact, received_at)
    for printer_id in given:
        await _give(batch, printer_id, holders[printer_id], views)
    if gone := before.keys() - views.keys():
        await read_model.drop_printers(batch.connection, list(gone))
    await read_model.save_printers(batch.connection, list(views.values()))


async def _give(
    batch: _Batch, printer_id: UUID, holder: Holder, views: dict[UUID, PrinterView]
) -> None:
    """Have the printer be as its holder said, not as a node that held it before."""
    view = views.get(printer_id)
    if view is not None and view.node == holder.node:
        return
    views.pop(printer_id, None)
    batch.outcome.wakes_watch = True
    spoke = await read_model.journal_that_spoke_last(batch.connection, printer_id, holder.node)
    if spoke is not None:
        journal_id, node_seq = spoke
        told = PrinterView(printer_id, holder.node, journal_id, batch.now)
        views[printer_id] = await _as_journal_knows(batch, told, node_seq + 1)


async def _as_journal_knows(batch: _Batch, view: PrinterView, node_seq: int) -> PrinterView:
    """Return the printer by all that its journal said before: another one spoke in between."""
    facts = await read_model.printer_facts_before(
        batch.connection, view.printer_id, view.journal_id, node_seq
    )
    for body, received_at in facts:
        fact = details_of(body)
        if isinstance(fact, PRINTER_EVENTS):
            view = fold_printer(view, fact, received_at)
    return view
