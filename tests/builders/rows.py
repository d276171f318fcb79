"""Rows that something can be printed with: people, queue, node, printer, artifact, jobs."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.ids import printer_id_of
from services.db.tables.machines import Node, Printer, Run
from services.db.tables.people import User
from services.db.tables.work import Artifact, Job, Submission
from tests.builders.facts import BENCH_JOURNAL, RunIds

LOADED = {
    "model": "C12",
    "nozzle_mm": 0.4,
    "has_ams": False,
    "filaments": [{"slot": 254, "type": "PLA", "color": "#FFFFFF", "remaining_g": None}],
}


def now() -> datetime:
    """Return the time as rows have it."""
    return datetime.now(UTC)


def plate(**changes: Any) -> dict[str, Any]:
    """Return a plate's summary: a small thing in PLA."""
    return {
        "index": 1,
        "gcode_path": "Metadata/plate_1.gcode",
        "model": "C12",
        "nozzle_mm": 0.4,
        "estimate_s": 600,
        "weight_g": 3.0,
        "filaments": [
            {"index": 1, "type": "PLA", "color": "#FFFFFF", "used_g": 3.0, "used_m": 1.0}
        ],
        "project_filaments": 1,
        **changes,
    }


@dataclass
class Workshop:
    """One person, one node with its printers, one submission to which jobs are added."""

    session: AsyncSession
    node: str = "bench"
    journal_id: UUID = BENCH_JOURNAL
    owner_id: UUID = field(default_factory=uuid4)
    artifact_id: UUID = field(default_factory=uuid4)
    submission_id: UUID = field(default_factory=uuid4)
    jobs: int = 0

    async def open(self) -> "Workshop":
        """Insert the rows that everything refers to."""
        at = now()
        self.session.add(
            User(
                id=self.owner_id,
                email="mia@layerline.local",
                name="Mia",
                avatar_url=None,
                is_admin=True,
                created_at=at,
            )
        )
        self.session.add(Node(name=self.node, title=self.node, public_key=None, created_at=at))
        await self.session.flush()
        self.session.add(
            Artifact(
                id=self.artifact_id,
                owner_id=self.owner_id,
                filename="cube.gcode.3mf",
                size_bytes=100_000,
                sha256="ab" * 32,
                state="ready",
                incoming_key=f"incoming/{self.artifact_id}",
                check_attempts=1,
                refusal_code=None,
                refusal=None,
                inspection={},
                created_at=at,
            )
        )
        await self.session.flush()
        self.session.add(
            Submission(
                id=self.submission_id,
                owner_id=self.owner_id,
                artifact_id=self.artifact_id,
                note=None,
                created_at=at,
            )
        )
        await self.session.commit()
        return self

    async def printer(self, serial: str = "01S00C000000001", **changes: Any) -> UUID:
        """Insert a printer; return its id."""
        values: dict[str, Any] = {
            "id": printer_id_of(serial),
            "serial": serial,
            "name": serial,
            "node": self.node,
            "queue": "main",
            "epoch": 1,
            "is_enabled": True,
            "created_at": now(),
            **changes,
        }
        self.session.add(Printer(**values))
        await self.session.commit()
        return printer_id_of(serial)

    async def job(self, **changes: Any) -> UUID:
        """Insert a queued job behind the others; return its id."""
        self.jobs += 1
        values: dict[str, Any] = {
            "id": uuid4(),
            "submission_id": self.submission_id,
            "artifact_id": self.artifact_id,
            "owner_id": self.owner_id,
            "correlation_id": uuid4(),
            "name": f"cube {self.jobs}",
            "plate": 1,
            "copy_no": self.jobs,
            "needs": plate(),
            "queue": "main",
            "state": "queued",
            "version": 1,
            "rank": 1024 * self.jobs,
            "run_id": None,
            "wait_reason": None,
            "cancel_requested_by": None,
            "decided_by": None,
            "decision": None,
            "created_at": now(),
            **changes,
        }
        self.session.add(Job(**values))
        await self.session.commit()
        return UUID(str(values["id"]))

    async def run(self, printer_id: UUID, job_id: UUID, **changes: Any) -> RunIds:
        """Insert a run of a job as a claim does; return its ids."""
        values: dict[str, Any] = {
            "id": uuid4(),
            "job_id": job_id,
            "run_no": 1,
            "claim_id": uuid4(),
            "sid": uuid4().int % (2**31 - 1) + 1,
            "printer_id": printer_id,
            "printer_epoch": 1,
            "printer_is_free": False,
            "node": self.node,
            "journal_id": self.journal_id,
            "releases_before": 0,
            "spec": {"estimate_s": 600},
            "state": "claimed",
            "fact_state": "claimed",
            "run_seq": 0,
            "overdue_in": None,
            "resolved_as": None,
            "cause": None,
            "reason": None,
            "code": None,
            "advice": None,
            "percent": 0,
            "layer": None,
            "total_layers": None,
            "minutes_left": None,
            "claimed_at": now(),
            "deadline_at": now() + timedelta(minutes=10),
            **changes,
        }
        self.session.add(Run(**values))
        job = await self.session.get_one(Job, job_id)
        job.run_id = values["id"]
        self.session.add(job)
        await self.session.commit()
        return RunIds(values["id"], job_id, printer_id)
