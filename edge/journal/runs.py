"""Claims and runs in the journal."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from uuid import UUID

from contracts.envelope import RunFact
from contracts.events import (
    AttentionCause,
    JobCancelled,
    JobDone,
    JobFailed,
    JobProgress,
    RunAttention,
    RunPaused,
    RunReleased,
    RunResumed,
    RunStarted,
    RunStarting,
    RunTransferring,
)
from contracts.ids import ClaimId, PrinterId, RunId
from contracts.lifecycle import (
    TERMINAL_RUN_STATES,
    UNRESOLVED_RUN_STATES,
    BedState,
    RunState,
    RunStep,
    advance_run,
)
from contracts.rpc import RunOffer
from contracts.sentences import Sentence
from edge.evidence import Preimage, said_in
from edge.journal.commands import CommandTable
from edge.journal.ledger import Ledger, as_json
from edge.journal.printers import PrinterTable
from edge.printer import Fault, FaultKind, PrinterState
from edge.records import BootMoment, ClaimRecord, Draft, RunRecord

_EVENT_OF: Mapping[RunStep, type[RunFact] | type[JobCancelled]] = {
    RunStep.TRANSFER: RunTransferring,
    RunStep.INTEND: RunStarting,
    RunStep.START: RunStarted,
    RunStep.PAUSE: RunPaused,
    RunStep.RESUME: RunResumed,
    RunStep.PROGRESS: JobProgress,
    RunStep.FINISH: JobDone,
    RunStep.FAIL: JobFailed,
    RunStep.CANCEL: JobCancelled,
    RunStep.RELEASE: RunReleased,
    RunStep.DOUBT: RunAttention,
}
_STARTED_BY = frozenset({RunStep.START, RunStep.FINISH})
_UNRESOLVED = ", ".join(f"'{state.value}'" for state in sorted(UNRESOLVED_RUN_STATES))
RENEWED_RUN_SEQ_GAP = 10_000
"""A restored copy doesn't know how far the lost one came; a run has a few hundred facts."""


class RunTable:
    """Claims and runs; each step is one transaction with its fact."""

    def __init__(self, ledger: Ledger, printers: PrinterTable, commands: CommandTable) -> None:
        self._ledger = ledger
        self._printers = printers
        self._commands = commands

    def open_claim(self, printer_id: PrinterId) -> ClaimRecord | None:
        """Return the claim without an answer, if there is one."""
        found = self._ledger.row("SELECT * FROM claim WHERE printer_id = ?", str(printer_id))
        if found is None:
            return None
        asked = BootMoment(found["asked_boot"], found["asked_at"])
        return ClaimRecord(ClaimId(UUID(found["claim_id"])), asked)

    def begin_claim(self, printer_id: PrinterId, claim: ClaimRecord) -> None:
        """Write a claim down before it is asked, in place of an older one."""
        self._ledger.execute(
            "INSERT OR REPLACE INTO claim (printer_id, claim_id, asked_boot, asked_at) "
            "VALUES (?, ?, ?, ?)",
            str(printer_id),
            str(claim.claim_id),
            claim.asked.boot_id,
            claim.asked.at_s,
        )

    def end_claim(self, printer_id: PrinterId) -> None:
        """Forget the claim: it was answered, and there is no run."""
        self._ledger.execute("DELETE FROM claim WHERE printer_id = ?", str(printer_id))

    def accept(self, printer_id: PrinterId, offer: RunOffer, asked: BootMoment) -> RunRecord:
        """Write the run down and forget the claim, in one transaction."""
        with self._ledger.transaction():
            self.end_claim(printer_id)
            self._ledger.execute(
                "INSERT INTO run (run_id, printer_id, sid, state, run_seq, offer, asked_boot, "
                "asked_at) VALUES (?, ?, ?, ?, 0, ?, ?, ?) ON CONFLICT (run_id) DO NOTHING",
                str(offer.run_id),
                str(printer_id),
                offer.sid,
                RunState.CLAIMED,
                offer.model_dump_json(),
                asked.boot_id,
                asked.at_s,
            )
        return self.get(offer.run_id)

    def get(self, run_id: RunId) -> RunRecord:
        """Return a run that is in the journal; raise KeyError otherwise."""
        found = self._ledger.row("SELECT * FROM run WHERE run_id = ?", str(run_id))
        if found is None:
            raise KeyError(run_id)
        return _record_of(found)

    def unresolved(self, printer_id: PrinterId) -> RunRecord | None:
        """Return the printer's run that has not ended, if there is one."""
        found = self._ledger.row(
            f"SELECT * FROM run WHERE printer_id = ? AND state IN ({_UNRESOLVED}) "  # noqa: S608 - own constants
            "ORDER BY rowid DESC LIMIT 1",
            str(printer_id),
        )
        return _record_of(found) if found else None

    def step(self, run_id: RunId, step: RunStep, **fields: object) -> RunRecord:
        """Advance the run and write its fact; raise IllegalTransition if it does not fit."""
        with self._ledger.transaction():
            old = self.get(run_id)
            state = advance_run(old.state, step)
            percent = fields.get("percent", old.percent)
            self._ledger.execute(
                "UPDATE run SET state = ?, run_seq = run_seq + 1, percent = ?, "
                "was_started = was_started OR ? WHERE run_id = ?",
                state,
                percent,
                step in _STARTED_BY,
                str(run_id),
            )
            self._append(old, step, fields, old.run_seq + 1)
            if step in _STARTED_BY:
                identity = old.identity
                self._printers.meet_print(old.printer_id, identity.name, str(identity.sid))
            if state in TERMINAL_RUN_STATES:
                self._commands.answer_cancel(run_id, state)
        return self.get(run_id)

    def intend(self, run_id: RunId, preimage: Preimage, at: BootMoment) -> RunRecord:
        """Write INTENT and use the bed up, in one transaction."""
        with self._ledger.transaction():
            run = self.get(run_id)
            self._ledger.execute(
                "UPDATE run SET preimage = ?, intent_boot = ?, intent_at = ? WHERE run_id = ?",
                as_json(asdict(preimage) | {"codes": sorted(preimage.codes)}),
                at.boot_id,
                at.at_s,
                str(run_id),
            )
            self.step(run_id, RunStep.INTEND, sid=run.offer.sid, before=said_in(preimage))
            self._printers.set_bed(
                run.printer_id,
                BedState.OCCUPIED,
                reason=Sentence.START_UNDER_WAY,
                by_run=run_id,
            )
        return self.get(run_id)

    def resolve(self, run_id: RunId, state: RunState) -> None:
        """Follow a person's word on a run; the services have the fact already.

        Only a run in attention can be put back to printing. The services may see a run in
        attention that this node does not: an end is an end in any state.
        """
        with self._ledger.transaction():
            old = self.get(run_id)
            if old.state in TERMINAL_RUN_STATES:
                return
            if state is RunState.PRINTING and old.state is not RunState.ATTENTION:
                return
            self._ledger.execute(
                "UPDATE run SET state = ?, was_started = was_started OR ? WHERE run_id = ?",
                state,
                state is RunState.PRINTING,
                str(run_id),
            )
            if state in TERMINAL_RUN_STATES:
                self._commands.answer_cancel(run_id, state)

    def latch(self, run_id: RunId, faults: tuple[Fault, ...]) -> None:
        """Remember faults seen during the run."""
        with self._ledger.transaction():
            for fault in faults:
                self._ledger.execute(
                    "INSERT OR IGNORE INTO latched (run_id, code, kind, text, advice) "
                    "VALUES (?, ?, ?, ?, ?)",
                    str(run_id),
                    fault.code,
                    fault.kind,
                    fault.text,
                    fault.advice,
                )

    def latched(self, run_id: RunId) -> tuple[Fault, ...]:
        """Return the faults seen during the run, oldest first."""
        return tuple(
            Fault(r["code"], FaultKind(r["kind"]), r["text"], r["advice"])
            for r in self._ledger.rows(
                "SELECT * FROM latched WHERE run_id = ? ORDER BY id", str(run_id)
            )
        )

    def doubt_all(self, reason: str) -> None:
        """Put every unresolved run into attention: this is a new journal."""
        with self._ledger.transaction():
            self._ledger.execute("DELETE FROM claim")
            for found in self._ledger.rows(
                f"SELECT * FROM run WHERE state IN ({_UNRESOLVED})"  # noqa: S608 - own constants
            ):
                run = _record_of(found)
                run_seq = run.run_seq + RENEWED_RUN_SEQ_GAP
                self._ledger.execute(
                    "UPDATE run SET state = ?, run_seq = ? WHERE run_id = ?",
                    RunState.ATTENTION,
                    run_seq,
                    str(run.run_id),
                )
                fields = {"cause": AttentionCause.RUN_UNKNOWN_TO_NODE, "reason": reason}
                self._append(run, RunStep.DOUBT, fields, run_seq)

    def _append(
        self, run: RunRecord, step: RunStep, fields: Mapping[str, object], run_seq: int
    ) -> None:
        self._ledger.append(
            Draft(_EVENT_OF[step], dict(fields)),
            run.printer_id,
            run=(run.run_id, run.offer.spec.job_id, run_seq),
            correlation_id=run.offer.correlation_id,
        )


def _record_of(found: sqlite3.Row) -> RunRecord:
    intent = found["intent_boot"]
    return RunRecord(
        run_id=RunId(UUID(found["run_id"])),
        printer_id=PrinterId(UUID(found["printer_id"])),
        state=RunState(found["state"]),
        run_seq=found["run_seq"],
        offer=RunOffer.model_validate_json(found["offer"]),
        asked=BootMoment(found["asked_boot"], found["asked_at"]),
        preimage=_preimage_of(found["preimage"]),
        intent=BootMoment(intent, found["intent_at"]) if intent else None,
        percent=found["percent"],
        was_started=bool(found["was_started"]),
    )


def _preimage_of(text: str | None) -> Preimage | None:
    if text is None:
        return None
    stored = json.loads(text)
    return Preimage(
        stored["session"],
        PrinterState(stored["state"]),
        stored["subtask_name"],
        stored["subtask_id"],
        frozenset(stored["codes"]),
    )
