"""The live feed: who hears what, and that nothing is missed."""

import asyncio
from uuid import UUID, uuid4

import httpx
import nats
import pytest

from contracts.subjects import telemetry_subject
from contracts.telemetry import PrinterTelemetry
from services.db.tables.work import Job, Submission
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.integration.api.listening import Feed, News, listening, project
from tests.integration.api.people import Someone, World, now, problem
from tests.integration.api.rows import log_row, new_job, ready_artifact


@pytest.fixture
async def mia(world: World) -> Someone:
    return await world.someone()


@pytest.fixture
async def job(world: World, mia: Someone) -> Job:
    return await job_of(world, mia)


async def job_of(world: World, owner: Someone) -> Job:
    """Add a job of a person."""
    artifact = await ready_artifact(world, owner.id)
    submission = Submission(
        id=uuid4(), owner_id=owner.id, artifact_id=artifact.id, note=None, created_at=now()
    )
    await world.add(submission)
    row = new_job(submission)
    await world.add(row)
    return row


async def test_hello_comes_first_with_the_newest_fact(world: World, mia: Someone) -> None:
    async with listening(mia.http) as feed:
        hello = await feed.next()
    assert hello.event == "hello"
    assert hello.id == str(hello.data["gseq"])
    assert len(hello.data["build_id"]) == 12


async def test_facts_come_as_they_are_committed(world: World, mia: Someone, job: Job) -> None:
    run_id = uuid4()
    body = {"percent": 42, "layer": 3, "total_layers": 9, "minutes_left": 5}
    async with listening(mia.http) as feed:
        await feed.next()
        await project(world, log_row("job.progress", job_id=job.id, run_id=run_id, body=body))
        fact = await feed.next()
    assert fact.event == "fact"
    assert fact.id == str(fact.data["gseq"])
    assert fact.data["job_id"] == str(job.id)
    assert fact.data["run_id"] == str(run_id)
    assert {name: fact.data[name] for name in body} == body


async def test_only_progress_carries_percent(world: World, mia: Someone, job: Job) -> None:
    async with listening(mia.http) as feed:
        await feed.next()
        await project(world, log_row("job.done", job_id=job.id, body={"percent": 9}))
        fact = await feed.next()
    assert (fact.data["type"], fact.data["percent"]) == ("job.done", None)


async def test_members_hear_of_their_own_and_of_printers(
    world: World, mia: Someone, job: Job
) -> None:
    kim = await world.someone()
    kims = await job_of(world, kim)
    printer_id, last = uuid4(), uuid4()
    rows = [
        log_row("job.approved", job_id=kims.id),
        log_row("run.started", job_id=kims.id, printer_id=printer_id),
        log_row("artifact.ready", body={"owner_id": str(kim.id), "artifact_id": str(uuid4())}),
        log_row("node.enrolled", node="n"),
        log_row("artifact.ready", body={"owner_id": str(mia.id), "artifact_id": str(last)}),
        log_row("printer.online", printer_id=printer_id),
        log_row("job.approved", job_id=job.id),
    ]
    ada = await world.someone(is_admin=True)
    async with listening(mia.http) as mias, listening(ada.http) as adas:
        await mias.next()
        await adas.next()
        await project(world, *rows)
        heard = [await mias.next() for _ in range(3)]
        all_heard = [await adas.next() for _ in range(len(rows))]
    assert [news.data["type"] for news in heard] == [
        "artifact.ready",
        "printer.online",
        "job.approved",
    ]
    assert heard[0].data["artifact_id"] == str(last)
    assert [news.data["type"] for news in all_heard] == [row.type for row in rows]


async def test_resumes_without_a_gap_and_without_a_repeat(
    world: World, mia: Someone, job: Job
) -> None:
    async with listening(mia.http) as feed:
        await feed.next()
        await project(world, log_row("job.approved", job_id=job.id))
        first = await feed.next()
    missed = [log_row("job.progress", job_id=job.id, body={"percent": p}) for p in range(3)]
    await project(world, *missed)
    async with listening(mia.http, after=first.id) as feed:
        hello = await feed.next()
        assert (hello.event, hello.id) == ("hello", None)
        replayed = [await feed.next() for _ in missed]
        await project(world, log_row("job.done", job_id=job.id))
        done = await feed.next()
    assert [news.data["percent"] for news in replayed] == [0, 1, 2]
    assert done.data["type"] == "job.done"
    gseqs = [int(news.id or 0) for news in (first, *replayed, done)]
    assert gseqs == sorted(set(gseqs))


async def test_nothing_is_missed_while_lines_drop(world: World, mia: Someone, job: Job) -> None:
    """Facts are committed all the while; the client reconnects again and again."""
    total = 60

    async def projector() -> None:
        for percent in range(total):
            await project(world, log_row("job.progress", job_id=job.id, body={"percent": percent}))

    async with listening(mia.http) as feed:
        place = (await feed.next()).id
    projecting = asyncio.create_task(projector())
    heard: list[int] = []
    while len(heard) < total:
        async with listening(mia.http, after=place) as feed:
            for _ in range(7):
                news = await feed.next()
                if news.event == "fact":
                    heard.append(news.data["percent"])
                    place = news.id
                if len(heard) == total:
                    break
    await projecting
    assert heard == list(range(total))


async def test_a_new_connection_may_name_its_place_in_the_address(
    world: World, mia: Someone, job: Job
) -> None:
    async with listening(mia.http) as feed:
        place = (await feed.next()).id
    await project(world, log_row("job.progress", job_id=job.id, body={"percent": 12}))
    async with mia.http.stream("GET", "/api/feed", params={"after": place}) as response:
        feed = Feed(response)
        hello, fact = await feed.next(), await feed.next()
    assert (hello.event, hello.id) == ("hello", None)
    assert (fact.event, fact.data["percent"]) == ("fact", 12)


@pytest.mark.parametrize("after", ["999999999", "-1", "abc", "²"])
async def test_unknown_place_means_reading_everything_anew(mia: Someone, after: str) -> None:
    headers = [(b"Last-Event-ID", after.encode("latin-1"))]
    async with mia.http.stream("GET", "/api/feed", headers=headers) as response:
        lines = response.aiter_lines()
        async with asyncio.timeout(10):
            async for line in lines:
                if line == "event: reset":
                    return
    raise AssertionError("no reset")


async def test_place_that_is_too_far_back_means_reading_everything_anew(
    world: World, mia: Someone, job: Job
) -> None:
    async with listening(mia.http) as feed:
        place = (await feed.next()).id
    rows = [log_row("job.progress", job_id=job.id, body={"percent": 1}) for _ in range(2100)]
    async with world.sessions() as session, session.begin():
        session.add_all(rows)
    await project(world, log_row("job.done", job_id=job.id))

    async def has_handed_out_all() -> bool:
        async with listening(mia.http) as feed:
            return int((await feed.next()).id or 0) > int(place or 0) + 2100

    await eventually(has_handed_out_all)
    async with listening(mia.http, after=place) as feed:
        await feed.next()
        reset = await feed.next()
    assert reset.event == "reset"
    assert int(reset.id or 0) > int(place or 0)


async def test_telemetry_of_printers_reaches_everyone(
    world: World, mia: Someone, broker: Broker
) -> None:
    printer_id, node = uuid4(), "pi-1"
    news = PrinterTelemetry.model_validate(
        {
            **{name: None for name in PrinterTelemetry.model_fields if name != "messages"},
            "node": node,
            "printer_id": printer_id,
            "at": now(),
            "nozzle_c": 219.5,
        }
    )
    creds = str(broker.keys.node_creds(node))
    client = await nats.connect(broker.url, user_credentials=creds)
    try:
        async with listening(mia.http) as feed:
            await feed.next()
            for body in (
                b"no json",
                news.model_copy(update={"node": "other"}).model_dump_json().encode(),
                news.model_dump_json().encode(),
            ):
                await client.publish(telemetry_subject(node, news.printer_id), body)
            heard = await feed.next()
    finally:
        await client.close()
    assert (heard.event, heard.id) == ("telemetry", None)
    assert (heard.data["node"], heard.data["nozzle_c"]) == (node, 219.5)


async def test_nobody_listens_without_a_session(world: World) -> None:
    stranger = await world.browser()
    assert problem(await stranger.get("/api/feed"))["status"] == 401


async def test_two_hundred_clients_hear_the_same_fact(world: World) -> None:
    printer_id = uuid4()
    people = [await world.someone() for _ in range(40)]

    async def hear(http: httpx.AsyncClient, ready: asyncio.Semaphore) -> UUID:
        async with listening(http) as feed:
            await feed.next()
            ready.release()
            fact = await feed.until(lambda news: _is_about(news, printer_id))
            return UUID(fact.data["printer_id"])

    ready = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as tasks:
        hearing = [
            tasks.create_task(hear(person.http, ready)) for person in people for _ in range(5)
        ]
        for _ in hearing:
            await ready.acquire()
        await project(world, log_row("printer.online", printer_id=printer_id))
    assert len(hearing) == 200
    assert {task.result() for task in hearing} == {printer_id}


def _is_about(news: News, printer_id: UUID) -> bool:
    return news.data.get("printer_id") == str(printer_id)
