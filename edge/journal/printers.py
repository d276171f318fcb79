"""Printers and their beds in the journal."""

from uuid import UUID

from contracts.events import (
    PrinterAnnounced,
    PrinterBedChanged,
    PrinterOffline,
    PrinterOnline,
    PrinterStateChanged,
)
from contracts.ids import PrinterId, RunId, UserId
from contracts.lifecycle import BedState
from contracts.sentences import Sentence
from edge.evidence import FILE_PREFIX
from edge.journal.ledger import Ledger, as_json
from edge.records import BedRecord, Draft

_TOPIC_OF: dict[object, str] = {
    PrinterAnnounced: "announced",
    PrinterOnline: "link",
    PrinterOffline: "link",
    PrinterStateChanged: "state",
}
_SAID_BY_TYPE = frozenset({"link"})
"""Being offline for another reason is no news."""


class PrinterTable:
    """Printers: epoch, bed, the last facts, the last print met."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def add(self, printer_id: PrinterId, serial: str) -> None:
        """Make the printer known; a new one's bed is unknown."""
        with self._ledger.transaction():
            if self._ledger.row("SELECT 1 FROM printer WHERE printer_id = ?", str(printer_id)):
                return
            self._ledger.execute(
                "INSERT INTO printer (printer_id, serial, bed_state, bed_seq, bed_before_clear) "
                "VALUES (?, ?, ?, 0, ?)",
                str(printer_id),
                serial,
                BedState.UNKNOWN,
                BedState.UNKNOWN,
            )
            self.set_bed(printer_id, BedState.UNKNOWN, reason=Sentence.NOT_SEEN_BEFORE)

    def epoch(self, printer_id: PrinterId) -> int:
        """Return the printer's epoch, 0 until told."""
        found = self._ledger.row("SELECT epoch FROM printer WHERE printer_id = ?", str(printer_id))
        return int(found["epoch"]) if found else 0

    def adopt_epoch(self, printer_id: PrinterId, epoch: int) -> None:
        """Keep a higher epoch; a lower one changes nothing."""
        self._ledger.execute(
            "UPDATE printer SET epoch = ? WHERE printer_id = ? AND epoch < ?",
            epoch,
            str(printer_id),
            epoch,
        )

    def note(self, printer_id: PrinterId, draft: Draft) -> bool:
        """Write a printer's fact unless the last of its kind said the same; tell which."""
        topic = _TOPIC_OF[draft.kind]
        said = {} if topic in _SAID_BY_TYPE else dict(draft.fields)
        value = as_json([draft.kind.__name__, said])
        with self._ledger.transaction():
            last = self._ledger.row(
                "SELECT value FROM note WHERE printer_id = ? AND topic = ?", str(printer_id), topic
            )
            if last is not None and last["value"] == value:
                return False
            self._ledger.execute(
                "INSERT OR REPLACE INTO note (printer_id, topic, value) VALUES (?, ?, ?)",
                str(printer_id),
                topic,
                value,
            )
            self._ledger.append(draft, printer_id)
        return True

    def bed(self, printer_id: PrinterId) -> BedRecord:
        """Return the word on the printer's plate; raise KeyError for an unknown printer."""
        found = self._ledger.row("SELECT * FROM printer WHERE printer_id = ?", str(printer_id))
        if found is None:
            raise KeyError(printer_id)
        by_run = found["bed_by_run"]
        return BedRecord(
            BedState(found["bed_state"]),
            found["bed_seq"],
            RunId(UUID(by_run)) if by_run else None,
            BedState(found["bed_before_clear"]),
        )

    def set_bed(
        self,
        printer_id: PrinterId,
        state: BedState,
        *,
        reason: str,
        by_run: RunId | None = None,
        by_user: UserId | None = None,
    ) -> BedRecord:
        """Change the bed, raise bed_seq and write the fact."""
        with self._ledger.transaction():
            old = self.bed(printer_id)
            new_seq = old.bed_seq + 1
            before = old.state if state is BedState.CLEAR else state
            self._ledger.execute(
                "UPDATE printer SET bed_state = ?, bed_seq = ?, bed_by_run = ?, "
                "bed_before_clear = ? WHERE printer_id = ?",
                state,
                new_seq,
                str(by_run) if by_run else None,
                before,
                str(printer_id),
            )
            fields: dict[str, object] = {
                "bed": state,
                "bed_seq": new_seq,
                "by_run": by_run,
                "by_user": by_user,
                "reason": reason,
            }
            self._ledger.append(Draft(PrinterBedChanged, fields), printer_id)
        return BedRecord(state, new_seq, by_run, before)

    def knows_print(self, printer_id: PrinterId, name: str, task_id: str) -> bool:
        """Tell whether the print is the last one met; ours by name, for ids are not sure."""
        found = self._ledger.row(
            "SELECT print_task_id FROM printer WHERE printer_id = ? AND print_name = ?",
            str(printer_id),
            name,
        )
        if found is None:
            return False
        return name.startswith(FILE_PREFIX) or bool(found["print_task_id"] == task_id)

    def meet_print(self, printer_id: PrinterId, name: str, task_id: str) -> None:
        """Remember the print that the printer speaks of."""
        self._ledger.execute(
            "UPDATE printer SET print_name = ?, print_task_id = ? WHERE printer_id = ?",
            name,
            task_id,
            str(printer_id),
        )

    def forget_all(self, reason: str) -> None:
        """Start over for a new journal: nothing is known of any bed."""
        with self._ledger.transaction():
            self._ledger.execute("DELETE FROM note")
            for found in self._ledger.rows("SELECT printer_id FROM printer"):
                self.set_bed(PrinterId(UUID(found["printer_id"])), BedState.UNKNOWN, reason=reason)
