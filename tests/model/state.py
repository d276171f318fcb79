"""One printer, its node, the services and the people, as a value.

What is left out is what can't matter to the promises: bytes, percents, temperatures, names. A
message that is on its way is part of the state; that it comes late, twice or never is a step.
"""

from enum import StrEnum
from typing import NamedTuple

NOBODY = -1
"""No run: nothing printed, or a print that the printer has forgotten."""
FOREIGN = -2
"""A print that somebody started at the screen."""


class Fact(NamedTuple):
    """A fact of the node's journal: `kind` of a run, or the bed's new state and number."""

    kind: str
    run: int
    seq: int = 0


class Run(NamedTuple):
    """A row of table run: what dispatch inserted and the projector folded."""

    job: int
    claim: int
    journal: int
    state: str = "claimed"
    has_facts: bool = False


class Order(NamedTuple):
    """A command on its way to the node: cancel and resolve name a run, clear_bed a number."""

    kind: str
    journal: int
    about: int
    outcome: str = ""


class Request(NamedTuple):
    """A claim on its way to dispatch."""

    claim: int
    journal: int
    node_seq: int
    open_run: int


class Answer(NamedTuple):
    """Dispatch's answer on its way back; `run` is NOBODY for none."""

    claim: int
    run: int


class State(NamedTuple):
    """Everything; each group has one writer."""

    # the services, in Postgres
    jobs: tuple[str, ...] = ("queued",)
    wants_cancel: bool = False
    runs: tuple[Run, ...] = ()
    watermark: int = 0
    shown_bed: int = 1
    # the broker
    bells: int = 1
    orders: frozenset[Order] = frozenset()
    request: Request | None = None
    answer: Answer | None = None
    # the node's journal
    journal: int = 0
    facts: tuple[Fact, ...] = ()
    """Not yet projected; `watermark` facts came before them."""
    claim: int = 0
    claims_made: int = 0
    run: int = NOBODY
    step: str = ""
    bed: str = "clear"
    bed_seq: int = 1
    tombstones: frozenset[int] = frozenset()
    met: int = NOBODY
    # the node's memory
    is_up: bool = True
    is_fresh: bool = True
    is_awake: bool = True
    must_send: bool = False
    # the wire to the printer
    wire: tuple[int, ...] = ()
    has_echo: bool = False
    stopping: bool = False
    # the printer
    printer: str = "idle"
    printing: int = NOBODY
    plate_is_full: bool = False
    starts: tuple[int, ...] = ()
    # what may still go wrong, and what did
    faults: int = 0
    foreigns: int = 0
    violation: str = ""
    cancels_heard: frozenset[int] = frozenset()
    """Runs whose cancel the node took before INTENT: none of these may start."""

    def but(self, **changes: object) -> "State":
        """Return the state with other values, in half the time that `_replace` takes."""
        values: list[object] = list(self)
        for name, value in changes.items():
            values[_PLACES[name]] = value
        return tuple.__new__(State, values)

    @property
    def node_seq(self) -> int:
        """The number of the journal's last fact."""
        return self.watermark + len(self.facts)

    @property
    def is_free(self) -> bool:
        """Whether the report says that a print could begin."""
        return self.printer != "running"

    @property
    def is_ready(self) -> bool:
        """Whether the node would claim."""
        return (
            self.is_up
            and self.is_fresh
            and self.run == NOBODY
            and not self.claim
            and self.bed == "clear"
            and self.is_free
        )

    def open_run(self) -> int:
        """Return the printer's unresolved run, as the services know it."""
        for number, run in enumerate(self.runs):
            if run.state not in OVER:
                return number
        return NOBODY


_PLACES = {name: place for place, name in enumerate(State._fields)}

BEGUN = frozenset({"starting", "printing", "attention"})
"""States of a run in which its start may be on the way or its part on the plate."""
OVER = frozenset({"done", "failed", "cancelled", "released"})


class Mutant(StrEnum):
    """A protocol with one mechanism taken out; each must be caught."""

    NONE = "the protocol as it is"
    NO_INTENT = "the start is not written down before it is sent"
    RESEND = "a start without evidence is sent again"
    SHORT_WAIT = "a start that is not seen in time counts as never begun"
    REPLAY = "the session to the printer repeats unacknowledged messages (QoS 1)"
    ECHO = "the echo of the start counts as the start"
    NO_TOMBSTONE = "a cancel that comes before its run is forgotten"
    EARLY_CANCEL = "a cancel during the start is reported at once"
    NO_CONDITION = "a claim takes a job that has a run already"
    NO_WATERMARK = "a claim is answered before the facts before it are projected"
    STALE_CLEAR = "clear_bed counts whatever number it names"
    CLEAR_ANYTIME = "clear_bed counts while a run is between its start and its end"
    SAME_NUMBER = "a new print on a bed that is not clear leaves the bed's number as it is"
    RELEASE_ANY = "a run that the node doesn't name is released though it has facts"
    BED_AFTERWARDS = "the bed stays clear until the print is seen"
    SHARED_BELL = "nodes share one consumer of bells"


class Step(NamedTuple):
    """A step in words and the state after it."""

    words: str
    after: State
