"""What another process may know of a journal that is in use."""

from pathlib import Path

from contracts.lifecycle import RunStep
from edge.evidence import preimage_of
from edge.journal.journal import NodeJournal
from edge.journal.peek import has_run_before_start
from edge.records import BootMoment
from tests.unit.edge.builders import PRINTER, SERIAL, FakeClock, offer, report


def test_without_a_running_node_there_is_no_job(tmp_path: Path) -> None:
    assert not has_run_before_start(tmp_path, PRINTER)
    NodeJournal(tmp_path, "n1", FakeClock()).close()
    before = sorted(path.name for path in tmp_path.iterdir())
    assert not has_run_before_start(tmp_path, PRINTER)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_claimed_run_of_a_running_node_is_seen(tmp_path: Path) -> None:
    journal = NodeJournal(tmp_path, "n1", FakeClock())
    journal.printers.add(PRINTER, SERIAL)
    try:
        assert not has_run_before_start(tmp_path, PRINTER)
        run = journal.runs.accept(PRINTER, offer(), BootMoment("boot-1", 1000.0))
        assert has_run_before_start(tmp_path, PRINTER)
        journal.runs.step(run.run_id, RunStep.TRANSFER, size_bytes=10)
        journal.runs.intend(run.run_id, preimage_of(report()), BootMoment("boot-1", 1000.0))
        assert has_run_before_start(tmp_path, PRINTER)
        journal.runs.step(run.run_id, RunStep.START)
        assert not has_run_before_start(tmp_path, PRINTER)
    finally:
        journal.close()
    assert not has_run_before_start(tmp_path, PRINTER)


def test_a_journal_that_cannot_be_read_counts_as_busy(tmp_path: Path) -> None:
    journal = NodeJournal(tmp_path, "n1", FakeClock())
    try:
        (tmp_path / "journal.db").unlink()
        assert has_run_before_start(tmp_path, PRINTER)
    finally:
        journal.close()
