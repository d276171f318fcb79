"""A timeline as text for a person and as a document for machines; pure."""

from itertools import groupby
from typing import Any

from edge.replay.moments import Decision, Kind, Moment, Timeline

_MARKS = {
    Kind.SESSION: "⇄",
    Kind.STATE: " ",
    Kind.FAULT: "!",
    Kind.FAULT_GONE: " ",
    Kind.REQUEST: ">",
    Kind.ECHO: "!",
    Kind.BED: " ",
    Kind.DECISION: "●",
    Kind.GAP: "?",
    Kind.UNREADABLE: "?",
}


def as_text(timeline: Timeline) -> str:
    """Return one line a moment, under its day (UTC), and a summary."""
    lines: list[str] = []
    for day, moments in groupby(timeline.moments, key=lambda moment: moment.at.date()):
        lines += [f"{day.isoformat()} (UTC)", ""]
        for moment in moments:
            lines += _moment_lines(moment)
        lines.append("")
    return "\n".join([*lines, *_summary(timeline)]) + "\n"


def _moment_lines(moment: Moment) -> list[str]:
    time = f"{moment.at:%H:%M:%S}.{moment.at.microsecond // 100_000}"
    code = f" [{moment.code}]" if moment.code and moment.code not in moment.text else ""
    lines = [f"{time}  {_MARKS[moment.kind]} {moment.text}{code}"]
    if moment.advice:
        lines.append(f"{' ' * 14}→ {moment.advice}")
    return lines


def _summary(timeline: Timeline) -> list[str]:
    count = timeline.count
    reports = f"{count.reports} reports ({count.full_reports} full)"
    lines = [f"{reports}, {count.requests} requests; connected {count.sessions} times."]
    if count.unreadable or count.lost:
        lines.append(f"{count.unreadable} unreadable, {count.lost} lost.")
    lines += [f"{name}: {_IN_WORDS[last]}." for name, last in timeline.last_decisions.items()]
    return lines


_IN_WORDS = {
    Decision.SENT: "no start is seen in this capture",
    Decision.STARTED: "started; its end is not in this capture",
    Decision.PAUSED: "paused; its end is not in this capture",
    Decision.RESUMED: "resumed; its end is not in this capture",
    Decision.DONE: "done",
    Decision.CANCELLED: "cancelled",
    Decision.FAILED: "failed",
    Decision.ATTENTION: "needs a person to look",
}


def as_document(timeline: Timeline) -> dict[str, Any]:
    """Return the timeline for machines."""
    return {
        "document": "layerline-replay",
        "document_version": 1,
        "moments": [
            {
                "at": moment.at.isoformat(),
                "kind": moment.kind.value,
                "text": moment.text,
                "decision": moment.decision.value if moment.decision else None,
                "name": moment.name,
                "code": moment.code,
                "advice": moment.advice,
            }
            for moment in timeline.moments
        ],
        "count": vars(timeline.count),
        "last_decisions": {
            name: decision.value for name, decision in timeline.last_decisions.items()
        },
    }
