"""What may lie on a printer's storage because of us."""

from contracts.ids import PrinterId, RunId
from contracts.lifecycle import TERMINAL_RUN_STATES
from edge.journal.ledger import Ledger

_ENDED = ", ".join(f"'{state.value}'" for state in sorted(TERMINAL_RUN_STATES))


class FileTable:
    """Files by printer and name, from before the upload until their deletion is verified."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def remember(self, printer_id: PrinterId, name: str, run_id: RunId) -> None:
        """Write down, before the upload, that the file may be on the printer."""
        self._ledger.execute(
            "INSERT OR REPLACE INTO sd_file (printer_id, name, run_id) VALUES (?, ?, ?)",
            str(printer_id),
            name,
            str(run_id),
        )

    def to_delete(self, printer_id: PrinterId) -> tuple[str, ...]:
        """Return the files of runs that have ended."""
        return tuple(
            found["name"]
            for found in self._ledger.rows(
                "SELECT name FROM sd_file JOIN run USING (run_id) "  # noqa: S608 - own constants
                f"WHERE sd_file.printer_id = ? AND run.state IN ({_ENDED})",
                str(printer_id),
            )
        )

    def is_protected(self, printer_id: PrinterId, name: str) -> bool:
        """Tell whether the file belongs to a run that has not ended."""
        found = self._ledger.row(
            "SELECT 1 FROM sd_file JOIN run USING (run_id) "  # noqa: S608 - own constants
            f"WHERE sd_file.printer_id = ? AND name = ? AND run.state NOT IN ({_ENDED})",
            str(printer_id),
            name,
        )
        return found is not None

    def forget(self, printer_id: PrinterId, name: str) -> None:
        """Write down that the file is gone from the printer."""
        self._ledger.execute(
            "DELETE FROM sd_file WHERE printer_id = ? AND name = ?", str(printer_id), name
        )
