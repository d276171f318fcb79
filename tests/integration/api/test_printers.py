"""Printers, beds, wishes, and runs that need a person."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from contracts.commands import parse_command
from contracts.events import RunResolved, parse_event
from contracts.lifecycle import BedState, RunState
from services.db.tables.bus import Outbox
from services.db.tables.machines import Command, PrinterState, Run
from services.db.tables.people import Audit
from services.db.tables.work import Artifact, Job, Submission
from tests.integration.api.people import Json, Someone, World, now, problem
from tests.integration.api.rows import (
    announced_printer,
    claimed_run,
    new_job,
    ready_artifact,
)


@pytest.fixture
async def mia(world: World) -> Someone:
    return await world.someone(name="Mia Member")


@pytest.fixture
async def ada(world: World) -> Someone:
    return await world.someone(is_admin=True, name="Ada Admin")


async def running(
    world: World, owner: Someone, state: RunState, printer: PrinterState | None = None, **run: Any
) -> tuple[Job, Run, PrinterState]:
    """Add a job with a run on a printer."""
    printer = printer or await announced_printer(world)
    artifact = await ready_artifact(world, owner.id)
    submission = Submission(
        id=uuid4(), owner_id=owner.id, artifact_id=artifact.id, note="secret", created_at=now()
    )
    await world.add(submission)
    job = new_job(submission)
    await world.add(job)
    return job, await claimed_run(world, job.id, printer, state, **run), printer


async def sent(world: World, command: Json) -> tuple[Command, Outbox]:
    """Return the row and the message of a command."""
    row = await world.row(Command, UUID(command["id"]))
    (message,) = await world.select(select(Outbox).where(col(Outbox.id) == row.id))
    return row, message


class TestPrinters:
    @pytest.mark.asvs("V15.3.1")
    async def test_everyone_sees_them_with_the_print_but_not_its_notes(
        self, world: World, mia: Someone
    ) -> None:
        kim = await world.someone(name="Kim")
        job, _, state = await running(world, kim, RunState.PRINTING)
        printers = (await mia.http.get("/api/printers")).json()
        (printer,) = [p for p in printers if p["id"] == str(state.printer_id)]
        assert printer["model"] == "C12"
        assert printer["bed"]["state"] == "occupied"
        assert printer["current_job"]["id"] == str(job.id)
        assert printer["current_job"]["owner"]["name"] == "Kim"
        assert printer["current_job"]["note"] is None
        assert printer["current_job"]["allowed_actions"] == []
        assert printer["allowed_actions"] == []
        own = await kim.get(f"/api/printers/{state.printer_id}")
        assert own["current_job"]["note"] == "secret"

    async def test_printer_that_never_spoke(self, world: World, ada: Someone) -> None:
        state = await announced_printer(world)
        async with world.sessions() as session, session.begin():
            await session.delete(await session.get_one(PrinterState, state.printer_id))
        printer = await ada.get(f"/api/printers/{state.printer_id}")
        assert (printer["is_online"], printer["activity"]) == (False, "unknown")
        assert printer["bed"]["state"] == "unknown"
        assert printer["allowed_actions"] == []
        path = f"/api/printers/{state.printer_id}/clear-bed"
        refusal = await ada.refused(path, {"bed_seq": 0})
        assert refusal["type"] == "/problems/printer-silent"

    async def test_unknown_printer(self, ada: Someone) -> None:
        path = f"/api/printers/{uuid4()}"
        assert problem(await ada.http.get(path))["type"] == "/problems/no-such-printer"
        assert (await ada.refused(f"{path}/light", {"on": True}))["status"] == 404
        assert (await ada.refused(f"{path}/clear-bed", {"bed_seq": 1}))["status"] == 404

    async def test_queues(self, mia: Someone) -> None:
        queues = {queue["name"]: queue for queue in (await mia.http.get("/api/queues")).json()}
        queue = queues["main"]
        assert (queue["title"], queue["is_held"]) == ("Main", False)
        assert isinstance(queue["waiting"], int)


class TestBed:
    async def test_admin_says_that_it_is_clear(self, world: World, ada: Someone) -> None:
        state = await announced_printer(world)
        path = f"/api/printers/{state.printer_id}"
        assert (await ada.get(path))["allowed_actions"] == ["clear_bed", "light", "camera"]
        answer = await ada.http.post(f"{path}/clear-bed", json={"bed_seq": 7})
        assert answer.status_code == 202
        row, message = await sent(world, answer.json())
        assert (row.kind, row.bed_seq, row.expires_at) == ("clear_bed", 7, None)
        command = parse_command(message.body)
        assert (command.node, command.journal_id) == (state.node, state.journal_id)
        assert (command.bed_seq, command.by) == (7, ada.id)
        trail = select(Audit.action).where(col(Audit.thing_id) == str(state.printer_id))
        assert await world.select(trail) == ["printer.clear_bed"]

    async def test_person_who_printed_last_may_say_so(self, world: World, mia: Someone) -> None:
        _, run, state = await running(world, mia, RunState.DONE)
        state.bed_run_id = run.id
        await world.add(state)
        path = f"/api/printers/{state.printer_id}"
        printer = await mia.get(path)
        assert printer["allowed_actions"] == ["clear_bed"]
        assert printer["bed"]["last_job"]["name"] == "bracket"
        assert printer["bed"]["last_job"]["plate"] == 1
        assert printer["bed"]["last_job"]["artifact_id"]
        assert (await mia.post(f"{path}/clear-bed", {"bed_seq": 7}))["kind"] == "clear_bed"
        kim = await world.someone()
        assert (await kim.refused(f"{path}/clear-bed", {"bed_seq": 7}))["status"] == 403

    async def test_bed_that_changed_since_is_shown(self, world: World, ada: Someone) -> None:
        state = await announced_printer(world)
        path = f"/api/printers/{state.printer_id}/clear-bed"
        refusal = await ada.refused(path, {"bed_seq": 6})
        assert (refusal["status"], refusal["type"]) == (409, "/problems/bed-changed")
        assert refusal["printer"]["bed"]["seq"] == 7

    async def test_bed_under_a_print_is_not_clear(self, world: World, ada: Someone) -> None:
        _, _, state = await running(world, ada, RunState.PRINTING)
        path = f"/api/printers/{state.printer_id}"
        assert "clear_bed" not in (await ada.get(path))["allowed_actions"]
        refusal = await ada.refused(f"{path}/clear-bed", {"bed_seq": 7})
        assert refusal["type"] == "/problems/printer-busy"

    async def test_word_is_taken_back(self, world: World, ada: Someone) -> None:
        state = await announced_printer(world, bed=BedState.CLEAR)
        path = f"/api/printers/{state.printer_id}"
        assert (await ada.get(path))["allowed_actions"] == ["unclear_bed", "light", "camera"]
        said = await ada.refused(f"{path}/clear-bed", {"bed_seq": 7})
        assert said["type"] == "/problems/bed-state"
        assert (await ada.post(f"{path}/unclear-bed", {"bed_seq": 7}))["kind"] == "unclear_bed"


class TestWishes:
    async def test_pause_and_resume(self, world: World, ada: Someone) -> None:
        for state, kind in ((RunState.PRINTING, "pause"), (RunState.PAUSED, "resume")):
            job, run, printer = await running(world, ada, state)
            command = await ada.post(f"/api/jobs/{job.id}/{kind}")
            row, message = await sent(world, command)
            assert (row.kind, row.run_id, row.printer_id) == (kind, run.id, printer.printer_id)
            assert row.expires_at is not None
            assert (row.expires_at - row.issued_at).total_seconds() == 30
            assert parse_command(message.body).run_id == run.id

    async def test_speed(self, world: World, ada: Someone) -> None:
        job, run, _ = await running(world, ada, RunState.PRINTING)
        path = f"/api/jobs/{job.id}"
        assert {"speed", "skip"} <= set((await ada.get(path))["allowed_actions"])
        row, message = await sent(world, await ada.post(f"{path}/speed", {"level": 3}))
        assert (row.kind, row.run_id, row.value) == ("speed", run.id, "3")
        assert parse_command(message.body).value == "3"
        for level in (0, 5, "fast"):
            assert (await ada.refused(f"{path}/speed", {"level": level}))["status"] == 422

    async def test_skipping_objects(self, world: World, ada: Someone) -> None:
        job, run, _ = await running(world, ada, RunState.PAUSED)
        artifact = await world.row(Artifact, job.artifact_id)
        objects = [{"id": number, "name": f"cube {number}"} for number in (12, 40, 77)]
        plates = [{**plate, "objects": objects} for plate in artifact.inspection["plates"]]
        artifact.inspection = {"plates": plates}
        await world.add(artifact)
        path = f"/api/jobs/{job.id}/skip"
        row, _ = await sent(world, await ada.post(path, {"object_ids": [77, 12]}))
        assert (row.kind, row.run_id, row.value) == ("skip", run.id, "12,77")
        for ids, code in (([13], "no-such-object"), ([12, 40, 77], "nothing-left")):
            refusal = await ada.refused(path, {"object_ids": ids})
            assert (refusal["status"], refusal["type"]) == (409, f"/problems/{code}")
        assert (await ada.refused(path, {"object_ids": []}))["status"] == 422
        commands = select(Command).where(col(Command.run_id) == run.id)
        assert len(await world.select(commands)) == 1

    async def test_clearing_an_error(self, world: World, ada: Someone, mia: Someone) -> None:
        state = await announced_printer(world)
        path = f"/api/printers/{state.printer_id}"
        assert "clear_error" not in (await ada.get(path))["allowed_actions"]
        state.code = "0300-8004"
        await world.add(state)
        assert "clear_error" in (await ada.get(path))["allowed_actions"]
        row, _ = await sent(world, await ada.post(f"{path}/clear-error"))
        assert (row.kind, row.run_id) == ("clear_error", None)
        assert (await mia.refused(f"{path}/clear-error"))["status"] == 403

    async def test_wrong_moment(self, world: World, ada: Someone, mia: Someone) -> None:
        job, _, _ = await running(world, mia, RunState.TRANSFERRING)
        refusal = await ada.refused(f"/api/jobs/{job.id}/pause")
        assert (refusal["status"], refusal["job"]["phase"]) == (409, "transferring")
        assert (await mia.refused(f"/api/jobs/{job.id}/pause"))["status"] == 403

    async def test_light(self, world: World, ada: Someone, mia: Someone) -> None:
        state = await announced_printer(world)
        path = f"/api/printers/{state.printer_id}/light"
        row, message = await sent(world, await ada.post(path, {"on": True}))
        assert (row.kind, parse_command(message.body).value) == ("light", "on")
        assert (await mia.refused(path, {"on": True}))["status"] == 403

    async def test_repeat_with_a_key_is_one_command(self, world: World, ada: Someone) -> None:
        state = await announced_printer(world)
        path = f"/api/printers/{state.printer_id}/clear-bed"
        headers = {"Idempotency-Key": uuid4().hex}
        answers = [
            await ada.http.post(path, json={"bed_seq": 7}, headers=headers) for _ in range(3)
        ]
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        sent_commands = select(Command).where(col(Command.printer_id) == state.printer_id)
        assert len(await world.select(sent_commands)) == 1

    async def test_answer_is_shown_to_who_asked(
        self, world: World, ada: Someone, mia: Someone
    ) -> None:
        state = await announced_printer(world)
        command = await ada.post(f"/api/printers/{state.printer_id}/light", {"on": False})
        assert command["answer"] is None
        row = await world.row(Command, UUID(command["id"]))
        row.answered_at, row.answer, row.answer_reason = now(), "refused", "The lid is open."
        await world.add(row)
        seen = await ada.get(f"/api/commands/{command['id']}")
        assert (seen["answer"], seen["answer_reason"]) == ("refused", "The lid is open.")
        assert problem(await mia.http.get(f"/api/commands/{command['id']}"))["status"] == 404


class TestResolving:
    async def test_word_goes_to_the_log_and_to_the_node(self, world: World, ada: Someone) -> None:
        job, run, _ = await running(world, ada, RunState.ATTENTION, reason="Not seen to start.")
        seen = await ada.get(f"/api/jobs/{job.id}")
        assert (seen["status"], seen["reason"]) == ("attention", "Not seen to start.")
        assert seen["allowed_actions"] == ["cancel", "resolve"]
        body = {"outcome": "released", "reason": "The plate is empty."}
        assert (await ada.post(f"/api/runs/{run.id}/resolve", body))["id"] == str(job.id)
        messages = select(Outbox.body).where(col(Outbox.subject) == f"run.resolved.{job.id}")
        (event,) = [parse_event(body) for body in await world.select(messages)]
        assert isinstance(event, RunResolved)
        assert (event.outcome, event.by, event.run_id) == ("released", ada.id, run.id)
        (row,) = await world.select(select(Command).where(col(Command.run_id) == run.id))
        assert (row.kind, row.value, row.expires_at) == ("resolve", "released", None)
        again = await ada.refused(f"/api/runs/{run.id}/resolve", body)
        assert again["type"] == "/problems/run-being-resolved"
        # The node lost its journal and will never answer: somebody may speak again.
        row.issued_at -= timedelta(minutes=2)
        await world.add(row)
        assert (await ada.post(f"/api/runs/{run.id}/resolve", body))["id"] == str(job.id)

    async def test_run_that_needs_nobody(self, world: World, ada: Someone, mia: Someone) -> None:
        _, run, _ = await running(world, mia, RunState.PRINTING)
        path, body = f"/api/runs/{run.id}/resolve", {"outcome": "done", "reason": "It is."}
        refusal = await ada.refused(path, body)
        assert (refusal["type"], refusal["job"]["phase"]) == ("/problems/run-state", "printing")
        assert (await mia.refused(path, body))["status"] == 403
        kim = await world.someone()
        assert (await kim.refused(path, body))["status"] == 403
        assert (await ada.refused(f"/api/runs/{uuid4()}/resolve", body))["status"] == 404
