"""Who is told what: each once, by their own choice, in their language."""

import asyncio
from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from contracts.events import (
    AnyEvent,
    ArtifactRefused,
    JobApproved,
    JobDone,
    JobFailed,
    JobReturned,
    JobSubmitted,
    RunAttention,
    RunOverdue,
)
from services.db.tables.machines import Run
from services.db.tables.notices import JobFollower, NoticeChoice, NoticeCursor, NoticePerson
from services.db.tables.people import User
from services.db.tables.work import Job
from services.notices.kinds import CHOSEN, Form, NoticeKind
from services.notify.planning import notice_of
from tests.builders.facts import BENCH_JOURNAL
from tests.integration.notify.bench import Bench
from tests.unit.contracts.samples import sample

SILENT = {
    "job.commented",
    "queue.changed",
    *("artifact.uploaded", "artifact.ready", "job.approval_taken_back", "job.requeued"),
    *("job.claimed", "job.cancel_requested", "run.transferring", "run.starting", "run.paused"),
    *("run.resumed", "run.released", "run.resolved", "job.progress", "command.done"),
    *("command.refused", "node.enrolled", "node.revoked", "printer.announced", "printer.online"),
    *("printer.offline", "printer.state_changed", "printer.bed_changed", "node.given_printer"),
}
"""Events that nobody is told of; what is in neither list fails the test."""
_DAY = timedelta(days=1)
_HALF_AN_HOUR = timedelta(minutes=30, seconds=1)


def event(kind: type[Any], job: Job, **fields: Any) -> Any:
    """Return a service event about a job."""
    at = job.created_at
    values = {"id": uuid4(), "occurred_at": at, "correlation_id": uuid4(), "job_id": job.id}
    return kind.model_validate({**values, "owner_id": job.owner_id, **fields})


def fact(kind: type[Any], job: Job, seq: int, **fields: Any) -> Any:
    """Return a node's fact about a job's run."""
    place = {
        "node": "bench",
        "journal_id": BENCH_JOURNAL,
        "node_seq": seq,
        "printer_id": uuid4(),
        "run_id": job.run_id or uuid4(),
        "run_seq": seq,
    }
    return event(kind, job, **place, **fields)


def submitted(job: Job) -> JobSubmitted:
    """Return the news that a job was submitted."""
    made: JobSubmitted = event(
        JobSubmitted,
        job,
        submission_id=job.submission_id,
        artifact_id=job.artifact_id,
        name=job.name,
        plate=1,
        queue="main",
    )
    return made


@pytest.fixture
async def mia(bench: Bench) -> User:
    return await bench.person("Mia")


@pytest.fixture
async def pia(bench: Bench) -> User:
    pia = await bench.person("Pia", is_approver=True)
    await bench.target(Form.PERSONAL, "json://nowhere.example/{email}", pia)
    return pia


def test_every_event_is_told_or_silent_on_purpose() -> None:
    known = {str(kind.model_fields["type"].default) for kind in get_args(AnyEvent)}
    told = {name for name in known if notice_of(sample(name)) is not None}
    assert told | SILENT == known
    assert not told & SILENT


async def test_submission_is_told_to_approvers_once(bench: Bench, mia: User, pia: User) -> None:
    jobs = await bench.jobs(mia, 3)
    await bench.happen(*(submitted(job) for job in jobs))
    assert await bench.told() == [(pia.id, "submitted")]
    (row,) = await bench.deliveries()
    assert row.content["title"] == "Mia submitted bracket"
    assert row.content["text"] == (f"3 prints wait.\nhttps://print.example.org/jobs/{jobs[0].id}")


async def test_who_did_it_is_not_told(bench: Bench, pia: User) -> None:
    (job,) = await bench.jobs(pia)
    await bench.happen(submitted(job))
    await bench.happen(event(JobReturned, job, by=pia.id, comment="Turn it."))
    assert await bench.told() == []


async def test_decision_reaches_the_owner(bench: Bench, mia: User, pia: User) -> None:
    (job,) = await bench.jobs(mia)
    await bench.happen(event(JobReturned, job, by=pia.id, comment="Turn it."))
    assert await bench.told() == [(mia.id, "returned")]
    (row,) = await bench.deliveries()
    assert "Turn it." in row.content["text"]


async def test_end_reaches_owner_and_followers(bench: Bench, mia: User, pia: User) -> None:
    (job,) = await bench.jobs(mia)
    await bench.add(JobFollower(job_id=job.id, user_id=pia.id, created_at=job.created_at))
    await bench.happen(fact(JobDone, job, 1, duration_s=60))
    assert {user for user, _ in await bench.told()} == {mia.id, pia.id}


async def test_attention_reaches_owner_and_approvers(bench: Bench, mia: User, pia: User) -> None:
    (job,) = await bench.jobs(mia)
    await bench.happen(
        fact(RunAttention, job, 1, cause="start_not_seen", reason="Nobody saw it start.")
    )
    assert {user for user, _ in await bench.told()} == {mia.id, pia.id}


async def test_refused_file_of_a_slicer_is_told(bench: Bench, mia: User, pia: User) -> None:
    (job,) = await bench.jobs(mia)
    told = {"artifact_id": job.artifact_id, "code": "not_sliced", "reason": "Slice it first."}
    refused = event(ArtifactRefused, job, **told)
    await bench.happen(refused)
    assert await bench.told() == [(mia.id, "refused")]


class TestChoices:
    """What a person chose counts."""

    async def test_what_is_off_is_not_told(self, bench: Bench, mia: User, pia: User) -> None:
        target = await bench.target(Form.PERSONAL, "json://other.example/{email}", pia)
        (job,) = await bench.jobs(mia)
        done = fact(JobDone, job, 1, duration_s=60)
        await bench.add(NoticeChoice(user_id=mia.id, target_id=target.id, kinds=["failed"]))
        await bench.happen(done)
        (row,) = await bench.deliveries()
        assert row.target_id != target.id

    async def test_what_is_on_beyond_the_usual_is_told(
        self, bench: Bench, mia: User, pia: User
    ) -> None:
        (job,) = await bench.jobs(mia)
        approval = {"by": pia.id, "queue": "main", "not_before": None}
        await bench.happen(event(JobApproved, job, **approval))
        assert await bench.told() == []
        target = await bench.target(Form.PERSONAL, "json://other.example/{email}", pia)
        await bench.add(NoticeChoice(user_id=mia.id, target_id=target.id, kinds=["approved"]))
        await bench.happen(event(JobApproved, job, **approval))
        assert await bench.told() == [(mia.id, "approved")]

    async def test_language_is_the_person_s(self, bench: Bench, mia: User, pia: User) -> None:
        await bench.add(NoticePerson(user_id=mia.id, language="de"))
        (job,) = await bench.jobs(mia)
        reason = {"reason": "Es klemmt.", "code": None, "advice": None}
        await bench.happen(fact(JobFailed, job, 1, **reason))
        (row,) = await bench.deliveries()
        assert row.content["title"] == "bracket ist fehlgeschlagen"

    async def test_person_who_is_out_is_not_told(self, bench: Bench, mia: User, pia: User) -> None:
        mia.disabled_at = mia.created_at
        await bench.add(mia)
        (job,) = await bench.jobs(mia)
        await bench.happen(fact(JobDone, job, 1, duration_s=60))
        assert await bench.told() == []

    async def test_channel_is_told_what_it_is_for(self, bench: Bench, mia: User) -> None:
        await bench.target(Form.CHANNEL, "json://x.example", mia, kinds=[NoticeKind.FAILED])
        await bench.target(Form.WEBHOOK, "https://x.example", mia, is_enabled=False)
        (job,) = await bench.jobs(mia)
        await bench.happen(fact(JobDone, job, 1, duration_s=60))
        assert await bench.told() == []
        reason = {"reason": "Stuck.", "code": None, "advice": None}
        await bench.happen(fact(JobFailed, job, 2, **reason))
        assert await bench.told() == [(None, "failed")]


class TestOnce:
    """Never twice for the same event."""

    async def test_same_event_read_again(self, bench: Bench, mia: User) -> None:
        for form in (Form.CHANNEL, Form.WEBHOOK):
            await bench.target(form, "https://x.example", mia, kinds=list(CHOSEN))
        (job,) = await bench.jobs(mia)
        done = fact(JobDone, job, 1, duration_s=60)
        await bench.happen(done)
        async with bench.sessions() as session, session.begin():
            await session.exec(update(NoticeCursor).values(gseq=0))
        while await bench.collector.collect():
            pass
        assert len(await bench.deliveries()) == 2

    async def test_two_notifiers_at_once(self, bench: Bench, mia: User, pia: User) -> None:
        (job,) = await bench.jobs(mia)
        await bench.happen()
        others = [event(JobReturned, job, by=pia.id, comment=str(n)) for n in range(20)]
        both = [bench.happen(each) for each in others]
        await asyncio.gather(*both)
        assert len(await bench.deliveries()) == len(others)

    async def test_old_news_is_no_news(self, bench: Bench, mia: User, pia: User) -> None:
        (job,) = await bench.jobs(mia)
        bench.clock.ahead += 2 * _DAY
        await bench.happen(fact(JobDone, job, 1, duration_s=60))
        assert await bench.told() == []


async def test_attention_is_told_again_every_half_an_hour(
    bench: Bench, mia: User, pia: User
) -> None:
    (job,) = await bench.jobs(mia)
    await bench.add(_needing(job.id, bench.clock.now()))
    await bench.collector.remind()
    assert await bench.told() == []
    bench.clock.ahead += _HALF_AN_HOUR
    for _ in range(2):
        await bench.collector.remind()
    assert len(await bench.told()) == 2
    bench.clock.ahead += _HALF_AN_HOUR
    await bench.collector.remind()
    assert len(await bench.told()) == 4


async def test_overdue_is_attention(bench: Bench, mia: User, pia: User) -> None:
    (job,) = await bench.jobs(mia)
    late = {"run_id": uuid4(), "in_state": "printing", "cause": "print_overdue", "reason": "Late."}
    await bench.happen(event(RunOverdue, job, **late))
    assert {kind for _, kind in await bench.told()} == {"attention"}


def _needing(job_id: UUID, at: datetime) -> Run:
    values: dict[str, Any] = {
        "id": uuid4(),
        "job_id": job_id,
        "run_no": 1,
        "claim_id": uuid4(),
        "sid": 7,
        "printer_id": uuid4(),
        "printer_epoch": 1,
        "printer_is_free": False,
        "node": "bench",
        "journal_id": BENCH_JOURNAL,
        "releases_before": 0,
        "spec": {},
        "state": "attention",
        "fact_state": "attention",
        "run_seq": 1,
        "reason": "Nobody saw it start.",
        "percent": 0,
        "claimed_at": at,
        "last_fact_at": at,
    }
    return Run(**values)
