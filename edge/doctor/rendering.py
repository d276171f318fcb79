"""An examination as text for a person, and as a document for machines and bug reports; pure."""

import json
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from edge.bambu.redaction import Redactor
from edge.doctor.findings import Chart, Check, Finding, Outcome
from edge.settings import PrinterSettings

DOCUMENT_VERSION = 1
WIDTH = 96
_TITLES = {
    Check.NETWORK: "Network",
    Check.IDENTITY: "Identity",
    Check.ACCESS_CODE: "Access code",
    Check.MESSAGES: "Reports",
    Check.FIRMWARE: "Firmware",
    Check.ORDERS: "Orders",
    Check.CONDITION: "Condition",
    Check.CARD: "Memory card",
    Check.FILES: "File transfer",
    Check.DIALECT: "File server",
    Check.UPLOAD: "Test file",
    Check.CLOCK: "Clock",
    Check.LAYERLINE: "Layerline",
    Check.DISK: "Disk",
}
_MARKS = {Outcome.OK: "✓", Outcome.FAILED: "✗", Outcome.SKIPPED: "–"}
_INDENT = " " * 18
_PRIVATE_KEYS = frozenset({"net", "ipcam", "upload"})
"""Addresses and services in a report that say nothing about its dialect."""
_NAMED_KEYS = frozenset({"subtask_name", "gcode_file"})
"""What people call their files is theirs."""
_OURS = "layerline-"
_SETTINGS = (
    "The BAMBU_ words are settings of this node. A printer of printers.toml has them there, in "
    "small letters and without BAMBU_. On a node that install.sh set up they stand in "
    "/etc/layerline-edge/edge.env, and the access code in /etc/layerline-edge/bambu_access_code. "
    "Start the node again after a change."
)


@dataclass(frozen=True)
class Examination:
    """Everything that was found in one go."""

    made_at: datetime
    version: str
    printers: tuple[tuple[PrinterSettings, Chart], ...]
    node: tuple[Finding, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """Return what failed, by the titles that people see."""
        found = [
            f"{_TITLES[finding.check]} of {printer.name}"
            for printer, chart in self.printers
            for finding in chart.in_order()
            if finding.outcome is Outcome.FAILED
        ]
        return (*found, *(_TITLES[f.check] for f in self.node if f.outcome is Outcome.FAILED))


def as_text(examination: Examination) -> str:
    """Return what a person reads."""
    lines: list[str] = []
    for printer, chart in examination.printers:
        lines += [f"Printer “{printer.name}” at {printer.ip}, serial {printer.serial}", ""]
        lines += [*_finding_lines(chart.in_order()), ""]
    if examination.node:
        lines += ["This computer", "", *_finding_lines(examination.node), ""]
    return "\n".join([*lines, *_summary(examination)]) + "\n"


def _summary(examination: Examination) -> list[str]:
    failures = examination.failures
    findings = [
        *examination.node,
        *(f for _, chart in examination.printers for f in chart.findings),
    ]
    if not failures:
        has_gaps = any(finding.outcome is Outcome.SKIPPED for finding in findings)
        return ["Nothing is wrong in what was checked." if has_gaps else "All is well."]
    things = "One thing needs" if len(failures) == 1 else f"{len(failures)} things need"
    lines = _wrapped("", f"{things} you: {', '.join(failures)}.", indent="")
    if any("BAMBU_" in (finding.advice or "") for finding in findings):
        lines += _wrapped("", _SETTINGS, indent="")
    return lines


def _finding_lines(findings: Iterable[Finding]) -> list[str]:
    lines: list[str] = []
    for text, alike in groupby(findings, key=_shown_together):
        group = list(alike)
        if len(group) > 1:
            names = ", ".join(_TITLES[finding.check] for finding in group)
            reason = f"{text[0].lower()}{text[1:]}"
            lines += _wrapped(f" {_MARKS[Outcome.SKIPPED]} ", f"{names}: {reason}", indent="   ")
        else:
            lines += _one_finding(group[0])
    return lines


def _shown_together(finding: Finding) -> str:
    """Return the same for neighbours that were skipped for one reason."""
    return finding.text if finding.outcome is Outcome.SKIPPED else finding.check.value


def _one_finding(finding: Finding) -> list[str]:
    head = f" {_MARKS[finding.outcome]} {_TITLES[finding.check]:14} "
    lines = _wrapped(head, finding.text, indent=_INDENT)
    if finding.advice:
        lines += _wrapped(f"{_INDENT}→ ", finding.advice, indent=f"{_INDENT}  ")
    return lines


def _wrapped(head: str, text: str, *, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def as_document(examination: Examination, *, shows_serials: bool) -> dict[str, Any]:
    """Return the examination without access codes; serials are cut to their model's part."""
    document = {
        "document": "layerline-doctor",
        "document_version": DOCUMENT_VERSION,
        "made_at": examination.made_at.isoformat(),
        "layerline": examination.version,
        "is_well": not examination.failures,
        "printers": [_printer_part(*pair) for pair in examination.printers],
        "node": [_finding_part(finding) for finding in examination.node],
    }
    printers = [printer for printer, _ in examination.printers]
    text = json.dumps(document)
    text = Redactor(printer.access_code.get_secret_value() for printer in printers).text(text)
    if not shows_serials:
        for printer in printers:
            text = text.replace(printer.serial, f"{printer.serial[:3]}…")
    cleaned: dict[str, Any] = json.loads(text)
    return cleaned


def _printer_part(printer: PrinterSettings, chart: Chart) -> dict[str, Any]:
    return {
        "name": printer.name,
        "serial": printer.serial,
        "checks": [_finding_part(finding) for finding in chart.in_order()],
        "answers": {key.value: value for key, value in sorted(chart.answers.items())},
        "report": _without_names(chart.report),
    }


def _finding_part(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check.value,
        "outcome": finding.outcome.value,
        "text": finding.text,
        "advice": finding.advice,
    }


def _without_names(report: Mapping[str, object]) -> dict[str, object]:
    kept: dict[str, object] = {}
    for key, value in report.items():
        if key in _PRIVATE_KEYS:
            continue
        is_theirs = key in _NAMED_KEYS and value and not str(value).startswith(_OURS)
        kept[key] = "[a name]" if is_theirs else value
    return kept
