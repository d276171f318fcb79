"""What viewers see of a job, by its state alone."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.events import PrinterActivity
from contracts.ids import UserId
from contracts.lifecycle import BedState, JobState, RunState
from contracts.loaded import Loaded
from services.api.jobs.presenting import abilities, present_job, stale_since
from services.jobs.actors import Actor
from services.jobs.outlook import Outlook, QueueNow, Standing
from services.jobs.shop import ShopSettings
from services.jobs.views import JobRow

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OWNER = Actor(UserId(uuid4()), is_admin=False, ip=None)
ADMIN = Actor(UserId(uuid4()), is_admin=True, ip=None)
STRANGER = Actor(UserId(uuid4()), is_admin=False, ip=None)
PRINTER = uuid4()


def never(_: UUID) -> None:
    """No telemetry was heard."""


def row(state: JobState = JobState.QUEUED, run: RunState | None = None, **changes: Any) -> JobRow:
    """Return a job of OWNER, with a run in this state."""
    values: dict[str, Any] = {
        **dict.fromkeys(JobRow._fields),
        "id": uuid4(),
        "submission_id": uuid4(),
        "artifact_id": uuid4(),
        "name": "bracket",
        "plate": 1,
        "copy_no": 1,
        "queue": "main",
        "state": state,
        "version": 1,
        "needs": json.dumps(
            {
                "index": 1,
                "gcode_path": "Metadata/plate_1.gcode",
                "model": None,
                "nozzle_mm": None,
                "estimate_s": 60,
                "weight_g": None,
                "filaments": [],
                "project_filaments": 0,
            }
        ),
        "created_at": NOW,
        "owner_id": OWNER.id,
        "owner_name": "Mia",
        "note": "a note",
        "decision": "a word",
    }
    if run is not None:
        values |= {
            "run_id": uuid4(),
            "run_no": 1,
            "run_state": run,
            "printer_id": PRINTER,
            "printer_name": "P1S",
            "printer_is_online": True,
            "percent": 50,
            "minutes_left": 10,
            "claimed_at": NOW - timedelta(hours=1),
            "last_fact_at": NOW - timedelta(seconds=30),
        }
    return JobRow(**{**values, **changes})


def can(job: JobRow, viewer: Actor) -> set[str]:
    """Return what the viewer can do, as words."""
    return {ability.value for ability in abilities(job, viewer)}


@pytest.mark.parametrize(
    ("job", "owner", "admin"),
    [
        (row(JobState.SUBMITTED), {"withdraw"}, {"approve", "reject", "return", "withdraw"}),
        (row(JobState.RETURNED), {"resubmit", "withdraw"}, {"resubmit", "withdraw"}),
        (row(), {"withdraw", "cancel"}, {"withdraw", "cancel", "take_back_approval", "move"}),
        (
            row(run=RunState.RELEASED),
            {"withdraw", "cancel"},
            {"withdraw", "cancel", "take_back_approval", "move"},
        ),
        (row(run=RunState.TRANSFERRING), {"cancel"}, {"cancel"}),
        (row(run=RunState.PRINTING), {"cancel"}, {"cancel", "pause", "speed", "skip"}),
        (row(run=RunState.PRINTING, cancel_requested_at=NOW), set(), {"pause", "speed", "skip"}),
        (row(run=RunState.PAUSED), {"cancel"}, {"cancel", "resume", "skip"}),
        (row(run=RunState.ATTENTION), {"cancel"}, {"cancel", "resolve"}),
        (row(run=RunState.DONE), set(), set()),
        (row(JobState.REJECTED), set(), set()),
    ],
)
def test_abilities(job: JobRow, owner: set[str], admin: set[str]) -> None:
    assert can(job, OWNER) == owner
    assert can(job, ADMIN) == admin
    assert can(job, STRANGER) == set()


@pytest.mark.asvs("V15.3.1", "V8.2.3")
def test_strangers_see_the_print_and_no_words() -> None:
    seen = present_job(row(run=RunState.PRINTING), STRANGER, never, NOW)
    assert (seen.name, seen.percent, seen.owner.name) == ("bracket", 50, "Mia")
    assert (seen.note, seen.reason, seen.decided_by) == (None, None, None)


def test_reason_of_the_run_stands_before_a_persons_word() -> None:
    failed = row(run=RunState.FAILED, run_reason="Nozzle clogged.", code="0300-8003")
    assert present_job(failed, OWNER, never, NOW).reason == "Nozzle clogged."
    assert present_job(row(JobState.REJECTED), OWNER, never, NOW).reason == "a word"


def test_finish_is_told_only_while_it_prints() -> None:
    printing = present_job(row(run=RunState.PRINTING), OWNER, never, NOW)
    assert printing.finish_at == NOW + timedelta(minutes=10, seconds=-30)
    assert present_job(row(run=RunState.PAUSED), OWNER, never, NOW).finish_at is None
    assert present_job(row(run=RunState.DONE), OWNER, never, NOW).minutes_left is None


class TestStaleSince:
    def test_not_while_facts_come(self) -> None:
        assert stale_since(row(run=RunState.PRINTING), never, NOW) is None

    def test_after_90_seconds_of_silence(self) -> None:
        last = NOW - timedelta(seconds=91)
        job = row(run=RunState.PRINTING, last_fact_at=last)
        assert stale_since(job, never, NOW) == last

    def test_after_60_seconds_before_the_start(self) -> None:
        last = NOW - timedelta(seconds=61)
        job = row(run=RunState.CLAIMED, claimed_at=last, last_fact_at=None)
        assert stale_since(job, never, NOW) == last

    def test_telemetry_is_a_sign_of_life(self) -> None:
        job = row(run=RunState.PRINTING, last_fact_at=NOW - timedelta(minutes=9))
        assert stale_since(job, lambda _: NOW - timedelta(seconds=5), NOW) is None

    def test_at_once_when_the_printer_is_offline(self) -> None:
        job = row(run=RunState.PRINTING, printer_is_online=False)
        assert stale_since(job, never, NOW) == NOW - timedelta(seconds=30)

    def test_never_without_an_open_run(self) -> None:
        old = NOW - timedelta(days=1)
        for run in (None, RunState.DONE, RunState.RELEASED):
            assert stale_since(row(run=run, last_fact_at=old), never, NOW) is None


FREE = Standing(
    name="P1S",
    is_online=True,
    activity=PrinterActivity.IDLE,
    bed=BedState.CLEAR,
    loaded=Loaded(model="C12", nozzle_mm=0.4, has_ams=False, filaments=()),
    run=None,
    finish_at=None,
)


def why(job: JobRow, outlook: Outlook) -> str:
    """Return the code of why a job waits."""
    reason = outlook.reason(job, NOW)
    assert reason is not None
    return reason.code


def test_copies_wait_for_each_other_and_each_queue_has_its_rules() -> None:
    first, second, elsewhere = row(), row(), row(queue="quick")
    now = QueueNow(is_held=False, held_by=None, printers=[FREE])
    outlook = Outlook(
        {"main": now, "quick": now},
        {first.id: 1, second.id: 2, elsewhere.id: 1},
        ShopSettings(max_print_s=3600, queue_max_print_s={"quick": 60}),
    )
    long = elsewhere._replace(needs=first.needs.replace('"estimate_s": 60', '"estimate_s": 61'))
    assert [why(job, outlook) for job in (first, second, elsewhere, long)] == [
        "starts_soon",
        "jobs_before",
        "starts_soon",
        "too_long",
    ]


def test_what_a_printer_has_loaded_decides_anew_with_each_outlook() -> None:
    small = FREE.loaded and FREE.loaded.model_copy(update={"nozzle_mm": 0.2})
    job = row()
    job = job._replace(needs=job.needs.replace('"nozzle_mm": null', '"nozzle_mm": 0.4'))
    for loaded, expected in ((FREE.loaded, "starts_soon"), (small, "wrong_nozzle")):
        printers = [replace(FREE, loaded=loaded)]
        outlook = Outlook({"main": QueueNow(is_held=False, held_by=None, printers=printers)})
        assert why(job, outlook) == expected
