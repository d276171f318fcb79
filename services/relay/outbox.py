"""The outbox as the relay sees it: what is unpublished, what is, what may go."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

BATCH = 500
KEEP_DAYS = 7
LOCK_KEY = 0x6F7574626F78  # "outbox": one relay publishes at a time, so that order holds

_UNPUBLISHED = """
SELECT id, subject, headers, body FROM outbox
WHERE published_at IS NULL AND id <> ALL($2::uuid[])
ORDER BY seq LIMIT $1
"""
_MARK = "UPDATE outbox SET published_at = now() WHERE id = ANY($1::uuid[])"
_OLDEST = """
SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 FROM outbox
WHERE published_at IS NULL
"""
_SWEEP = "DELETE FROM outbox WHERE published_at < now() - make_interval(days => $1)"


@dataclass(frozen=True)
class Message:
    """A message that waits for its PubAck."""

    id: UUID
    subject: str
    headers: Mapping[str, str]
    body: bytes


async def take_lock(connection: asyncpg.Connection) -> bool:
    """Return whether this connection is now the one that publishes."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY))


async def unpublished(
    connection: asyncpg.Connection, *, except_ids: Collection[UUID] = ()
) -> list[Message]:
    """Return the oldest messages that no PubAck has come for, in the order of their insert."""
    rows = await connection.fetch(_UNPUBLISHED, BATCH, list(except_ids))
    return [
        Message(row["id"], row["subject"], json.loads(row["headers"]), row["body"]) for row in rows
    ]


async def mark_published(connection: asyncpg.Connection, ids: Sequence[UUID]) -> None:
    """Write down that the stream has these."""
    await connection.execute(_MARK, list(ids))


async def sweep(connection: asyncpg.Connection) -> None:
    """Delete what was published long ago."""
    await connection.execute(_SWEEP, KEEP_DAYS)


async def oldest_s(connection: asyncpg.Connection) -> float:
    """Return for how long the oldest message has waited for its PubAck, in seconds."""
    return float(await connection.fetchval(_OLDEST))
