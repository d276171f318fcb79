"""What prints: nodes and printers (writer: services.registry), runs, what printers last said.

A run is inserted by dispatch in the claim; from then on the projector alone writes it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from contracts.lifecycle import RunState
from services.db.tables.base import JsonObject, instant, json_object

_RUN_STATES = ", ".join(f"'{state.value}'" for state in RunState)
UNRESOLVED = text("state NOT IN ('done', 'failed', 'cancelled', 'released')")
_HOLDS_PRINTER = text(
    "state NOT IN ('done', 'failed', 'cancelled', 'released') AND NOT printer_is_free"
)


class Node(SQLModel, table=True):
    """The process beside one or more printers. Writer: services.registry."""

    __tablename__ = "node"

    name: str = Field(primary_key=True, max_length=32)
    title: str = Field(max_length=100)
    public_key: str | None = Field(max_length=80)
    created_at: datetime = instant()
    revoked_at: datetime | None = instant(nullable=True)


class Printer(SQLModel, table=True):
    """A machine that an admin put into a queue; its serial is its identity.

    Giving it to another node raises `epoch`: answers and commands of an older one are void.
    """

    __tablename__ = "printer"

    id: UUID = Field(primary_key=True)
    serial: str = Field(max_length=32, unique=True)
    name: str = Field(max_length=100)
    node: str = Field(foreign_key="node.name", max_length=32, index=True)
    queue: str = Field(foreign_key="queue.name", max_length=32, index=True)
    epoch: int
    is_enabled: bool
    created_at: datetime = instant()


class Run(SQLModel, table=True):
    """One attempt to print a job on one printer."""

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint(f"state IN ({_RUN_STATES})", name="state"),
        Index("uq_run_unresolved_job", "job_id", unique=True, postgresql_where=UNRESOLVED),
        Index(
            "uq_run_unresolved_printer", "printer_id", unique=True, postgresql_where=_HOLDS_PRINTER
        ),
        Index("ix_run_job", "job_id", "run_no", unique=True),
        Index("ix_run_printer", "printer_id", "claimed_at"),
        Index("ix_run_released", "job_id", postgresql_where=text("state = 'released'")),
        Index("ix_run_deadline", "deadline_at", postgresql_where=UNRESOLVED),
        Index("ix_run_ended", "ended_at"),
        Index(
            "ix_run_in_vain",
            "state",
            "ended_at",
            postgresql_where=text("state IN ('failed', 'cancelled')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    job_id: UUID = Field(foreign_key="job.id")
    run_no: int
    claim_id: UUID = Field(unique=True)
    sid: int = Field(unique=True)
    printer_id: UUID
    printer_epoch: int
    printer_is_free: bool
    """The run is unresolved, yet provably not on the printer."""
    node: str = Field(max_length=32)
    journal_id: UUID
    releases_before: int
    spec: JsonObject = json_object()
    """What the claim answered (contracts.rpc.JobSpec), for the same answer again."""
    state: str = Field(max_length=16)
    """Derived by the projection from the next four."""
    fact_state: str = Field(max_length=16)
    run_seq: int
    overdue_in: str | None = Field(max_length=16)
    resolved_as: str | None = Field(max_length=16)
    cause: str | None = Field(max_length=32)
    reason: str | None = Field(max_length=2000)
    code: str | None = Field(max_length=32)
    advice: str | None = Field(max_length=2000)
    percent: int
    layer: int | None
    total_layers: int | None
    minutes_left: int | None
    claimed_at: datetime = instant()
    started_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    last_fact_at: datetime | None = instant(nullable=True)
    """When the projector got the last fact, by its clock."""
    deadline_at: datetime | None = instant(nullable=True)


class PrinterState(SQLModel, table=True):
    """What a node last said of a printer. Writer: projector."""

    __tablename__ = "printer_state"

    printer_id: UUID = Field(primary_key=True)
    node: str = Field(max_length=32)
    journal_id: UUID
    node_seq: int = Field(sa_type=BigInteger)
    serial: str | None = Field(max_length=32)
    name: str | None = Field(max_length=100)
    firmware: str | None = Field(max_length=32)
    loaded: JsonObject = json_object()
    is_online: bool
    activity: str = Field(max_length=16)
    detail: str | None = Field(max_length=2000)
    code: str | None = Field(max_length=32)
    bed: str = Field(max_length=16)
    bed_seq: int = Field(sa_type=BigInteger)
    bed_run_id: UUID | None
    bed_by: UUID | None
    bed_reason: str | None = Field(max_length=2000)
    bed_since: datetime | None = instant(nullable=True)
    last_fact_at: datetime = instant()


class Command(SQLModel, table=True):
    """A wish sent to a node. Writer: api inserts; the projector writes the answer."""

    __tablename__ = "command"
    __table_args__ = (
        Index("ix_command_unanswered", "issued_at", postgresql_where=text("answered_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    node: str = Field(max_length=32)
    journal_id: UUID
    printer_id: UUID = Field(index=True)
    run_id: UUID | None = Field(index=True)
    bed_seq: int | None = Field(sa_type=BigInteger)
    kind: str = Field(max_length=16)
    value: str | None = Field(max_length=500)
    by: UUID = Field(foreign_key="user.id")
    correlation_id: UUID
    issued_at: datetime = instant()
    expires_at: datetime | None = instant(nullable=True)
    answered_at: datetime | None = instant(nullable=True)
    answer: str | None = Field(max_length=32)
    answer_reason: str | None = Field(max_length=2000)
