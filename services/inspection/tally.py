"""Findings as they add up over a program."""

from dataclasses import dataclass

from contracts.findings import Finding, Severity

MAX_FINDINGS = 24


@dataclass
class _Met:
    severity: Severity
    text: str
    line: int | None
    count: int


class Tally:
    """Counts findings by code; the first text and line stay."""

    def __init__(self) -> None:
        self._met: dict[str, _Met] = {}

    def add(
        self, severity: Severity, code: str, text: str, *, line: int | None = None, count: int = 1
    ) -> None:
        """Count a finding; `line` is 1-based."""
        met = self._met.get(code)
        if met is None:
            self._met[code] = _Met(severity, text[:400], line, count)
            return
        met.count += count
        if line is not None and (met.line is None or line < met.line):
            met.line = line

    def findings(self) -> tuple[Finding, ...]:
        """Return what was met, the gravest first, then by line."""
        order = (Severity.REFUSE, Severity.WARN, Severity.NOTE)
        met = sorted(
            self._met.items(), key=lambda item: (order.index(item[1].severity), item[1].line or 0)
        )
        return tuple(
            Finding(severity=m.severity, code=code, text=m.text, line=m.line, count=m.count)
            for code, m in met[:MAX_FINDINGS]
        )
