"""What the workers of one printer share."""

from dataclasses import dataclass

from contracts.ids import PrinterId
from edge.ports import Dispatch, Downloads, Journal
from edge.printer import Printer
from edge.records import BootMoment
from edge.starting import StartLock
from edge.timing import Timing
from edge.view import PrinterView
from runtime.clock import Clock

LOOK_AGAIN_S = 30.0
"""The longest sleep between two looks at the clock, whatever happens."""


@dataclass(frozen=True)
class Tools:
    """One printer, its view, and the node's journal, services and clock."""

    printer_id: PrinterId
    printer: Printer
    view: PrinterView
    journal: Journal
    dispatch: Dispatch
    downloads: Downloads
    clock: Clock
    timing: Timing
    start_lock: StartLock

    def now(self) -> BootMoment:
        """Return this moment of the boot clock."""
        return BootMoment(self.clock.boot_id(), self.clock.boottime())
