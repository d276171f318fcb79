"""A node's journal as tests write it: gapless facts, and what a whole print says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from contracts.envelope import NodeFact
from contracts.events import (
    AnyEvent,
    JobCancelled,
    JobDone,
    JobProgress,
    RunAttention,
    RunReleased,
    RunStarted,
    RunStarting,
    RunTransferring,
    event_bytes,
)
from contracts.ids import JournalId, fact_id_of
from contracts.subjects import event_subject, fact_subject
from services.projector.reading import Message

BENCH_JOURNAL = UUID("5f0f5c0c-8f2e-4b55-8d0c-00000000000b")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
Fact = TypeVar("Fact", bound=NodeFact | JobCancelled)


@dataclass
class RunIds:
    """What facts say about which run they are of."""

    run_id: UUID
    job_id: UUID
    printer_id: UUID


@dataclass
class NodeJournal:
    """Writes facts in order."""

    node: str = "bench"
    journal_id: UUID = field(default_factory=uuid4)
    node_seq: int = 0
    run_seqs: dict[UUID, int] = field(default_factory=dict)
    clock: datetime = START

    def fact(self, kind: type[Fact], printer_id: UUID, **fields: Any) -> Fact:
        """Return the journal's next fact."""
        self.node_seq += 1
        self.clock += timedelta(seconds=1)
        return kind(
            **{
                "id": fact_id_of(JournalId(self.journal_id), self.node_seq),
                "occurred_at": self.clock,
                "correlation_id": uuid4(),
                "node": self.node,
                "journal_id": self.journal_id,
                "node_seq": self.node_seq,
                "printer_id": printer_id,
                **fields,
            }
        )

    def run_fact(self, kind: type[Fact], run: RunIds, **fields: Any) -> Fact:
        """Return the journal's next fact, about a run."""
        self.run_seqs[run.run_id] = self.run_seqs.get(run.run_id, 0) + 1
        return self.fact(
            kind,
            run.printer_id,
            run_id=run.run_id,
            job_id=run.job_id,
            run_seq=self.run_seqs[run.run_id],
            **fields,
        )

    def transferring(self, run: RunIds) -> RunTransferring:
        return self.run_fact(RunTransferring, run, size_bytes=1000)

    def starting(self, run: RunIds) -> RunStarting:
        return self.run_fact(RunStarting, run, sid=1)

    def started(self, run: RunIds) -> RunStarted:
        return self.run_fact(RunStarted, run)

    def progress(self, run: RunIds, percent: int) -> JobProgress:
        return self.run_fact(
            JobProgress, run, percent=percent, layer=None, total_layers=None, minutes_left=None
        )

    def attention(self, run: RunIds, cause: str = "start_not_seen") -> RunAttention:
        return self.run_fact(RunAttention, run, cause=cause, reason="look")

    def released(self, run: RunIds) -> RunReleased:
        return self.run_fact(RunReleased, run, code="printer_lost", reason="it is away")

    def done(self, run: RunIds) -> JobDone:
        return self.run_fact(JobDone, run, duration_s=60.0)

    def whole_print(self, run: RunIds, percents: Sequence[int] = (0, 50, 100)) -> list[AnyEvent]:
        """Return what a good print says from the transfer to its end."""
        return [
            self.transferring(run),
            self.starting(run),
            self.started(run),
            *(self.progress(run, percent) for percent in percents),
            self.done(run),
        ]


def message_of(event: AnyEvent) -> Message:
    """Return the message of an event on the stream where it belongs."""
    node = getattr(event, "node", None)
    if getattr(event, "node_seq", None) is not None and node is not None:
        return Message(fact_subject(node, event.type), event_bytes(event))
    return Message(event_subject(event), event_bytes(event))


def messages_of(events: Sequence[AnyEvent]) -> list[Message]:
    """Return the messages of events, in their order."""
    return [message_of(event) for event in events]
