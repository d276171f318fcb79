"""`layerline events` on a real database."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from pydantic import PostgresDsn, TypeAdapter

from runtime.settings import DatabaseSettings
from services.db.engine import make_engine, make_sessions
from services.db.tables.bus import EventLog
from tests.integration.provision.command_line import Layerline

JOB, PRINTER = uuid4(), uuid4()
AT = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)


def row(type_: str, *, node_seq: int | None = None, **body: Any) -> EventLog:
    ids = {name: body.pop(name, None) for name in ("job_id", "printer_id")}
    return EventLog(
        event_id=uuid4(),
        type=type_,
        v=1,
        node="attic" if node_seq else None,
        journal_id=UUID(int=1) if node_seq else None,
        node_seq=node_seq,
        run_id=None,
        run_seq=None,
        occurred_at=AT,
        received_at=AT,
        body={"id": str(uuid4()), "type": type_, "v": 1, **body},
        **ids,
    )


@pytest_asyncio.fixture
async def history(database_url: str) -> None:
    """A small log."""
    url = TypeAdapter(PostgresDsn).validate_python(database_url)
    engine = make_engine(DatabaseSettings(database_url=url), pool_size=1)
    async with make_sessions(engine)() as session, session.begin():
        for each in (
            row("job.submitted", job_id=JOB, name="bracket"),
            row("printer.online", node_seq=1, printer_id=PRINTER),
            row("job.progress", node_seq=2, job_id=JOB, percent=12, layer=None),
        ):
            session.add(each)
            await session.flush()
    await engine.dispose()


@pytest.mark.usefixtures("history")
class TestEvents:
    def test_of_a_job_in_their_order(self, layerline: Layerline) -> None:
        answer = layerline("events", "--job", str(JOB))
        assert (answer.returncode, answer.stderr) == (0, "")
        lines = answer.stdout.splitlines()
        assert [line.split()[3] for line in lines] == ["job.submitted", "job.progress"]
        assert 'name="bracket"' in lines[0]
        assert "2026-03-01 12:30:05" in lines[0]
        assert "attic#2" in lines[1]
        assert "percent=12" in lines[1]
        assert "layer" not in lines[1]

    def test_of_a_printer(self, layerline: Layerline) -> None:
        answer = layerline("events", "--printer", str(PRINTER))
        assert [line.split()[3] for line in answer.stdout.splitlines()] == ["printer.online"]

    def test_the_last_ones_for_programs(self, layerline: Layerline) -> None:
        answer = layerline("events", "--json", "--last", "2")
        told = [json.loads(line) for line in answer.stdout.splitlines()]
        assert [each["type"] for each in told] == ["printer.online", "job.progress"]
        assert told[0]["gseq"] < told[1]["gseq"]
        assert told[1]["percent"] == 12

    def test_none_is_said_so(self, layerline: Layerline) -> None:
        answer = layerline("events", "--job", str(uuid4()))
        assert answer.returncode == 2
        assert "no such events" in answer.stderr

    @pytest.mark.parametrize(
        "words",
        [("--job", "x"), ("--last", "0"), ("--last", "x"), ("--job", str(JOB), "--printer", "y")],
    )
    def test_bad_words_are_told(self, layerline: Layerline, words: tuple[str, ...]) -> None:
        answer = layerline("events", *words)
        assert answer.returncode == 2
        assert answer.stderr
