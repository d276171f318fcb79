"""What a printer is after one more fact of its node: a pure fold.

A printer that two journals speak of (a new journal, a printer that moved) is as the journal
says that spoke last; what another journal said before does not mix in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.events import (
    AnyPrinterFact,
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
