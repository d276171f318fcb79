"""Notices in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.notices.kinds import Language, NoticeKind

MAX_REASON: Final = 500


@dataclass(frozen=True)
class Subject:
    """What a notice is about, in words that people know."""

    name: str
    """Of the job or file."""
    owner: str
    printer: str | None
    reason: str | None
    jobs: int
    """Of the submission."""
    url: str


_TITLES: Final[Mapping[Language, Mapping[NoticeKind, str]]] = {
    Language.EN: {
        NoticeKind.SUBMITTED: "{owner} submitted {name}",
        NoticeKind.REFUSED: "{name} was refused",
        NoticeKind.APPROVED: "{name} was approved",
        NoticeKind.RETURNED: "{name} was sent back",
        NoticeKind.REJECTED: "{name} was rejected",
        NoticeKind.WITHDRAWN: "{name} was withdrawn",
        NoticeKind.STARTED: "{name} is printing",
        NoticeKind.DONE: "{name} is done",
        NoticeKind.FAILED: "{name} failed",
        NoticeKind.CANCELLED: "{name} was cancelled",
        NoticeKind.ATTENTION: "{name} needs somebody",
        NoticeKind.TEST: "A test from Layerline",
    },
    Language.DE: {
        NoticeKind.SUBMITTED: "{owner} hat {name} eingereicht",
        NoticeKind.REFUSED: "{name} wurde nicht angenommen",
        NoticeKind.APPROVED: "{name} ist freigegeben",
        NoticeKind.RETURNED: "{name} kam zurück",
        NoticeKind.REJECTED: "{name} wurde abgelehnt",
        NoticeKind.WITHDRAWN: "{name} wurde zurückgezogen",
        NoticeKind.STARTED: "{name} wird gedruckt",
        NoticeKind.DONE: "{name} ist fertig",
        NoticeKind.FAILED: "{name} ist fehlgeschlagen",
        NoticeKind.CANCELLED: "{name} wurde abgebrochen",
        NoticeKind.ATTENTION: "{name} braucht jemanden",
        NoticeKind.TEST: "Ein Test von Layerline",
    },
}
_JOBS: Final = {Language.EN: "{jobs} prints wait.", Language.DE: "{jobs} Drucke warten."}
_ON: Final = {Language.EN: "On {printer}.", Language.DE: "Auf {printer}."}


def words(kind: NoticeKind, subject: Subject, language: Language) -> tuple[str, str]:
    """Return the title and the text of a notice."""
    title = _TITLES[language][kind].format(name=subject.name, owner=subject.owner)
    lines = []
    if kind is NoticeKind.SUBMITTED and subject.jobs > 1:
        lines.append(_JOBS[language].format(jobs=subject.jobs))
    if subject.printer:
        lines.append(_ON[language].format(printer=subject.printer))
    if subject.reason:
        lines.append(subject.reason[:MAX_REASON])
    return title, "\n".join([*lines, subject.url])
