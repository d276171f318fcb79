"""From the log to what a person weighs: pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.events import PrinterActivity
from contracts.lifecycle import Resolution
from contracts.sentences import saying_of
from services.api.attention.reading import DoubtRow, FactRow
from services.api.attention.schemas import Choice, Evidence, EvidenceKind, Objection, Witness
from services.jobs.resolving import AT_WORK_ACTIVITIES

_AT_REST = {PrinterActivity.IDLE, PrinterActivity.FINISHED, PrinterActivity.FAILED}
_KINDS: Mapping[str, tuple[EvidenceKind, Witness]] = {
    "run.starting": (EvidenceKind.SENT, Witness.LAYERLINE),
    "run.started": (EvidenceKind.STARTED, Witness.PRINTER),
    "run.paused": (EvidenceKind.PAUSED, Witness.PRINTER),
    "run.resumed": (EvidenceKind.RESUMED, Witness.PRINTER),
    "run.released": (EvidenceKind.RELEASED, Witness.LAYERLINE),
    "run.attention": (EvidenceKind.DOUBT, Witness.LAYERLINE),
    "run.overdue": (EvidenceKind.DOUBT, Witness.LAYERLINE),
    "run.resolved": (EvidenceKind.DECIDED, Witness.PERSON),
    "printer.state_changed": (EvidenceKind.CHANGED, Witness.PRINTER),
    "printer.online": (EvidenceKind.CONNECTED, Witness.LAYERLINE),
    "printer.offline": (EvidenceKind.CUT_OFF, Witness.LAYERLINE),
}
_DOUBTS = ("run.attention", "run.overdue", "run.released")


def evidence_of(
    facts: Sequence[FactRow],
    doubt: DoubtRow,
    *,
    job_name: str,
    percent: int | None,
    heard_at: datetime | None,
    names: Mapping[UUID, str],
) -> list[Evidence]:
    """Return what is known in the order in which it was, the printer's last word at the end."""
    told: list[Evidence] = []
    for fact in facts:
        told += _evidence(fact, job_name, names)
    if not any(each.kind is EvidenceKind.SENT for each in told):
        at = _since(facts) or doubt.claimed_at
        told.append(_known(at, EvidenceKind.NOT_SENT, Witness.LAYERLINE, print_name=job_name))
    if percent:
        last = max((each.at for each in told), default=doubt.claimed_at)
        told.append(_known(last, EvidenceKind.PROGRESS, Witness.PRINTER, percent=percent))
    return [*told, *_last_word(doubt, heard_at)]


def since_of(facts: Sequence[FactRow], doubt: DoubtRow) -> datetime:
    """Return since when the run has been in doubt."""
    return _since(facts) or doubt.claimed_at


def choices_of(doubt: DoubtRow) -> list[Choice]:
    """Return what a person can say, and what the printer has against it."""
    activity = PrinterActivity(doubt.activity) if doubt.activity and doubt.is_online else None
    return [_choice(outcome, activity, doubt) for outcome in Resolution]


def _choice(outcome: Resolution, activity: PrinterActivity | None, doubt: DoubtRow) -> Choice:
    is_printing = outcome is Resolution.PRINTING
    if is_printing and doubt.printer_is_free:
        return Choice(outcome=outcome, is_open=False, objection=Objection.PRINTER_IS_IDLE)
    if is_printing and doubt.said_journal_id not in {None, doubt.journal_id}:
        return Choice(outcome=outcome, is_open=False, objection=Objection.NODE_FORGOT)
    if activity in AT_WORK_ACTIVITIES and not is_printing and not doubt.printer_is_free:
        is_open = outcome is not Resolution.RELEASED
        return Choice(outcome=outcome, is_open=is_open, objection=Objection.PRINTER_PRINTS)
    objection = Objection.PRINTER_IS_IDLE if is_printing and activity in _AT_REST else None
    return Choice(outcome=outcome, is_open=True, objection=objection)


def _since(facts: Sequence[FactRow]) -> datetime | None:
    return next((f.received_at for f in reversed(facts) if f.type in _DOUBTS), None)


def _evidence(fact: FactRow, job_name: str, names: Mapping[UUID, str]) -> list[Evidence]:
    if fact.type not in _KINDS:
        return []
    kind, witness = _KINDS[fact.type]
    at, body = min(fact.occurred_at, fact.received_at), fact.body
    text = body.get("reason") or body.get("detail")
    if kind is EvidenceKind.SENT:
        file_name = f"layerline-{body['sid']}.gcode.3mf"
        sent = _known(at, kind, witness, print_name=job_name, file_name=file_name)
        return [*_said(at, EvidenceKind.BEFORE, body.get("before")), sent]
    if kind is EvidenceKind.DOUBT:
        seen = _said(at, EvidenceKind.CHANGED, body.get("seen"))
        return [*seen, _known(at, kind, witness, text=text)]
    if kind is EvidenceKind.CHANGED:
        code = body.get("code")
        return [_known(at, kind, witness, activity=body["activity"], text=text, code=code)]
    if kind is EvidenceKind.DECIDED:
        by = names.get(UUID(body["by"])) if body.get("by") else None
        return [_known(at, kind, witness, outcome=body["outcome"], text=text, by=by)]
    return [_known(at, kind, witness, text=text, code=body.get("code"))]


def _said(at: datetime, kind: EvidenceKind, said: Mapping[str, Any] | None) -> list[Evidence]:
    """Return a report that a node kept, if it kept one."""
    if said is None:
        return []
    code = ", ".join(said["codes"]) or None
    name = said["print_name"] or None
    activity = said["activity"]
    return [_known(at, kind, Witness.PRINTER, activity=activity, print_name=name, code=code)]


def _last_word(doubt: DoubtRow, heard_at: datetime | None) -> list[Evidence]:
    if doubt.last_fact_at is None or doubt.activity is None:
        return []
    at = max(doubt.last_fact_at, heard_at or doubt.last_fact_at)
    if not doubt.is_online:
        return [_known(at, EvidenceKind.CUT_OFF, Witness.LAYERLINE, text=doubt.detail)]
    said = {"activity": doubt.activity, "text": doubt.detail, "code": doubt.code}
    return [_known(at, EvidenceKind.NOW, Witness.PRINTER, **said)]


def _known(at: datetime, kind: EvidenceKind, witness: Witness, **known: Any) -> Evidence:
    blank = dict.fromkeys(Evidence.model_fields)
    about = {"at": at, "kind": kind, "witness": witness, "said": saying_of(known.get("text"))}
    return Evidence.model_validate({**blank, **about, **known})
