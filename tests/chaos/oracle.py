"""What must hold after a trial, whatever was broken in it; each check has a name."""

import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import asyncpg

from contracts.lifecycle import TERMINAL_RUN_STATES, Status
from services.projector import read_model
from services.projector.projection import Waits
from services.projector.rebuilding import Rebuilt, rebuild
from tests.chaos.people import Person
from tests.chaos.world import TIME_SCALE, Json, World

OUR_FILE = "layerline-"
ENDED = {Status.DONE, Status.FAILED, Status.CANCELLED}
NEEDS_REASON = {Status.FAILED, Status.CANCELLED}
_RUNS = """
SELECT id, job_id, sid, state FROM run
"""
_OVER = [state.value for state in TERMINAL_RUN_STATES]
_TOLD_STARTS = """
SELECT DISTINCT run.sid, event_log.type FROM event_log JOIN run ON run.id = event_log.run_id
WHERE event_log.type IN ('run.started', 'job.done') AND event_log.journal_id IS NOT NULL
"""
_NOT_IN_LOG = """
SELECT count(*) FROM outbox WHERE subject NOT LIKE 'command.%'
AND NOT EXISTS (SELECT 1 FROM event_log WHERE event_id = outbox.id)
"""
_WAITING = f"""
SELECT 'outbox', count(*) FROM outbox WHERE published_at IS NULL
UNION ALL SELECT 'events that are not in the log', ({_NOT_IN_LOG})
UNION ALL SELECT 'runs', count(*) FROM run WHERE state <> ALL($1::text[])
UNION ALL SELECT 'commands', count(*) FROM command
    WHERE answered_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    AND journal_id IN (SELECT journal_id FROM printer_state)
"""
"""A command to a journal that is gone is never answered: its run needs a person instead."""


@dataclass(frozen=True)
class Finding:
    """A promise that was broken."""

    check: str
    text: str


@dataclass(frozen=True)
class Accepted:
    """What the people of a trial were promised, and what they saw."""

    job_ids: tuple[UUID, ...]
    lies: tuple[str, ...]
    is_spoiled: bool = False
    """Somebody changed the file behind everybody's back: it must not be printed."""
    must_be_cancelled: bool = False
    """There was all the time in the world to cancel it."""


class Oracle:
    """Judges the world as it is after a trial; remembers what it has judged before."""

    def __init__(self, world: World, person: Person) -> None:
        self._world, self._person = world, person
        self._seen: set[Finding] = set()
        self._accepted: set[UUID] = set()

    async def waits_for(self) -> str:
        """Return what has not come to rest yet, "" when all has."""
        if not self._world.all_up():
            return "a process is down"
        connection = await self._world.connect()
        try:
            for what, count in await connection.fetch(_WAITING, _OVER):
                if count:
                    return f"{count} {what}"
            behind = await self._behind(connection)
        finally:
            await connection.close()
        return behind or await self._left_on_card()

    async def _behind(self, connection: asyncpg.Connection) -> str:
        """Return which facts of the node have not reached the projection."""
        with self._world.journal() as journal:
            (journal_id,) = journal.execute(
                "SELECT value FROM meta WHERE key = 'journal_id'"
            ).fetchone()
            (last_seq,) = journal.execute(
                "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'fact'"
            ).fetchone()
        mark = await connection.fetchval(
            "SELECT contiguous_seq FROM edge_watermark WHERE journal_id = $1", UUID(journal_id)
        )
        return "" if mark == last_seq else f"the watermark is {mark}, the journal has {last_seq}"

    async def _left_on_card(self) -> str:
        files = (await self._world.printer("/card"))["files"]
        ours = [name for name in files if name.lstrip("/").startswith(OUR_FILE)]
        return f"left on the card: {', '.join(ours)}" if ours else ""

    async def judge(self, accepted: Accepted) -> list[Finding]:
        """Return the promises that were broken and had not been found broken before."""
        self._accepted |= set(accepted.job_ids)
        connection = await self._world.connect()
        try:
            found = [finding async for finding in self._findings(connection, accepted)]
        finally:
            await connection.close()
        new = [finding for finding in found if finding not in self._seen]
        self._seen |= set(new)
        return new

    async def _findings(
        self, connection: asyncpg.Connection, accepted: Accepted
    ) -> AsyncIterator[Finding]:
        counters = await self._world.printer("/counters")
        starts: dict[str, int] = counters["starts_by_name"]
        for name, count in starts.items():
            if name.startswith(OUR_FILE) and count > 1:
                yield Finding("double_starts", f"{name} was started {count} times")
        if counters["collisions"]:
            yield Finding("collisions", f"{counters['collisions']} starts on an occupied plate")
        for lie in accepted.lies:
            yield Finding("lies", lie)
        async for finding in self._of_jobs(connection, accepted, starts):
            yield finding
        async for finding in self._of_log(connection, starts):
            yield finding
        for text in await mismatches(connection):
            yield Finding("replay_mismatches", text)
        left = await self._left_on_card()
        if left:
            yield Finding("leftovers", left)
        for text in self._person.bad_answers:
            yield Finding("bad_answers", text)

    async def _of_jobs(
        self, connection: asyncpg.Connection, accepted: Accepted, starts: Mapping[str, int]
    ) -> AsyncIterator[Finding]:
        rows = await connection.fetch(_RUNS)
        printed = Counter(row["job_id"] for row in rows if starts.get(f"{OUR_FILE}{row['sid']}"))
        for job_id, count in printed.items():
            if count > 1:
                yield Finding("double_starts", f"{count} runs of job {job_id} were started")
        for job_id in accepted.job_ids:
            job = await self._person.get(f"/api/jobs/{job_id}")
            runs = [row for row in rows if row["job_id"] == job_id]
            for finding in _of_job(job, runs, starts):
                yield finding
            if accepted.must_be_cancelled and job["status"] != Status.CANCELLED:
                yield Finding(
                    "ignored_cancels", f"job {job_id} was cancelled and is {job['status']}"
                )
            if accepted.is_spoiled and job["status"] == Status.DONE:
                yield Finding("wrong_bytes", f"job {job_id} printed what nobody approved")
        known = {row["id"] for row in await connection.fetch("SELECT id FROM job")}
        for job_id in known - self._accepted:
            yield Finding("lost", f"job {job_id} is there, and nobody was told so")
        for job_id in self._accepted - known:
            yield Finding("lost", f"job {job_id} was accepted and is gone")

    async def _of_log(
        self, connection: asyncpg.Connection, starts: Mapping[str, int]
    ) -> AsyncIterator[Finding]:
        gaps = await connection.fetch(
            "SELECT journal_id, count(*), min(node_seq), max(node_seq) FROM event_log "
            "WHERE journal_id IS NOT NULL GROUP BY journal_id"
        )
        for journal_id, count, first, last in gaps:
            if first != 1 or count != last:
                text = f"journal {journal_id} has {count} facts from {first} to {last}"
                yield Finding("gaps", text)
        for row in await connection.fetch("SELECT subject, reason FROM dead_letter"):
            yield Finding("dead_letters", f"{row['subject']}: {row['reason']}")
        for row in await connection.fetch(_TOLD_STARTS):
            if not starts.get(f"{OUR_FILE}{row['sid']}"):
                yield Finding("false_starts", f"{row['type']} is told of {row['sid']}, not started")
        missing = await connection.fetchval(_NOT_IN_LOG)
        if missing:
            yield Finding("lost", f"{missing} published events are not in the log")


def _of_job(job: Json, runs: list[asyncpg.Record], starts: Mapping[str, int]) -> Iterator[Finding]:
    name, status = job["id"], job["status"]
    if status not in ENDED:
        yield Finding("lost", f"job {name} is still {status}")
    if status in NEEDS_REASON and not (job["reason"] or job["decided_by"]):
        yield Finding("lost", f"job {name} is {status} and does not say why")
    printed = [run for run in runs if starts.get(f"{OUR_FILE}{run['sid']}")]
    if status == Status.DONE and not printed:
        yield Finding("lost", f"job {name} is said to be done and was never started")
    open_runs = [run["id"] for run in runs if run["state"] not in _OVER]
    if open_runs:
        yield Finding("lost", f"job {name} is {status} with open runs {open_runs}")
    ends = Counter(run["state"] for run in runs if run["state"] != "released")
    if sum(ends.values()) > 1:
        yield Finding("lost", f"job {name} has ended more than once: {dict(ends)}")


async def mismatches(connection: asyncpg.Connection) -> list[str]:
    """Return where the read model is not what the log alone gives."""
    rebuilt = await rebuild(connection, Waits().scaled(TIME_SCALE))
    live = await live_model(connection)
    return [
        f"{name}: live {digest(live[name])[:12]}, rebuilt {digest(told)[:12]}"
        for name, told in model_of(rebuilt).items()
        if digest(live[name]) != digest(told)
    ]


def model_of(rebuilt: Rebuilt) -> dict[str, Any]:
    """Return what the log says, in a form that can be compared."""
    return {
        "runs": {str(key): asdict(run) for key, run in rebuilt.runs.items()},
        "printers": {str(key): asdict(view) for key, view in rebuilt.printers.items()},
        "watermarks": {str(key): seq for key, seq in rebuilt.watermarks.items()},
    }


async def live_model(connection: asyncpg.Connection) -> dict[str, Any]:
    """Return what the read model says, in the same form."""
    run_ids = [row["id"] for row in await connection.fetch("SELECT id FROM run")]
    printer_ids = [
        row["printer_id"] for row in await connection.fetch("SELECT printer_id FROM printer_state")
    ]
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )
    async with connection.transaction():
        runs = await read_model.load_runs(connection, run_ids)
        printers = await read_model.load_printers(connection, printer_ids)
        marks = await connection.fetch("SELECT journal_id, contiguous_seq FROM edge_watermark")
    await connection.reset_type_codec("jsonb", schema="pg_catalog")
    live = Rebuilt(runs, printers, {row["journal_id"]: row["contiguous_seq"] for row in marks})
    return model_of(live)


def digest(model: Any) -> str:
    """Return the hash of a part of the model."""
    return hashlib.sha256(json.dumps(model, sort_keys=True, default=str).encode()).hexdigest()
