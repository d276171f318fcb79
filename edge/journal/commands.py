"""Commands and tombstones in the journal."""

from contracts.commands import Command, parse_command
from contracts.events import CommandDone, CommandRefused
from contracts.ids import PrinterId, RunId
from contracts.lifecycle import RunState
from contracts.sentences import Sentence
from edge.journal.ledger import Ledger
from edge.records import CancelWish, Draft

DONE = "done"


class CommandTable:
    """Commands by id, each answered once; wishes to cancel by run_id."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def receive(self, command: Command) -> bool:
        """Write a command down; False if it has been here before."""
        changed = self._ledger.execute(
            "INSERT INTO command (command_id, printer_id, body) VALUES (?, ?, ?) "
            "ON CONFLICT (command_id) DO NOTHING",
            str(command.id),
            str(command.printer_id),
            command.model_dump_json(),
        )
        return changed == 1

    def unanswered(self, printer_id: PrinterId) -> tuple[Command, ...]:
        """Return the commands without an answer, oldest first."""
        return tuple(
            parse_command(found["body"].encode())
            for found in self._ledger.rows(
                "SELECT body FROM command WHERE printer_id = ? AND answer IS NULL "
                "ORDER BY position",
                str(printer_id),
            )
        )

    def done(self, command: Command) -> None:
        """Write that the command did what it should; nothing if it has an answer."""
        self._answer(command, DONE, Draft(CommandDone, {"command_id": command.id}))

    def refuse(self, command: Command, code: str, reason: str) -> None:
        """Write that the command had no effect, and why; nothing if it has an answer."""
        fields: dict[str, object] = {"command_id": command.id, "code": code, "reason": reason}
        self._answer(command, code, Draft(CommandRefused, fields))

    def want_cancel(self, command: Command) -> None:
        """Keep the tombstone of the command's run."""
        self._ledger.execute(
            "INSERT OR IGNORE INTO tombstone (run_id, command_id) VALUES (?, ?)",
            str(command.run_id),
            str(command.id),
        )

    def cancel_wish(self, run_id: RunId) -> CancelWish | None:
        """Return the wish to cancel this run, if there is one."""
        command = self._cancel_command(run_id)
        if command is None:
            return None
        return CancelWish(run_id, command.id, command.by, command.correlation_id)

    def answer_cancel(self, run_id: RunId, state: RunState) -> None:
        """Answer every wish to cancel a run that has ended as `state`."""
        for found in self._ledger.rows("SELECT body FROM command WHERE answer IS NULL"):
            command = parse_command(found["body"].encode())
            if command.run_id != run_id or command.kind != "cancel":
                continue
            if state is RunState.CANCELLED:
                self.done(command)
            else:
                self.refuse(command, "run_ended", Sentence.RUN_HAD_ENDED.say(state=state.value))

    def _cancel_command(self, run_id: RunId) -> Command | None:
        found = self._ledger.row(
            "SELECT body FROM tombstone JOIN command USING (command_id) WHERE run_id = ?",
            str(run_id),
        )
        return parse_command(found["body"].encode()) if found else None

    def _answer(self, command: Command, answer: str, draft: Draft) -> None:
        with self._ledger.transaction():
            changed = self._ledger.execute(
                "UPDATE command SET answer = ? WHERE command_id = ? AND answer IS NULL",
                answer,
                str(command.id),
            )
            if changed:
                self._ledger.append(
                    draft, command.printer_id, correlation_id=command.correlation_id
                )
