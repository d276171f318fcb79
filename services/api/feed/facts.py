"""Rows of the event log as the feed tells them, and who may be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.feed.schemas import FeedFact
from services.jobs.actors import Actor

BATCH: Final = 1000

_READ = text(
    """
    SELECT e.gseq, e.type, e.job_id, e.run_id, e.printer_id, e.occurred_at,
           coalesce((SELECT j.owner_id FROM job j WHERE j.id = e.job_id),
                    (e.body ->> 'owner_id')::uuid) AS owner_id,
           (e.body ->> 'artifact_id')::uuid AS artifact_id,
           (e.body ->> 'command_id')::uuid AS command_id,
           e.type = 'job.progress' AS is_progress,
           e.body -> 'percent' AS percent, e.body -> 'layer' AS layer,
           e.body -> 'total_layers' AS total_layers, e.body -> 'minutes_left' AS minutes_left
    FROM event_log e
    WHERE e.gseq > :after ORDER BY e.gseq LIMIT :limit
    """
)
_BOUNDS = text("SELECT min(gseq), max(gseq) FROM event_log")
_PROGRESS = ("percent", "layer", "total_layers", "minutes_left")


@dataclass(frozen=True, slots=True)
class Told:
    """A fact in its one encoding, with what decides who gets it."""

    gseq: int
    frame: bytes
    owner_id: UUID | None
    is_for_all: bool

    def may_reach(self, viewer: Actor) -> bool:
        """Tell whether the viewer gets it: own things, what printers do, how queues stand."""
        if viewer.may_approve:
            return True
        if self.owner_id is not None:
            return self.owner_id == viewer.id
        return self.is_for_all


async def read_facts(
    engine: AsyncEngine, *, after: int, limit: int, now: datetime
) -> Sequence[Told]:
    """Return the facts after a gseq, in the order of the log; one statement."""
    async with engine.connect() as connection:
        rows = (await connection.execute(_READ, {"after": after, "limit": limit})).mappings()
        return [
            Told(
                gseq=row["gseq"],
                frame=fact_frame(
                    FeedFact(
                        gseq=row["gseq"],
                        type=row["type"],
                        job_id=row["job_id"],
                        run_id=row["run_id"],
                        printer_id=row["printer_id"],
                        artifact_id=row["artifact_id"],
                        command_id=row["command_id"],
                        occurred_at=row["occurred_at"],
                        server_time=now,
                        **{name: row[name] if row["is_progress"] else None for name in _PROGRESS},
                    )
                ),
                owner_id=row["owner_id"],
                is_for_all=row["type"] == "queue.changed"
                or (row["printer_id"] is not None and row["job_id"] is None),
            )
            for row in rows
        ]


async def log_bounds(engine: AsyncEngine) -> tuple[int, int]:
    """Return the first and the last gseq of the log; (1, 0) when it is empty."""
    async with engine.connect() as connection:
        first, last = (await connection.execute(_BOUNDS)).one()
    return first or 1, last or 0


def fact_frame(fact: FeedFact) -> bytes:
    """Return the fact as a server-sent event."""
    return f"id: {fact.gseq}\nevent: fact\ndata: {fact.model_dump_json()}\n\n".encode()
