"""The API, dispatch and the projector on a real database, as people and one node use them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from pydantic import PostgresDsn, SecretStr

from contracts.events import (
    AttentionCause,
    CommandDone,
    JobCancelled,
    JobFailed,
    RunOverdue,
    RunPaused,
    RunResumed,
)
from contracts.ids import CorrelationId, EventId, JobId, RunId, printer_id_of
from contracts.lifecycle import RunState
from contracts.loaded import Loaded
from contracts.rpc import ClaimRequest, RunOffer
from runtime.clock import SystemClock
from runtime.settings import DatabaseSettings, StorageSettings
from services.db.channels import EVENTS
from services.db.database import open_database
from services.db.news import News
from services.db.tables.machines import Node, Printer
from services.db.tables.work import Queue
from services.dispatch.answers import Answers
from services.jobs import ringing
from services.jobs.waits import Waits as ClaimWaits
from services.projector.projecting import project
from services.projector.projection import Waits
from services.projector.reading import Message
from services.storage.bucket import open_bucket
from tests.builders.facts import NodeJournal, RunIds, message_of
from tests.builders.rows import LOADED
from tests.integration.api.people import Someone, World
from tests.integration.api.rows import ready_artifact

_PATHS = {"return": "comment", "reject": "reason"}
_NOT_YET_TOLD = """
SELECT seq, subject, body FROM outbox WHERE seq > $1 AND subject NOT LIKE 'command.%' ORDER BY seq
"""
_EFFECTS = "SELECT count(*) FROM audit WHERE thing = 'job' AND thing_id = $1"
_OPEN = """
SELECT count(*) FROM run WHERE job_id = $1
AND state NOT IN ('done', 'failed', 'cancelled', 'released')
"""
_WISHES = """
SELECT id FROM command WHERE run_id = $1 AND kind = 'resolve' AND answered_at IS NULL
"""


@dataclass
class Bench:
    """One queue with one printer; `say` is what its node tells."""

    ada: Someone
    answers: Answers
    world: World
    connection: asyncpg.Connection
    queue: str
    printer_id: UUID
    artifact_id: UUID
    journal: NodeJournal
    runs: dict[str, RunIds] = field(default_factory=dict)
    told: list[Message] = field(default_factory=list)
    relayed: int = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, env: Mapping[str, str]) -> AsyncIterator["Bench"]:
        """Yield a bench with a queue, a printer and a file of its own."""
        settings = DatabaseSettings(database_url=PostgresDsn(env["LAYERLINE_DATABASE_URL"]))
        storage = StorageSettings(
            s3_endpoint="http://127.0.0.1:9",
            s3_access_key=SecretStr("key"),
            s3_secret_key=SecretStr("secret"),
        )
        async with (
            World.open(env) as world,
            open_bucket(storage) as bucket,
            open_database(settings) as database,
        ):
            connection = await asyncpg.connect(str(env["LAYERLINE_DATABASE_URL"]))
            try:
                ada = await world.someone(is_admin=True, name="Ada")
                name, serial = f"q-{uuid4().hex[:8]}", uuid4().hex[:15].upper()
                printer_id, node = printer_id_of(serial), f"n-{uuid4().hex[:8]}"
                at = datetime.now(UTC)
                await world.add(
                    Queue(name=name, title=name, is_held=False, created_at=at),
                    Node(name=node, title=node, public_key=None, created_at=at),
                )
                await world.add(
                    Printer(
                        id=printer_id,
                        serial=serial,
                        name=serial,
                        node=node,
                        queue=name,
                        epoch=1,
                        is_enabled=True,
                        created_at=at,
                    )
                )
                yield cls(
                    ada,
                    Answers(world.sessions, database, bucket, News(settings, EVENTS), ClaimWaits()),
                    world,
                    connection,
                    name,
                    printer_id,
                    (await ready_artifact(world, ada.id)).id,
                    NodeJournal(node=node),
                    relayed=await connection.fetchval("SELECT coalesce(max(seq), 0) FROM outbox"),
                )
            finally:
                await connection.close()

    # --- people ---

    async def submit(self, copies: int, times: int) -> list[str]:
        """Submit so many copies; return the ids of the jobs."""
        body = {
            "artifact_id": str(self.artifact_id),
            "plates": [{"plate": 1, "copies": copies}],
            "queue": self.queue,
        }
        answer = await self.post("/api/submissions", body, times)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return [job["id"] for job in answer.json()["jobs"]]

    async def decide(self, job_id: str, action: str, times: int) -> bool:
        """Decide on a job as it is seen; return whether that was taken."""
        body: dict[str, Any] = {"version": (await self.look(job_id))["version"]}
        if action in _PATHS:
            body[_PATHS[action]] = "Because."
        return _is_taken(await self.post(f"/api/jobs/{job_id}/{action}", body, times))

    async def cancel(self, job_id: str, times: int) -> bool:
        """Cancel a job, or ask for it; return whether that was taken."""
        return _is_taken(await self.post(f"/api/jobs/{job_id}/cancel", {}, times))

    async def resolve(self, job_id: str, outcome: str, times: int) -> bool:
        """Put a word on a job's run; return whether that was taken."""
        run = self.runs[job_id]
        body = {"outcome": outcome, "reason": "I looked."}
        is_taken = _is_taken(await self.post(f"/api/runs/{run.run_id}/resolve", body, times))
        await self.relay()
        for row in await self.connection.fetch(_WISHES, run.run_id):
            heard = self.journal.fact(CommandDone, self.printer_id, command_id=row["id"])
            await self._project([message_of(heard)])
        await self.relay()
        return is_taken

    async def look(self, job_id: str) -> dict[str, Any]:
        """Return a job as people see it."""
        return await self.ada.get(f"/api/jobs/{job_id}")

    async def post(self, path: str, body: dict[str, Any], times: int) -> httpx.Response:
        """Send a request so often at once, with one key; all must have one answer.

        With another content the key is refused, if it has an answer.
        """
        headers = {"Idempotency-Key": uuid4().hex}

        async def send(content: dict[str, Any]) -> httpx.Response:
            return await self.ada.http.post(path, json=content, headers=headers)

        answers = await asyncio.gather(*(send(body) for _ in range(times)))
        assert {answer.status_code for answer in answers} == {answers[0].status_code}
        if answers[0].is_success:
            assert {answer.content for answer in answers} == {answers[0].content}
            other = await send({**body, "x": 1} if not body else {**body, **_changed(body)})
            assert other.status_code == httpx.codes.CONFLICT, other.text
            assert other.json()["type"] == "/problems/idempotency-key-reused"
        await self.relay()
        return answers[0]

    # --- node and services ---

    async def claim(self, times: int) -> str:
        """Have the printer ask so often at once, as one question; return its new job's id."""
        request = ClaimRequest.model_validate(
            {
                "claim_id": uuid4(),
                "node": self.journal.node,
                "printer_id": self.printer_id,
                "printer_epoch": 1,
                "journal_id": self.journal.journal_id,
                "node_seq": self.journal.node_seq,
                "open_runs": [run.run_id for run in self.runs.values()],
                "loaded": Loaded.model_validate(LOADED),
            }
        )
        answers = [await self.answers.claim(request) for _ in range(times)]
        await self.relay()
        offers = [answer for answer in answers if isinstance(answer, RunOffer)]
        assert len(offers) in {0, times}
        if not offers:
            return ""
        assert len({offer.run_id for offer in offers}) == 1
        job_id = str(offers[0].spec.job_id)
        self.runs[job_id] = RunIds(offers[0].run_id, UUID(job_id), self.printer_id)
        return job_id

    async def say(self, job_id: str, step: str, again: Sequence[int]) -> None:
        """Tell a fact of a job's run; facts of before come again, in any order."""
        message = message_of(self._fact(self.runs[job_id], step))
        old = [self.told[number % len(self.told)] for number in again if self.told]
        self.told.append(message)
        await self._project([*old[:1], message, *old[1:], message])
        await self.relay()

    def _fact(self, run: RunIds, step: str) -> Any:
        journal = self.journal
        match step:
            case "failed":
                return journal.run_fact(JobFailed, run, reason="jam", code=None, advice=None)
            case "cancelled":
                return journal.run_fact(JobCancelled, run, by=None, reason="as asked")
            case "paused":
                return journal.run_fact(RunPaused, run, reason="runout", code=None)
            case "resumed":
                return journal.run_fact(RunResumed, run)
            case "progress":
                return journal.progress(run, 50)
            case _:
                return getattr(journal, step)(run)

    async def pass_deadline(self, job_id: str, in_state: str) -> None:
        """Let the deadline of a run's state pass."""
        run = self.runs[job_id]
        event = RunOverdue(
            id=EventId(uuid4()),
            occurred_at=datetime.now(UTC),
            correlation_id=CorrelationId(uuid4()),
            job_id=JobId(run.job_id),
            run_id=RunId(run.run_id),
            in_state=RunState(in_state),
            cause=AttentionCause.PRINT_OVERDUE,
            reason="It takes too long.",
        )
        await self._project([message_of(event)])

    async def relay(self) -> None:
        """Have the projection take what the services have told, and released jobs put back."""
        async with self.world.sessions() as session, session.begin():
            await ringing.ring_released(session, datetime.now(UTC))
        rows = await self.connection.fetch(_NOT_YET_TOLD, self.relayed)
        if rows:
            self.relayed = rows[-1]["seq"]
            await self._project([Message(row["subject"], row["body"]) for row in rows])
            await self.relay()

    async def _project(self, messages: Sequence[Message]) -> None:
        await project(self.connection, messages, SystemClock(), Waits())

    # --- what must hold besides ---

    async def effects(self, job_id: str) -> int:
        """Return how many decisions on a job are on record."""
        return int(await self.connection.fetchval(_EFFECTS, job_id))

    async def open_runs(self, job_id: str) -> int:
        """Return how many runs of a job are not over."""
        return int(await self.connection.fetchval(_OPEN, UUID(job_id)))


def _is_taken(answer: httpx.Response) -> bool:
    assert answer.is_success or answer.status_code == httpx.codes.CONFLICT, answer.text
    return answer.is_success


def _changed(body: dict[str, Any]) -> dict[str, Any]:
    """Return another value for one thing in the body."""
    if "version" in body:
        return {"version": body["version"] + 1}
    if "reason" in body:
        return {"reason": "Something else."}
    return {"plates": [{"plate": 2, "copies": 1}]}
