"""What is known of a run in doubt, and what a person can say about it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.lifecycle import RunState
from services.db.tables.machines import PrinterState, Run
from services.db.tables.work import Job
from tests.integration.api.people import Json, Someone, World, now
from tests.integration.api.rows import announced_printer, log_row
from tests.integration.api.test_printers import running

SAID = {"activity": "finished", "print_name": "case-top", "print_id": "7", "codes": []}


@pytest.fixture
async def ada(world: World) -> Someone:
    return await world.someone(is_admin=True, name="Ada Admin")


async def history(world: World, job: Job, run: Run, printer: PrinterState) -> None:
    """Write into the log what a start that nobody saw leaves there."""
    began = now() - timedelta(minutes=10)

    async def told(minute: int, type_: str, *, is_of_run: bool = True, **body: Any) -> None:
        at = began + timedelta(minutes=minute)
        of_run = {"job_id": job.id, "run_id": run.id} if is_of_run else {}
        about = {**of_run, "printer_id": printer.printer_id, "occurred_at": at, "received_at": at}
        await world.add(log_row(type_, body={"type": type_, **body}, **about))

    changed = {"detail": None, "code": None}
    await told(0, "printer.state_changed", is_of_run=False, activity="paused", **changed)
    await told(1, "job.claimed")
    await told(2, "run.transferring", size_bytes=1)
    await told(3, "run.starting", sid=run.sid, before=SAID)
    await told(4, "printer.state_changed", is_of_run=False, activity="idle", **changed)
    await told(8, "run.attention", cause="start_not_seen", reason="Not seen to start.", seen=SAID)


async def in_doubt(world: World, owner: Someone, **printer: Any) -> tuple[Job, Run]:
    state = await announced_printer(world, **printer)
    job, run, _ = await running(
        world, owner, RunState.ATTENTION, state, cause="start_not_seen", percent=0
    )
    await history(world, job, run, state)
    return job, run


def choices(attention: Json) -> dict[str, tuple[bool, str | None]]:
    return {each["outcome"]: (each["is_open"], each["objection"]) for each in attention["choices"]}


class TestEvidence:
    async def test_what_was_sent_and_what_the_printer_said_before_and_after(
        self, world: World, ada: Someone
    ) -> None:
        job, run = await in_doubt(world, ada)
        known = await ada.get(f"/api/jobs/{job.id}/attention")
        assert [each["kind"] for each in known["evidence"]] == [
            *("before", "sent", "changed", "changed", "doubt", "now")
        ]
        before, sent, after, seen, doubt, last = known["evidence"]
        assert (before["activity"], before["print_name"]) == ("finished", "case-top")
        assert (sent["witness"], sent["print_name"]) == ("layerline", "bracket")
        assert sent["file_name"] == f"layerline-{run.sid}.gcode.3mf"
        assert (after["activity"], seen["print_name"]) == ("idle", "case-top")
        assert doubt["text"] == "Not seen to start."
        assert (last["activity"], last["witness"]) == ("idle", "printer")
        assert known["cause"] == "start_not_seen"
        assert known["since"] == doubt["at"]

    async def test_job_that_was_never_sent_says_so(self, world: World, ada: Someone) -> None:
        job, _, _ = await running(world, ada, RunState.ATTENTION, cause="transfer_overdue")
        known = await ada.get(f"/api/jobs/{job.id}/attention")
        assert "not_sent" in [each["kind"] for each in known["evidence"]]

    async def test_all_of_them_for_approvers_only(self, world: World, ada: Someone) -> None:
        mia = await world.someone()
        job, _ = await in_doubt(world, mia)
        listed = (await ada.http.get("/api/attention")).json()
        assert str(job.id) in [each["job"]["id"] for each in listed]
        for path in ("/api/attention", f"/api/jobs/{job.id}/attention"):
            assert (await mia.http.get(path)).status_code == 403

    async def test_run_that_needs_nobody_has_none(self, world: World, ada: Someone) -> None:
        job, _, _ = await running(world, ada, RunState.PRINTING)
        assert (await ada.http.get(f"/api/jobs/{job.id}/attention")).status_code == 404


class TestChoices:
    async def test_nothing_speaks_against_a_silent_printer(
        self, world: World, ada: Someone
    ) -> None:
        job, _ = await in_doubt(world, ada, is_online=False, activity="printing")
        known = await ada.get(f"/api/jobs/{job.id}/attention")
        assert set(choices(known).values()) == {(True, None)}
        assert known["evidence"][-1]["kind"] == "cut_off"

    async def test_word_against_the_printers_is_told(self, world: World, ada: Someone) -> None:
        job, _ = await in_doubt(world, ada, activity="finished")
        said = choices(await ada.get(f"/api/jobs/{job.id}/attention"))
        assert said["printing"] == (True, "printer_is_idle")
        assert said["released"] == (True, None)

    async def test_I22_nobody_says_that_it_prints_when_its_node_would_not_tell_the_end(
        self, world: World, ada: Someone
    ) -> None:
        state = await announced_printer(world, activity="printing")
        job, run, _ = await running(
            world, ada, RunState.ATTENTION, state, cause="run_unknown_to_node", journal_id=uuid4()
        )
        said = choices(await ada.get(f"/api/jobs/{job.id}/attention"))
        assert said["printing"] == (False, "node_forgot")
        body = {"outcome": "printing", "reason": "I see it."}
        refusal = await ada.refused(f"/api/runs/{run.id}/resolve", body)
        assert (refusal["status"], refusal["type"]) == (409, "/problems/print-unknown-to-node")
        assert await ada.post(f"/api/runs/{run.id}/resolve", {**body, "outcome": "done"})

    async def test_try_again_is_off_while_it_prints(self, world: World, ada: Someone) -> None:
        job, run = await in_doubt(world, ada, activity="printing")
        said = choices(await ada.get(f"/api/jobs/{job.id}/attention"))
        assert said["released"] == (False, "printer_prints")
        assert said["done"] == (True, "printer_prints")
        body = {"outcome": "released", "reason": "I think so."}
        refusal = await ada.refused(f"/api/runs/{run.id}/resolve", body)
        assert (refusal["status"], refusal["type"]) == (409, "/problems/printer-at-work")
        assert UUID(refusal["job"]["id"]) == job.id
        assert await ada.post(f"/api/runs/{run.id}/resolve", {**body, "outcome": "printing"})
