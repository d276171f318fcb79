"""What the workers need of the journal, of dispatch and of the network, as they see it.

Each call of a store is on the disk when it returns. They are short and synchronous on
purpose: nothing can happen between a decision and its record.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from contracts.commands import Command
from contracts.ids import JournalId, PrinterId, RunId, UserId
from contracts.lifecycle import BedState, RunState, RunStep
from contracts.rpc import ArtifactRef, Behind, ClaimRequest, NoJob, Refused, RunOffer
from contracts.telemetry import PrinterTelemetry
from edge.evidence import Preimage
from edge.printer import Fault
from edge.records import BedRecord, BootMoment, CancelWish, ClaimRecord, Draft, RunRecord


class Runs(Protocol):
    """Claims and runs in the journal."""

    def open_claim(self, printer_id: PrinterId) -> ClaimRecord | None:
        """Return the claim without an answer, if there is one."""
        ...

    def begin_claim(self, printer_id: PrinterId, claim: ClaimRecord) -> None:
        """Write a claim down before it is asked, in place of an older one."""
        ...

    def end_claim(self, printer_id: PrinterId) -> None:
        """Forget the claim: it was answered, and there is no run."""
        ...

    def accept(self, printer_id: PrinterId, offer: RunOffer, asked: BootMoment) -> RunRecord:
        """Write the run down and forget the claim, in one transaction."""
        ...

    def get(self, run_id: RunId) -> RunRecord:
        """Return a run that is in the journal; raise KeyError otherwise."""
        ...

    def unresolved(self, printer_id: PrinterId) -> RunRecord | None:
        """Return the printer's run that has not ended, if there is one."""
        ...

    def step(self, run_id: RunId, step: RunStep, **fields: object) -> RunRecord:
        """Advance the run and write its fact; raise IllegalTransition if it does not fit.

        A step that ends the run answers the wish to cancel it, if there is one.
        """
        ...

    def intend(self, run_id: RunId, preimage: Preimage, at: BootMoment) -> RunRecord:
        """Write INTENT and use the bed up, in one transaction."""
        ...

    def resolve(self, run_id: RunId, state: RunState) -> None:
        """Follow a person's word on a run; the services have the fact already.

        Only a run in attention can be put back to printing.
        """
        ...

    def latch(self, run_id: RunId, faults: tuple[Fault, ...]) -> None:
        """Remember faults seen during the run."""
        ...

    def latched(self, run_id: RunId) -> tuple[Fault, ...]:
        """Return the faults seen during the run, oldest first."""
        ...


class Printers(Protocol):
    """Printers and their beds in the journal."""

    def add(self, printer_id: PrinterId, serial: str) -> None:
        """Make the printer known; a new one's bed is unknown."""
        ...

    def epoch(self, printer_id: PrinterId) -> int:
        """Return the printer's epoch, 0 until told."""
        ...

    def adopt_epoch(self, printer_id: PrinterId, epoch: int) -> None:
        """Keep a higher epoch; a lower one changes nothing."""
        ...

    def note(self, printer_id: PrinterId, draft: Draft) -> bool:
        """Write a printer's fact unless the last of its kind said the same; tell which."""
        ...

    def bed(self, printer_id: PrinterId) -> BedRecord:
        """Return the word on the printer's plate."""
        ...

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
        ...

    def knows_print(self, printer_id: PrinterId, name: str, task_id: str) -> bool:
        """Tell whether the print is the last one met; a run is met when it starts."""
        ...

    def meet_print(self, printer_id: PrinterId, name: str, task_id: str) -> None:
        """Remember the print that the printer speaks of."""
        ...


class Commands(Protocol):
    """Commands in the journal."""

    def receive(self, command: Command) -> bool:
        """Write a command down; False if it has been here before."""
        ...

    def unanswered(self, printer_id: PrinterId) -> tuple[Command, ...]:
        """Return the commands without an answer, oldest first."""
        ...

    def done(self, command: Command) -> None:
        """Write that the command did what it should; nothing if it has an answer."""
        ...

    def refuse(self, command: Command, code: str, reason: str) -> None:
        """Write that the command had no effect, and why; nothing if it has an answer."""
        ...

    def want_cancel(self, command: Command) -> None:
        """Keep the tombstone of the command's run."""
        ...

    def cancel_wish(self, run_id: RunId) -> CancelWish | None:
        """Return the wish to cancel this run, if there is one."""
        ...


class Files(Protocol):
    """What may lie on a printer's storage because of us."""

    def remember(self, printer_id: PrinterId, name: str, run_id: RunId) -> None:
        """Write down, before the upload, that the file may be on the printer."""
        ...

    def to_delete(self, printer_id: PrinterId) -> tuple[str, ...]:
        """Return the files of runs that have ended."""
        ...

    def is_protected(self, printer_id: PrinterId, name: str) -> bool:
        """Tell whether the file belongs to a run that has not ended."""
        ...

    def forget(self, printer_id: PrinterId, name: str) -> None:
        """Write down that the file is gone from the printer."""
        ...


class Journal(Protocol):
    """The node's memory."""

    @property
    def node(self) -> str:
        """Return the node's name."""
        ...

    @property
    def journal_id(self) -> JournalId:
        """Return this journal's random id."""
        ...

    @property
    def last_seq(self) -> int:
        """Return the node_seq of the last fact, 0 if there is none."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Make several calls one transaction."""
        ...

    @property
    def runs(self) -> Runs:
        """Return claims and runs."""
        ...

    @property
    def printers(self) -> Printers:
        """Return printers and beds."""
        ...

    @property
    def commands(self) -> Commands:
        """Return commands and tombstones."""
        ...

    @property
    def files(self) -> Files:
        """Return what lies on the printers."""
        ...


class LinkDown(Exception):
    """The broker or the services gave no answer; `may_be_heard` False: surely not delivered."""

    def __init__(self, reason: str, *, may_be_heard: bool) -> None:
        super().__init__(reason)
        self.may_be_heard = may_be_heard


class Dispatch(Protocol):
    """What a node asks the services."""

    @property
    def is_up(self) -> bool:
        """Tell whether the broker is connected and this journal has been compared."""
        ...

    async def wait_up(self) -> None:
        """Return once is_up."""
        ...

    async def claim(self, request: ClaimRequest) -> RunOffer | NoJob | Behind | Refused:
        """Ask for a job; raise LinkDown without an answer."""
        ...

    async def fresh_artifact(self, run_id: RunId) -> ArtifactRef | Refused:
        """Ask for a fresh URL; raise LinkDown without an answer."""
        ...

    async def tell(self, telemetry: PrinterTelemetry) -> None:
        """Publish telemetry if there is a connection, else drop it."""
        ...

    async def show(self, printer_id: PrinterId, picture: bytes) -> None:
        """Publish a picture of a printer's camera if there is a connection, else drop it."""
        ...

    def is_expired(self, command: Command) -> bool:
        """Judge expires_at by the services' clock; True when that clock isn't known."""
        ...


class ArtifactUnavailable(Exception):
    """The bytes can't be had; str() says why. With `is_url_stale`, a fresh URL may help."""

    def __init__(self, reason: str, *, is_url_stale: bool = False) -> None:
        super().__init__(reason)
        self.is_url_stale = is_url_stale


class ArtifactChanged(Exception):
    """The bytes are not the approved ones."""


class NodeStorageFull(Exception):
    """The node has no room for the file beside its journal."""


class Downloads(Protocol):
    """Artifacts on the node's disk."""

    async def fetch(self, artifact: ArtifactRef, run_id: RunId) -> Path:
        """Return the verified file, resuming where an earlier try stopped.

        It stays until `run_id` drops it. Raises ArtifactUnavailable, ArtifactChanged or
        NodeStorageFull.
        """
        ...

    def drop(self, sha256: str, run_id: RunId) -> None:
        """Remove the file, whole or in part, unless another run needs it."""
        ...
