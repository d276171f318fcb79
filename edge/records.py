"""What the journal remembers, as values."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.envelope import NodeFact
from contracts.events import JobCancelled
from contracts.ids import (
    ClaimId,
    CommandId,
    CorrelationId,
    EventId,
    PrinterId,
    RunId,
    UserId,
)
from contracts.lifecycle import BedState, RunState
from contracts.rpc import RunOffer
from edge.evidence import Identity, Preimage


@dataclass(frozen=True)
class BootMoment:
    """A moment of the boot clock; means nothing in another boot."""

    boot_id: str
    at_s: float

    def elapsed_s(self, now: "BootMoment") -> float:
        """Return the seconds from here to `now`; infinite when the machine rebooted between."""
        if now.boot_id != self.boot_id:
            return float("inf")
        return now.at_s - self.at_s


@dataclass(frozen=True)
class BedRecord:
    """The journal's word on a printer's plate."""

    state: BedState
    bed_seq: int
    by_run: RunId | None
    before_clear: BedState
    """What it was before it was called clear, should that be taken back."""


@dataclass(frozen=True)
class ClaimRecord:
    """A claim that has not been answered yet."""

    claim_id: ClaimId
    asked: BootMoment


@dataclass(frozen=True)
class CancelWish:
    """A person's wish that a run ends; kept by run_id, whatever arrives first."""

    run_id: RunId
    command_id: CommandId
    by: UserId
    correlation_id: CorrelationId


@dataclass(frozen=True)
class RunRecord:
    """One run, from the claim's answer on."""

    run_id: RunId
    printer_id: PrinterId
    state: RunState
    run_seq: int
    offer: RunOffer
    asked: BootMoment
    preimage: Preimage | None
    intent: BootMoment | None
    percent: int
    was_started: bool

    @property
    def identity(self) -> Identity:
        """Return how the run is recognised on the printer."""
        return Identity(self.offer.sid)


@dataclass(frozen=True)
class Draft:
    """A fact before the journal gives it its place: its class and its own fields."""

    kind: type[NodeFact] | type[JobCancelled]
    fields: Mapping[str, object]


@dataclass(frozen=True)
class StoredFact:
    """A fact as it goes on the bus."""

    node_seq: int
    event_id: EventId
    type: str
    body: bytes
