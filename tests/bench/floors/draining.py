"""A bare loop: batches of 500 off a stream, into event_log and run, acked after COMMIT."""

import json
import time
from datetime import UTC, datetime

import asyncpg
import nats

_COLUMNS = ("id", "type", "v", "node", "journal_id", "node_seq", "job_id", "run_id", "run_seq")
_INSERT = """
INSERT INTO event_log (event_id, type, v, node, journal_id, node_seq, job_id, run_id, run_seq,
                       printer_id, occurred_at, body, received_at)
SELECT e.*, now()
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::uuid[], $6::bigint[], $7::uuid[],
            $8::uuid[], $9::int[], $10::uuid[], $11::timestamptz[], $12::jsonb[]) AS e
"""
_UPDATE = """
UPDATE run SET percent = u.percent, run_seq = u.run_seq, last_fact_at = $4
FROM unnest($1::uuid[], $2::int[], $3::int[]) AS u (id, percent, run_seq) WHERE run.id = u.id
"""


async def drain(nats_url: str, database_url: str, stream: str, count: int) -> float:
    """Return the seconds that `count` stored progress events took."""
    client = await nats.connect(nats_url)
    connection = await asyncpg.connect(database_url)
    try:
        pull = await client.jetstream().pull_subscribe(">", durable="floor", stream=stream)
        began, seen = time.perf_counter(), 0
        while seen < count:
            messages = await pull.fetch(500, timeout=5)
            await _take(connection, [message.data for message in messages])
            for message in messages:
                await message.ack()
            seen += len(messages)
        return time.perf_counter() - began
    finally:
        await connection.close()
        await client.close()


async def _take(connection: asyncpg.Connection, bodies: list[bytes]) -> None:
    facts = [json.loads(body) for body in bodies]
    columns = [[fact[name] for fact in facts] for name in _COLUMNS]
    printers = [fact["printer_id"] for fact in facts]
    times = [datetime.fromisoformat(fact["occurred_at"]) for fact in facts]
    latest = {fact["run_id"]: (fact["percent"], fact["run_seq"]) for fact in facts}
    percents, seqs = zip(*latest.values(), strict=True)
    async with connection.transaction():
        texts = [body.decode() for body in bodies]
        await connection.execute(_INSERT, *columns, printers, times, texts)
        await connection.execute(_UPDATE, list(latest), percents, seqs, datetime.now(UTC))
