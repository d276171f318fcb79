"""Dispatch's transactions on a fresh database, without the wire."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest_asyncio
from pydantic import PostgresDsn, SecretStr

from contracts.events import event_bytes, parse_event
from contracts.loaded import Loaded
from contracts.rpc import Behind, ClaimRequest, NoJob, Refused, RunOffer
from runtime.settings import DatabaseSettings, StorageSettings
from services.db.channels import EVENTS
from services.db.database import open_database
from services.db.engine import Sessions, make_engine, make_sessions
from services.db.news import News
from services.dispatch.answers import Answers
from services.jobs.waits import Waits
from services.storage.bucket import open_bucket
from tests.builders.rows import LOADED, Workshop

Answer = RunOffer | NoJob | Behind | Refused


@dataclass
class Desk:
    """Asks as nodes do and reads the rows behind the answers."""

    sessions: Sessions
    shop: Workshop
    answers: Answers
    connection: asyncpg.Connection
    journal_id: UUID = field(default_factory=uuid4)

    def question(self, printer_id: UUID, **changes: Any) -> ClaimRequest:
        """Return a claim of a printer with white PLA on the spool."""
        values: dict[str, Any] = {
            "claim_id": uuid4(),
            "node": "bench",
            "printer_id": printer_id,
            "printer_epoch": 1,
            "journal_id": self.journal_id,
            "node_seq": 0,
            "open_runs": (),
            "loaded": Loaded.model_validate(LOADED),
            **changes,
        }
        return ClaimRequest.model_validate(values)

    async def claim(self, printer_id: UUID, **changes: Any) -> Answer:
        """Ask for a job."""
        return await self.answers.claim(self.question(printer_id, **changes))

    async def offer(self, printer_id: UUID, **changes: Any) -> RunOffer:
        """Ask for a job; fail unless there is one."""
        answer = await self.claim(printer_id, **changes)
        assert isinstance(answer, RunOffer), answer
        return answer

    async def row(self, table: str, row_id: UUID) -> dict[str, Any]:
        """Return a row by its id."""
        return dict(await self.connection.fetchrow(f"SELECT * FROM {table} WHERE id = $1", row_id))

    async def told(self, kind: str) -> list[Any]:
        """Return the events of a type in the outbox, in order."""
        rows = await self.connection.fetch(
            "SELECT body FROM outbox WHERE subject LIKE $1 ORDER BY seq", f"{kind}.%"
        )
        events = [parse_event(row["body"]) for row in rows]
        assert all(event_bytes(event) for event in events)
        return events

    async def set_run(self, run_id: UUID, state: str, *, run_seq: int = 2) -> None:
        """Let the projection have said something about a run."""
        await self.connection.execute(
            "UPDATE run SET state = $2, fact_state = $2, run_seq = $3 WHERE id = $1",
            run_id,
            state,
            run_seq,
        )


@asynccontextmanager
async def open_desk(database_url: str) -> AsyncIterator[Desk]:
    """Yield dispatch's desk; URLs are signed for a storage that nobody asks."""
    settings = DatabaseSettings(database_url=PostgresDsn(database_url))
    storage = StorageSettings(
        s3_endpoint="http://127.0.0.1:9",
        s3_access_key=SecretStr("key"),
        s3_secret_key=SecretStr("secret"),
    )
    engine = make_engine(settings, pool_size=6)
    sessions = make_sessions(engine)
    connection = await asyncpg.connect(database_url)
    news = News(settings, EVENTS)
    async with (
        open_bucket(storage) as bucket,
        open_database(settings) as database,
        sessions() as session,
    ):
        shop = await Workshop(session).open()
        answers = Answers(sessions, database, bucket, news, Waits())
        yield Desk(sessions, shop, answers, connection)
    await connection.close()
    await engine.dispose()


@pytest_asyncio.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """A desk on a fresh database."""
    async with open_desk(database_url) as opened:
        yield opened
