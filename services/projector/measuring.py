"""Measuring what an operator has to know: lag, what is stuck, who is silent."""

import asyncio
from typing import Final

import structlog
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from services.projector.consuming import CONSUMERS
from services.projector.metrics import (
    DEAD_LETTERS,
    EDGE_LAST_SEEN,
    LAG,
    NEEDS_ATTENTION,
    REDELIVERED,
)
from services.projector.writing import AWAY, Writer

log = structlog.get_logger()

EVERY_S: Final = 10.0
_COUNTS = """
SELECT (SELECT count(*) FROM run WHERE state = 'attention') AS attention,
       (SELECT count(*) FROM dead_letter WHERE resolved_at IS NULL) AS dead
"""
_SILENCE = """
SELECT node, extract(epoch FROM now() - max(coalesce(last_fact_at, claimed_at)))::float8 AS silent_s
FROM run WHERE state IN ('claimed', 'transferring', 'starting', 'printing', 'paused')
GROUP BY node
"""


async def measure(writer: Writer, js: JetStreamContext) -> None:
    """Measure until cancelled; what can't be asked keeps its last value."""
    while True:
        await _measure_consumers(js)
        try:
            await _measure_database(writer)
        except AWAY as exc:
            log.debug("not_measured", error=type(exc).__name__)
        await asyncio.sleep(EVERY_S)


async def _measure_consumers(js: JetStreamContext) -> None:
    for stream, durable in CONSUMERS:
        try:
            info = await js.consumer_info(stream.name, durable)
        except (NatsError, TimeoutError) as exc:
            log.debug("consumer_not_measured", consumer=durable, error=type(exc).__name__)
            continue
        LAG.labels(consumer=durable).set((info.num_pending or 0) + (info.num_ack_pending or 0))
        REDELIVERED.labels(consumer=durable).set(info.num_redelivered or 0)


async def _measure_database(writer: Writer) -> None:
    async with writer.turn() as connection:
        counts = await connection.fetchrow(_COUNTS)
        silence = await connection.fetch(_SILENCE)
    NEEDS_ATTENTION.set(counts["attention"])
    DEAD_LETTERS.set(counts["dead"])
    EDGE_LAST_SEEN.clear()
    for row in silence:
        EDGE_LAST_SEEN.labels(node=row["node"]).set(row["silent_s"])
