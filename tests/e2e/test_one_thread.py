"""One print on a stack of its own: one id in every place, one trace through every process."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from contracts.headers import CORRELATION_ID
from deploy.local.demo.client import Json, open_browser, sign_in
from deploy.local.process import Command
from deploy.local.stack import StackOptions, running_stack
from deploy.local.state import StackState
from runtime.tracing.switch import ENDPOINTS
from tests.e2e.collector import Collector, Span, running_collector
from tests.e2e.conftest import CUBE
from tests.e2e.own_stack import Operator, checked_cube, lines_of
from tests.eventually import eventually
from tests.fixtures.folders import open_to_postgres

PROCESSES = {"api", "relay", "dispatch", "projector", "node-1"}
FACTS = {"run.transferring", "run.starting", "run.started", "job.done"}
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Printed:
    """What one print left behind."""

    thread: str
    """The id that the answer to the submission named."""
    approve_header: str
    other_header: str
    spans: list[Span]
    lines: dict[str, list[Json]]
    """By process: the lines of its log that name the id."""
    events: dict[str, set[str]]
    """By type of event about the job: the ids that stand in it."""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Printed]:
    """One cube from submission to done, with a collector that listens."""
    data = tmp_path_factory.mktemp("thread")
    open_to_postgres(data)
    with running_collector() as collector:
        yield asyncio.run(_print_on_own_stack(data, collector))


async def _print_on_own_stack(data: Path, collector: Collector) -> Printed:
    def amend(command: Command) -> Command:
        told = {ENDPOINTS[1]: collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        return replace(command, env={**command.env, **told})

    options = StackOptions(data, speed=240.0, amend=amend)
    async with running_stack(options, print) as state:
        operator = Operator(data, state)
        job_id, answers = await _print_cube(state)
        submitted, approved, other = (answer.headers[CORRELATION_ID] for answer in answers)
        spans = await _whole_trace(collector, submitted)
        events = await _events(operator, job_id)
    return Printed(
        thread=submitted,
        approve_header=approved,
        other_header=other,
        spans=spans,
        lines={name: _lines_about(data / "logs" / f"{name}.log", submitted) for name in PROCESSES},
        events=events,
    )


async def _print_cube(state: StackState) -> tuple[str, tuple[httpx.Response, ...]]:
    """Return the job once it is done; the answers to its submission, approval, and another."""
    async with open_browser(state.url) as mias, open_browser(state.url) as adas:
        mia = await sign_in(mias, "mia")
        await sign_in(adas, "ada")
        artifact = await checked_cube(mia, CUBE.read_bytes())
        wish = {"artifact_id": artifact["id"], "plates": [{"plate": 1, "copies": 1}]}
        submitted = await _post(mias, "/api/submissions", {**wish, "note": None, "queue": "main"})
        (job,) = submitted.json()["jobs"]
        await _clear_beds(adas)
        approved = await _post(adas, f"/api/jobs/{job['id']}/approve", {"version": job["version"]})

        async def done() -> bool:
            return bool((await mia.get(f"/api/jobs/{job['id']}"))["status"] == "done")

        await eventually(done, within_s=90, every_s=0.2)
        return str(job["id"]), (submitted, approved, await mias.get("/api/me"))


async def _post(http: httpx.AsyncClient, path: str, body: Json) -> httpx.Response:
    answer = await http.post(path, json=body, headers={"Idempotency-Key": str(uuid4())})
    return answer.raise_for_status()


async def _clear_beds(adas: httpx.AsyncClient) -> None:
    async def asks() -> list[Json]:
        printers: list[Json] = (await adas.get("/api/printers")).json()
        return [one for one in printers if "clear_bed" in one["allowed_actions"]]

    for printer in await eventually(asks, within_s=30, every_s=0.1):
        bed = {"bed_seq": printer["bed"]["seq"]}
        await _post(adas, f"/api/printers/{printer['id']}/clear-bed", bed)


async def _whole_trace(collector: Collector, thread: str) -> list[Span]:
    trace_id = thread.replace("-", "")

    async def whole() -> list[Span] | None:
        spans = collector.trace(trace_id)
        names = {span.name for span in spans}
        return spans if {"run", "project job.done"} <= names else None

    spans = await eventually(whole, within_s=20, every_s=0.1)
    assert spans is not None
    return spans


async def _events(operator: Operator, job_id: str) -> dict[str, set[str]]:
    connection = await operator.database()
    try:
        rows = await connection.fetch(
            "SELECT type, body->>'correlation_id' AS thread FROM event_log WHERE job_id = $1",
            job_id,
        )
    finally:
        await connection.close()
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["type"], set()).add(row["thread"])
    return found


def _lines_about(log: Path, thread: str) -> list[Json]:
    return [line for line in lines_of(log) if line.get("correlation_id") == thread]


class TestOneId:
    def test_the_answer_to_the_approval_names_it(self, printed: Printed) -> None:
        assert printed.approve_header == printed.thread

    def test_an_answer_about_nothing_has_an_id_of_its_own(self, printed: Printed) -> None:
        assert len(printed.other_header) == len(printed.thread)
        assert printed.other_header != printed.thread

    @pytest.mark.parametrize(
        ("process", "event"),
        [
            ("api", "request_answered"),
            ("relay", "message_published"),
            ("dispatch", "claim_answered"),
            ("node-1", "run_claimed"),
            ("node-1", "run_ended"),
            ("projector", "event_projected"),
        ],
    )
    def test_logs_name_it(self, printed: Printed, process: str, event: str) -> None:
        assert event in {line["event"] for line in printed.lines[process]}

    def test_every_event_of_the_job_carries_it(self, printed: Printed) -> None:
        assert {"job.submitted", "job.approved", "job.claimed", "job.progress"} <= set(
            printed.events
        )
        assert set(printed.events) >= FACTS
        assert set().union(*printed.events.values()) == {printed.thread}


class TestOneTrace:
    def test_every_process_is_in_it(self, printed: Printed) -> None:
        services = {span.service for span in printed.spans}
        assert services == {"api", "relay", "dispatch", "projector", "edge"}

    def test_the_approval_leads_to_the_projection(self, printed: Printed) -> None:
        chain = _chain(printed.spans, "project job.approved")
        assert chain == [
            ("projector", "project job.approved"),
            ("relay", "relay job.approved"),
            ("api", "outbox job.approved"),
            ("api", "POST /jobs/{job_id}/approve"),
        ]

    def test_the_bell_continues_it_on_the_node(self, printed: Printed) -> None:
        assert _chain(printed.spans, "hear bell")[1] == ("relay", "relay job.approved")

    def test_the_claim_leads_to_the_run_and_its_facts(self, printed: Printed) -> None:
        assert _chain(printed.spans, "project job.done") == [
            ("projector", "project job.done"),
            ("edge", "publish job.done"),
            ("edge", "run"),
            ("edge", "claim"),
        ]
        assert _chain(printed.spans, "project job.claimed") == [
            ("projector", "project job.claimed"),
            ("relay", "relay job.claimed"),
            ("dispatch", "outbox job.claimed"),
            ("dispatch", "answer ClaimRequest"),
            ("edge", "claim"),
        ]
        for name in ("download", "upload", "send start"):
            assert ("edge", "run") in _chain(printed.spans, name)

    def test_progress_fills_no_trace(self, printed: Printed) -> None:
        assert [span.name for span in printed.spans if "progress" in span.name] == []

    def test_ids_of_spans_are_unique(self, printed: Printed) -> None:
        ids = [span.span_id for span in printed.spans]
        assert len(ids) == len(set(ids))


def _chain(spans: list[Span], name: str) -> list[tuple[str, str]]:
    """Return a span and those above it, up to the root."""
    by_id = {span.span_id: span for span in spans}
    (here,) = [span for span in spans if span.name == name]
    found = [(here.service, here.name)]
    while here.parent_id in by_id:
        here = by_id[here.parent_id]
        found.append((here.service, here.name))
    assert here.parent_id == "", f"{here.name} continues a step that nobody told"
    return found
