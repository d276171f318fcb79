"""Service events as tests write them."""

from datetime import timedelta
from uuid import UUID, uuid4

from contracts.events import JobClaimed, NodeGivenPrinter, RunResolved
from tests.builders.facts import START, NodeJournal, RunIds


def claimed_event(run: RunIds, journal: NodeJournal, *, releases_before: int = 0) -> JobClaimed:
    """Return the event of a claim."""
    return JobClaimed.model_validate(
        {
            "id": uuid4(),
            "occurred_at": START,
            "correlation_id": uuid4(),
            "job_id": run.job_id,
            "owner_id": uuid4(),
            "run_id": run.run_id,
            "run_no": releases_before + 1,
            "claim_id": uuid4(),
            "sid": 1,
            "printer_id": run.printer_id,
            "printer_epoch": 1,
            "node": journal.node,
            "journal_id": journal.journal_id,
            "releases_before": releases_before,
            "deadline_at": START + timedelta(minutes=10),
        }
    )


def resolved_event(run: RunIds, outcome: str, reason: str = "I looked") -> RunResolved:
    """Return the event of a person's word on a run."""
    return RunResolved.model_validate(
        {
            "id": uuid4(),
            "occurred_at": START,
            "correlation_id": uuid4(),
            "job_id": run.job_id,
            "run_id": run.run_id,
            "outcome": outcome,
            "by": uuid4(),
            "reason": reason,
        }
    )


def given_event(printer_id: UUID, node: str, epoch: int) -> NodeGivenPrinter:
    """Return the event of a printer that is given to a node."""
    return NodeGivenPrinter.model_validate(
        {
            "id": uuid4(),
            "occurred_at": START,
            "correlation_id": uuid4(),
            "node": node,
            "printer_id": printer_id,
            "epoch": epoch,
            "by": None,
        }
    )
