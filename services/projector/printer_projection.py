"""What a printer is after one more fact of its node: a pure fold.

Of a printer only the node is heard that holds it, by the highest epoch in the log, wherever in the
log that stands; before the log knows one, every node is. Of the journals that are heard the one
counts that spoke last; what another journal said does not mix in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.events import (
    AnyPrinterFact,
    NodeGivenPrinter,
    PrinterActivity,
    PrinterAnnounced,
    PrinterBedChanged,
    PrinterOffline,
    PrinterOnline,
    PrinterStateChanged,
)
from contracts.lifecycle import BedState

_SERIAL_LENGTH, _NAME_LENGTH, _CODE_LENGTH = 32, 100, 32

PRINTER_EVENTS = (
    PrinterAnnounced | PrinterOnline | PrinterOffline | PrinterStateChanged | PrinterBedChanged
)


@dataclass(frozen=True, slots=True)
class PrinterView:
    """What one journal last said of a printer."""

    printer_id: UUID
    node: str
    journal_id: UUID
    last_fact_at: datetime
    node_seq: int = 0
    serial: str | None = None
    name: str | None = None
    firmware: str | None = None
    loaded: Mapping[str, Any] = field(default_factory=dict)
    is_online: bool = False
    activity: PrinterActivity = PrinterActivity.UNKNOWN
    detail: str | None = None
    code: str | None = None
    bed: BedState = BedState.UNKNOWN
    bed_seq: int = 0
    bed_run_id: UUID | None = None
    bed_by: UUID | None = None
    bed_reason: str | None = None
    bed_since: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """In whose hands a printer is."""

    epoch: int
    node: str


def holder_after(before: Holder | None, event: NodeGivenPrinter) -> Holder:
    """Return who holds a printer, whatever order the events came in."""
    given = Holder(event.epoch, event.node)
    return given if before is None else max(before, given)


def is_heard(node: str, holder: Holder | None) -> bool:
    """Tell whether what a node says of a printer counts."""
    return holder is None or node == holder.node


def new_printer(fact: AnyPrinterFact, received_at: datetime) -> PrinterView:
    """Return the printer before the first fact of a journal."""
    return PrinterView(
        printer_id=fact.printer_id,
        node=fact.node,
        journal_id=fact.journal_id,
        last_fact_at=received_at,
    )


def fold_printer(view: PrinterView, fact: AnyPrinterFact, received_at: datetime) -> PrinterView:
    """Return the printer after a fact of the same journal; an older fact changes nothing."""
    if fact.node_seq <= view.node_seq:
        return view
    after = replace(view, node_seq=fact.node_seq, last_fact_at=received_at)
    match fact:
        case PrinterAnnounced():
            return replace(
                after,
                serial=fact.serial[:_SERIAL_LENGTH],
                name=fact.name[:_NAME_LENGTH],
                firmware=None if fact.firmware is None else fact.firmware[:_CODE_LENGTH],
                loaded=fact.loaded.model_dump(mode="json"),
            )
        case PrinterOnline():
            return replace(after, is_online=True)
        case PrinterOffline():
            return replace(after, is_online=False, detail=fact.reason)
        case PrinterStateChanged():
            code = None if fact.code is None else fact.code[:_CODE_LENGTH]
            return replace(after, activity=fact.activity, detail=fact.detail, code=code)
        case PrinterBedChanged():
            return _change_bed(after, fact, received_at)


def _change_bed(view: PrinterView, fact: PrinterBedChanged, received_at: datetime) -> PrinterView:
    if fact.bed_seq <= view.bed_seq:
        return view
    return replace(
        view,
        bed=fact.bed,
        bed_seq=fact.bed_seq,
        bed_run_id=fact.by_run,
        bed_by=fact.by_user,
        bed_reason=fact.reason,
        bed_since=min(fact.occurred_at, received_at),
    )
