"""The port to one printer: what it reports, what it can be told, how it fails.

Nothing here names a maker's protocol; an adapter (edge.bambu) translates.
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from contracts.loaded import Loaded
from edge.parts import Parts


class PrinterState(StrEnum):
    """What the printer says it does; UNKNOWN stands for every word that we don't know."""

    IDLE = "IDLE"
    PREPARE = "PREPARE"
    SLICING = "SLICING"
    RUNNING = "RUNNING"
    PAUSE = "PAUSE"
    FINISH = "FINISH"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


FREE_STATES = frozenset({PrinterState.IDLE, PrinterState.FINISH, PrinterState.FAILED})
"""FINISH and FAILED are the memory of the last outcome: the machine is free."""
AT_WORK_STATES = frozenset({PrinterState.PREPARE, PrinterState.RUNNING, PrinterState.PAUSE})
"""States in which something is on the plate, or soon will be."""


class FaultKind(StrEnum):
    """What a printer's code means for a run."""

    CANCELLED = "cancelled"
    COMMAND_REFUSED = "command_refused"
    PAUSE = "pause"
    ERROR = "error"
    NOTICE = "notice"


class Severity(StrEnum):
    """How bad the printer says a health message is."""

    FATAL = "fatal"
    SERIOUS = "serious"
    COMMON = "common"
    INFO = "info"


@dataclass(frozen=True)
class Fault:
    """A printer's code with what it means to a person."""

    code: str
    """AAAA-BBBB, or AAAA-BBBB-CCCC-DDDD for a health message."""
    kind: FaultKind
    text: str
    advice: str | None
    severity: Severity | None = None
    """None for an error: its kind says how bad it is."""


@dataclass(frozen=True)
class PrinterReport:
    """The printer's merged state after one message; only made once a session has a full report.

    Times are seconds of the boot clock, temperatures °C, `minutes_left` minutes.
    """

    session: str
    received_at: float
    full_at: float
    """When this session's last full report came."""
    is_full: bool
    state: PrinterState
    subtask_name: str
    subtask_id: str
    task_id: str
    file_name: str
    """What is printed, by the name on the printer's storage; empty when nothing is."""
    print_kind: str
    """Where the print came from, in the printer's word: "idle", "local", "cloud", "system"."""
    percent: int | None
    layer: int | None
    total_layers: int | None
    minutes_left: int | None
    stage: str | None
    """What it does before or between layers, or why it stands; None: plainly prints, or idles."""
    stages_ahead: tuple[str, ...]
    """What is planned before the first layer."""
    nozzle_c: float | None
    nozzle_target_c: float | None
    bed_c: float | None
    bed_target_c: float | None
    faults: tuple[Fault, ...]
    """The error first, then the health messages."""
    loaded: Loaded
    firmware: str | None
    has_storage: bool
    is_updating: bool
    light_on: bool | None
    speed_level: int | None
    speed_percent: int | None
    skipped_objects: tuple[int, ...]
    parts: Parts

    @property
    def codes(self) -> frozenset[str]:
        """Return the codes of all faults in this report."""
        return frozenset(fault.code for fault in self.faults)


@dataclass(frozen=True)
class Echo:
    """The printer's acknowledgement of a message: it says "I parsed it", never "I did it"."""

    session: str
    sequence_id: str
    is_failure: bool
    reason: str
    fault: Fault | None


@dataclass(frozen=True)
class Start:
    """Print one plate of a file on the printer's storage."""

    sid: int
    name: str
    file_name: str
    gcode_path: str
    use_ams: bool
    ams_mapping: tuple[int, ...]


@dataclass(frozen=True)
class Pause:
    """Pause the print."""


@dataclass(frozen=True)
class Resume:
    """Go on with the paused print."""


@dataclass(frozen=True)
class Stop:
    """End the print for good."""


@dataclass(frozen=True)
class SetLight:
    """Switch the chamber light."""

    on: bool


@dataclass(frozen=True)
class SetSpeed:
    """Choose a speed level, 1 (silent) to 4 (ludicrous)."""

    level: int


@dataclass(frozen=True)
class SkipObjects:
    """Leave these objects of the plate unfinished."""

    object_ids: tuple[int, ...]


@dataclass(frozen=True)
class ClearError:
    """Close the error dialog on the printer's screen."""


Order = Start | Pause | Resume | Stop | SetLight | SetSpeed | SkipObjects | ClearError


class PrinterError(Exception):
    """The printer can't do what was asked; str() is a sentence for a person."""


class PrinterUnreachable(PrinterError):
    """No session with the printer, or it doesn't answer; what was asked has not been sent."""


class AccessCodeRefused(PrinterError):
    """The printer doesn't take the access code: a person must look at its screen."""


class CertificateMismatch(PrinterError):
    """Whoever answers at the address can't prove to be this printer."""


class StorageRefused(PrinterError):
    """The printer's card is missing, full, write-protected or broken."""


class TransferFailed(PrinterError):
    """A file did not arrive whole, for a reason that may pass."""


class PrinterListener(Protocol):
    """Who hears of a printer; called in order, in the event loop, and must not block."""

    def on_report(self, report: PrinterReport) -> None:
        """Take the merged state after a message; the first of a session means "online"."""
        ...

    def on_echo(self, echo: Echo) -> None:
        """Take the acknowledgement of a message that was sent."""
        ...

    def on_offline(self, error: PrinterError) -> None:
        """Take the reason why there is no session; called again while it stays away."""
        ...


class Printer(Protocol):
    """One printer on the LAN."""

    @property
    def serial(self) -> str:
        """Return the maker's serial number."""
        ...

    @property
    def name(self) -> str:
        """Return what people call it."""
        ...

    async def stay_connected(self, listener: PrinterListener) -> None:
        """Keep a session for ever, reconnecting with back-off; never returns by itself."""
        ...

    async def refresh(self) -> PrinterReport:
        """Return a full report asked for now; raise PrinterUnreachable if none comes."""
        ...

    async def send(self, order: Order) -> str:
        """Send `order` at most once and return its sequence id, to be found in the echo.

        Raises PrinterUnreachable when there is no session: then nothing was and nothing will
        be sent.
        """
        ...

    async def upload(self, source: Path, name: str, on_progress: Callable[[int], None]) -> None:
        """Put `source` on the storage as `name`, sure of its size; `on_progress` gets bytes sent.

        Raises StorageRefused, TransferFailed, AccessCodeRefused, CertificateMismatch or
        PrinterUnreachable. Cancelling it stops the transfer.
        """
        ...

    def pictures(self) -> AsyncGenerator[bytes, None]:
        """Yield the camera's JPEG pictures as they come, until closed.

        Raises PrinterUnreachable, AccessCodeRefused or CertificateMismatch.
        """
        ...

    async def list_files(self) -> tuple[str, ...]:
        """Return the names in the storage's root; raise as upload does."""
        ...

    async def delete_file(self, name: str) -> None:
        """Delete a file, verified by listing; one that isn't there is no error."""
        ...
