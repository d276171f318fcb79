"""The log, the watermarks and the dead letters; SQL on the connection that holds the lock."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID, uuid5

import asyncpg

from contracts.events import AnyEvent
from services.db.channels import EVENTS, QUEUE
from services.projector.reading import Entry, Message, details_of

Connection: TypeAlias = asyncpg.Connection

_DEAD_LETTERS = UUID("8c8a7f0e-93ab-5c3d-a7a6-5e3f3b1f6d11")

_COLUMNS = (
    "event_id",
    "type",
    "v",
    "node",
    "journal_id",
    "node_seq",
    "job_id",
    "run_id",
    "run_seq",
    "printer_id",
    "occurred_at",
    "body",
)
_INSERT = """
INSERT INTO event_log (event_id, type, v, node, journal_id, node_seq, job_id, run_id, run_seq,
                       printer_id, occurred_at, received_at, body)
SELECT e.event_id, e.type, e.v, e.node, e.journal_id, e.node_seq, e.job_id, e.run_id, e.run_seq,
       e.printer_id, e.occurred_at, $13, e.body::jsonb
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::uuid[], $6::bigint[], $7::uuid[],
            $8::uuid[], $9::int[], $10::uuid[], $11::timestamptz[], $12::text[])
     WITH ORDINALITY AS e (event_id, type, v, node, journal_id, node_seq, job_id, run_id, run_seq,
                           printer_id, occurred_at, body, place)
ORDER BY e.place
ON CONFLICT DO NOTHING
RETURNING gseq, event_id
"""
_WATERMARKS = """
SELECT journal_id, node, contiguous_seq FROM edge_watermark WHERE journal_id = ANY($1::uuid[])
"""
_HELD = """
SELECT later.journal_id, later.node, later.type, later.node_seq, later.received_at,
       later.body::text AS body
FROM unnest($1::uuid[], $2::bigint[]) AS mark (journal_id, seq)
CROSS JOIN LATERAL (
    SELECT journal_id, node, type, node_seq, received_at, body,
           row_number() OVER (ORDER BY node_seq) AS place
    FROM event_log WHERE journal_id = mark.journal_id AND node_seq > mark.seq
) AS later
WHERE later.node_seq = mark.seq + later.place
ORDER BY later.journal_id, later.node_seq
"""
_ADVANCE = """
INSERT INTO edge_watermark (journal_id, node, contiguous_seq, updated_at)
SELECT w.journal_id, w.node, w.contiguous_seq, $4
FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS w (journal_id, node, contiguous_seq)
ON CONFLICT (journal_id) DO UPDATE
SET contiguous_seq = EXCLUDED.contiguous_seq, updated_at = EXCLUDED.updated_at
"""
_DEAD = """
INSERT INTO dead_letter (id, subject, headers, body, reason, first_seen, count)
VALUES ($1, $2, '{}', $3, $4, $5, 1)
ON CONFLICT (id) DO UPDATE SET count = dead_letter.count + 1, reason = EXCLUDED.reason
"""
_NAME = """
UPDATE event_log SET job_id = $2, run_id = $3, run_seq = $4, printer_id = $5 WHERE event_id = $1
"""


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far a journal is folded, and whose it is."""

    node: str
    contiguous_seq: int


@dataclass(frozen=True, slots=True)
class Held:
    """A fact that was in the log already and waited for those before it."""

    message: Message
    node_seq: int
    received_at: datetime
    event: AnyEvent | None


async def insert(
    connection: Connection, entries: Sequence[Entry], received_at: datetime
) -> Mapping[UUID, int]:
    """Add the entries in their order; return the gseq of those that were not there yet."""
    if not entries:
        return {}
    columns = [[getattr(entry, name) for entry in entries] for name in _COLUMNS]
    rows = await connection.fetch(_INSERT, *columns, received_at)
    return {row["event_id"]: row["gseq"] for row in rows}


async def watermarks(connection: Connection, journal_ids: Sequence[UUID]) -> dict[UUID, Watermark]:
    """Return the watermarks of those journals that have one."""
    rows = await connection.fetch(_WATERMARKS, journal_ids)
    return {row["journal_id"]: Watermark(row["node"], row["contiguous_seq"]) for row in rows}


async def held_after(connection: Connection, reached: Mapping[UUID, int]) -> dict[UUID, list[Held]]:
    """Return by journal the facts in the log that follow its node_seq without a gap."""
    rows = await connection.fetch(_HELD, list(reached), list(reached.values()))
    held: dict[UUID, list[Held]] = {}
    for row in rows:
        body = row["body"].encode()
        message = Message(f"edge.{row['node']}.{row['type']}", body)
        fact = Held(message, row["node_seq"], row["received_at"], details_of(body))
        held.setdefault(row["journal_id"], []).append(fact)
    return held


async def advance(connection: Connection, marks: Mapping[UUID, Watermark], now: datetime) -> None:
    """Write the watermarks."""
    if marks:
        nodes = [mark.node for mark in marks.values()]
        seqs = [mark.contiguous_seq for mark in marks.values()]
        await connection.execute(_ADVANCE, list(marks), nodes, seqs, now)


async def bury(connection: Connection, message: Message, reason: str, now: datetime) -> None:
    """Keep a message that could not be read or folded; the same one again is counted."""
    digest = hashlib.sha256(message.subject.encode() + b"\0" + message.body).hexdigest()
    await connection.execute(
        _DEAD, uuid5(_DEAD_LETTERS, digest), message.subject, message.body, reason[:2000], now
    )


async def name(connection: Connection, entry: Entry) -> None:
    """Write beside an event what it is about: it could not be read when it came."""
    about = (entry.job_id, entry.run_id, entry.run_seq, entry.printer_id)
    await connection.execute(_NAME, entry.event_id, *about)


async def notify(connection: Connection, *, last_gseq: int | None, has_released: bool) -> None:
    """Wake the feed and dispatch once this transaction has committed."""
    if last_gseq is not None:
        await connection.execute("SELECT pg_notify($1, $2)", EVENTS, str(last_gseq))
    if has_released:
        await connection.execute("SELECT pg_notify($1, '')", QUEUE)
