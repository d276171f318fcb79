"""Dead letters that a person wants tried again: by today's program, in the log's own order."""

import asyncio
import contextlib
from typing import TypeAlias
from uuid import UUID

import asyncpg
import structlog

from contracts.events import CommandDone, CommandRefused
from runtime.clock import Clock
from services.db.news import News
from services.projector import event_log, read_model
from services.projector.deadlines import DeadlineWatch
from services.projector.projecting import project
from services.projector.projection import Waits
from services.projector.reading import Message, Unreadable, read
from services.projector.refolding import DoesNotFit, refold
from services.projector.writing import AWAY, Writer

log = structlog.get_logger()

Connection: TypeAlias = asyncpg.Connection

AT_ONCE = 100
BACKSTOP_S = 60.0
RETRY_S = 2.0

_WANTED = """
SELECT id, subject, body, replay_asked_by FROM dead_letter
WHERE replay_asked_at IS NOT NULL AND resolved_at IS NULL
ORDER BY first_seen, id LIMIT $1 FOR UPDATE
"""
_TAKEN = """
UPDATE dead_letter SET replay_asked_at = NULL, replayed_at = $2, resolution = 'replayed',
       resolved_at = $2, resolved_by = $3
WHERE id = $1
"""
_REFUSED = """
UPDATE dead_letter SET replay_asked_at = NULL, replayed_at = $2, reason = $3 WHERE id = $1
"""


class _Refused(Exception):
    """The letter can't be taken; the text says why."""


async def replay_wanted(connection: Connection, clock: Clock, waits: Waits) -> int:
    """Try the letters that people want tried again; return how many there were.

    One that does not fit is tried again after others: they may be what it waits for.
    """
    async with connection.transaction():
        wanted = await connection.fetch(_WANTED, AT_ONCE)
        left = wanted
        while left:
            refused = [row for row in left if not await _replay(connection, row, clock, waits)]
            if len(refused) == len(left):
                break
            left = refused
    return len(wanted)


async def _replay(connection: Connection, row: asyncpg.Record, clock: Clock, waits: Waits) -> bool:
    """Try a letter; return whether it was taken."""
    letter_id: UUID = row["id"]
    try:
        await _take(connection, Message(row["subject"], row["body"]), clock, waits)
    except _Refused as exc:
        log.warning("letter_refused_again", letter_id=letter_id, reason=str(exc))
        await connection.execute(_REFUSED, letter_id, clock.now(), str(exc)[:2000])
        return False
    log.info("letter_replayed", letter_id=letter_id)
    await connection.execute(_TAKEN, letter_id, clock.now(), row["replay_asked_by"])
    return True


async def _take(connection: Connection, message: Message, clock: Clock, waits: Waits) -> None:
    """Take a message into log and read model; raise _Refused."""
    outcome = await project(connection, [message], clock, waits)
    if outcome.problem is not None:
        raise _Refused(outcome.problem)
    if outcome.logged:
        return
    # It has its place in the log: what it is about is made again, as a rebuild would make it.
    try:
        entry = read(message)
    except Unreadable as exc:
        raise _Refused(str(exc)) from exc
    if entry.event is None:
        raise _Refused(entry.problem or "its details can't be read")
    await event_log.name(connection, entry)
    try:
        await refold(connection, entry.event, entry.event_id, waits)
    except DoesNotFit as exc:
        raise _Refused(str(exc)) from exc
    if isinstance(entry.event, CommandDone | CommandRefused):
        await read_model.answer_command(connection, entry.event, clock.now())


class ReplayWatch:
    """Waits for people who want a letter replayed."""

    def __init__(
        self, writer: Writer, news: News, deadlines: DeadlineWatch, clock: Clock, waits: Waits
    ) -> None:
        self._writer, self._news, self._deadlines = writer, news, deadlines
        self._clock, self._waits = clock, waits

    async def run(self) -> None:
        """Run until cancelled."""
        await self._writer.is_first.wait()
        with self._news.heard() as wanted:
            while True:
                wanted.clear()
                wait_s = BACKSTOP_S
                try:
                    async with self._writer.turn() as connection:
                        if await replay_wanted(connection, self._clock, self._waits):
                            self._deadlines.changed.set()
                except AWAY as exc:
                    log.warning("replays_postponed", error=f"{type(exc).__name__}: {exc}")
                    wait_s = RETRY_S
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await wanted.wait()
