"""Identifiers: one type per thing, so that a job's id can't be passed as a run's."""

import re
from typing import Annotated, NewType
from uuid import UUID, uuid5

from pydantic import StringConstraints

UserId = NewType("UserId", UUID)
ArtifactId = NewType("ArtifactId", UUID)
SubmissionId = NewType("SubmissionId", UUID)
JobId = NewType("JobId", UUID)
RunId = NewType("RunId", UUID)
PrinterId = NewType("PrinterId", UUID)
ClaimId = NewType("ClaimId", UUID)
CommandId = NewType("CommandId", UUID)
EventId = NewType("EventId", UUID)
JournalId = NewType("JournalId", UUID)
CorrelationId = NewType("CorrelationId", UUID)

SLUG_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$"
"""A slug becomes one token of a subject: no dot, no wildcard, no blank."""

NodeName = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
QueueName = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
Sha256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

SID_MAX = 2**31 - 1
"""The P1S clamps larger subtask ids and then takes a new job for the old one. [K] BDY#1042"""

_PRINTER_NAMESPACE = UUID("5f0f5c0c-8f2e-5b55-9d0c-6c61796572ab")


def printer_id_of(serial: str) -> PrinterId:
    """Return the id of the printer with this serial: the same on every node that sees it."""
    return PrinterId(uuid5(_PRINTER_NAMESPACE, serial.strip().upper()))


def fact_id_of(journal_id: JournalId, node_seq: int) -> EventId:
    """Return the id of a node's fact: the same however often the fact is published."""
    return EventId(uuid5(journal_id, str(node_seq)))


def is_slug(text: str) -> bool:
    """Tell whether `text` may name a node or a queue."""
    return re.fullmatch(SLUG_PATTERN, text) is not None
