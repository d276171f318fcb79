"""The node's journal: facts until they are confirmed, runs, beds, commands, files left behind."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from contracts.ids import JournalId
from contracts.sentences import Sentence
from edge.journal.commands import CommandTable
from edge.journal.files import FileTable
from edge.journal.ledger import Ledger
from edge.journal.printers import PrinterTable
from edge.journal.runs import RunTable
from edge.records import StoredFact
from runtime.clock import Clock

_RESTORED = Sentence.JOURNAL_RESTORED


class NodeJournal:
    """One SQLite file in the node's data folder, opened by one process at a time."""

    def __init__(self, folder: Path, node: str, clock: Clock) -> None:
        """Open or make the journal; raise JournalInUse if another process has it."""
        self._ledger = Ledger(folder, node, clock)
        self._printers = PrinterTable(self._ledger)
        self._commands = CommandTable(self._ledger)
        self._runs = RunTable(self._ledger, self._printers, self._commands)
        self._files = FileTable(self._ledger)
        self._seq_when_opened: int | None = self._ledger.last_seq

    @property
    def node(self) -> str:
        """Return the node's name."""
        return self._ledger.node

    @property
    def journal_id(self) -> JournalId:
        """Return this journal's random id."""
        return self._ledger.journal_id

    @property
    def last_seq(self) -> int:
        """Return the node_seq of the last fact, 0 if there is none."""
        return self._ledger.last_seq

    @property
    def runs(self) -> RunTable:
        """Return claims and runs."""
        return self._runs

    @property
    def printers(self) -> PrinterTable:
        """Return printers and beds."""
        return self._printers

    @property
    def commands(self) -> CommandTable:
        """Return commands and tombstones."""
        return self._commands

    @property
    def files(self) -> FileTable:
        """Return what lies on the printers."""
        return self._files

    def transaction(self) -> AbstractContextManager[None]:
        """Make several calls one transaction."""
        return self._ledger.transaction()

    def on_fact(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each transaction that wrote a fact."""
        self._ledger.on_fact = wake

    def facts_after(self, node_seq: int, limit: int) -> list[StoredFact]:
        """Return up to `limit` facts above `node_seq`, in order."""
        return self._ledger.facts_after(node_seq, limit)

    def confirm(self, watermark: int) -> bool:
        """Take the projector's watermark; False: this is an old copy, and is a new journal now.

        What was written since the opening doesn't count the first time, for nothing of it has
        been sent. A new journal keeps the runs, as doubtful, and knows nothing of any bed.
        """
        known, self._seq_when_opened = self._seq_when_opened, None
        if watermark <= (self._ledger.last_seq if known is None else known):
            self._ledger.prune(watermark)
            return True
        with self._ledger.transaction():
            self._ledger.renew()
            self._runs.doubt_all(_RESTORED)
            self._printers.forget_all("The node's journal is a new one.")
        return False

    def close(self) -> None:
        """Close the file."""
        self._ledger.close()
