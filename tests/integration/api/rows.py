"""Rows that other processes would have written."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts.ids import printer_id_of
from contracts.lifecycle import ArtifactState, BedState, JobState, RunState
from contracts.loaded import Loaded, NeededFilament, PlateSummary
from services.db.tables.bus import DeadLetter, EventLog
from services.db.tables.machines import Node, Printer, PrinterState, Run
from services.db.tables.work import Artifact, Job, Submission
from tests.integration.api.people import World, now


def plate_summary(index: int = 1) -> PlateSummary:
    """Return a plate that a P1S can print."""
    return PlateSummary(
        index=index,
        gcode_path=f"Metadata/plate_{index}.gcode",
        model="C12",
        nozzle_mm=0.4,
        estimate_s=600,
        weight_g=3.5,
        filaments=(NeededFilament(index=1, type="PLA", color="#FFFFFF", used_g=3.5, used_m=1.2),),
        project_filaments=1,
    )


async def ready_artifact(world: World, owner_id: UUID, **changes: Any) -> Artifact:
    """Add an artifact that passed its check."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "owner_id": owner_id,
        "filename": "bracket.gcode.3mf",
        "size_bytes": 1000,
        "sha256": uuid4().hex * 2,
        "state": ArtifactState.READY,
        "incoming_key": "incoming/x",
        "check_attempts": 1,
        "refusal_code": None,
        "refusal": None,
        "inspection": {"plates": [plate_summary(i).model_dump(mode="json") for i in (1, 2)]},
        "created_at": now(),
        "checked_at": now(),
    }
    artifact = Artifact(**{**values, **changes})
    await world.add(artifact)
    return artifact


def new_job(submission: Submission, **changes: Any) -> Job:
    """Return a job of a submission, which waits for approval."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "submission_id": submission.id,
        "artifact_id": submission.artifact_id,
        "owner_id": submission.owner_id,
        "correlation_id": uuid4(),
        "name": "bracket",
        "plate": 1,
        "copy_no": 1,
        "needs": plate_summary().model_dump(mode="json"),
        "queue": "main",
        "state": JobState.SUBMITTED,
        "version": 1,
        "rank": None,
        "not_before": None,
        "rung_at": None,
        "run_id": None,
        "wait_reason": None,
        "cancel_requested_at": None,
        "cancel_requested_by": None,
        "decided_at": None,
        "decided_by": None,
        "decision": None,
        "created_at": submission.created_at,
    }
    return Job(**{**values, **changes})


async def announced_printer(world: World, **changes: Any) -> PrinterState:
    """Add a node, a printer in queue main, and what its node said of it."""
    serial = uuid4().hex[:15].upper()
    printer_id, node = printer_id_of(serial), f"n-{uuid4().hex[:8]}"
    await world.add(Node(name=node, title=node, public_key=None, created_at=now()))
    await world.add(
        Printer(
            id=printer_id,
            serial=serial,
            name=f"P1S {serial[:4]}",
            node=node,
            queue="main",
            epoch=1,
            is_enabled=True,
            created_at=now(),
        )
    )
    loaded = Loaded(model="C12", nozzle_mm=0.4, has_ams=False, filaments=())
    values: dict[str, Any] = {
        "printer_id": printer_id,
        "node": node,
        "journal_id": uuid4(),
        "node_seq": 1,
        "serial": serial,
        "name": "P1S",
        "firmware": "01.08",
        "loaded": loaded.model_dump(mode="json"),
        "is_online": True,
        "activity": "idle",
        "detail": None,
        "code": None,
        "bed": BedState.OCCUPIED,
        "bed_seq": 7,
        "bed_run_id": None,
        "bed_by": None,
        "bed_reason": None,
        "bed_since": now(),
        "last_fact_at": now(),
    }
    state = PrinterState(**{**values, **changes})
    await world.add(state)
    return state


def new_run(job_id: UUID, state: PrinterState, run_state: RunState, **changes: Any) -> Run:
    """Return a run as dispatch and the projector would have left it."""
    return Run(
        **{
            "id": uuid4(),
            "job_id": job_id,
            "run_no": 1,
            "claim_id": uuid4(),
            "sid": int(uuid4()) % 2**31,
            "printer_id": state.printer_id,
            "printer_epoch": 1,
            "printer_is_free": False,
            "node": state.node,
            "journal_id": state.journal_id,
            "releases_before": 0,
            "spec": {},
            "state": run_state,
            "fact_state": run_state,
            "run_seq": 1,
            "overdue_in": None,
            "resolved_as": None,
            "cause": None,
            "reason": None,
            "code": None,
            "advice": None,
            "percent": 42,
            "layer": 3,
            "total_layers": 9,
            "minutes_left": 5,
            "claimed_at": now(),
            "started_at": now(),
            "ended_at": None,
            "last_fact_at": now(),
            "deadline_at": now() + timedelta(hours=1),
            **changes,
        }
    )


async def claimed_run(
    world: World, job_id: UUID, state: PrinterState, run_state: RunState, **changes: Any
) -> Run:
    """Add a run of a queued job."""
    run = new_run(job_id, state, run_state, **changes)
    await world.add(run)
    job = await world.row(Job, job_id)
    job.state, job.run_id = JobState.QUEUED, run.id
    await world.add(job)
    return run


def log_row(type_: str, **columns: Any) -> EventLog:
    """Return a row of the event log as the projector writes it."""
    values: dict[str, Any] = {
        "event_id": uuid4(),
        "type": type_,
        "v": 1,
        "node": None,
        "journal_id": None,
        "node_seq": None,
        "job_id": None,
        "run_id": None,
        "run_seq": None,
        "printer_id": None,
        "occurred_at": now(),
        "received_at": now(),
        "body": {},
    }
    return EventLog(**{**values, **columns})


def dead_letter(**columns: Any) -> DeadLetter:
    """Return a message that nobody could read, as the projector keeps it."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "subject": "edge.attic.printer.sneezed",
        "headers": {},
        "body": b'{"type": "printer.sneezed"}',
        "reason": "type: there is no such event",
        "first_seen": now(),
        "count": 1,
        "replay_asked_at": None,
        "replay_asked_by": None,
        "replayed_at": None,
        "resolution": None,
        "resolved_at": None,
        "resolved_by": None,
    }
    return DeadLetter(**{**values, **columns})
