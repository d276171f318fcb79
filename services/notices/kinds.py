"""What people can be told, and by which forms of target."""

from enum import StrEnum
from typing import Final


class NoticeKind(StrEnum):
    """What a notice is about."""

    SUBMITTED = "submitted"
    """To who may approve: somebody sent something in."""
    REFUSED = "refused"
    """A file that a slicer sent did not pass its check."""
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    """Nobody decided in time."""
    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ATTENTION = "attention"
    """To the owner and who may approve: a run needs a person."""
    TEST = "test"
    """An admin tries a target."""


class Form(StrEnum):
    """What kind of target it is."""

    PERSONAL = "personal"
    """An address with `{email}` in it: each person by their own."""
    CHANNEL = "channel"
    WEBHOOK = "webhook"


class DeliveryState(StrEnum):
    """How far a delivery came."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    """Given up after the last retry, or the target said that it is gone."""
    UNKNOWN = "unknown"
    """The process ended in mid-send: it is not sent twice."""
    EXPIRED = "expired"
    """Nobody wants to know any more."""


class Language(StrEnum):
    """In which people are told."""

    EN = "en"
    DE = "de"


CHOSEN: Final = tuple(kind for kind in NoticeKind if kind is not NoticeKind.TEST)
"""What can be chosen."""
USUAL: Final = tuple(
    kind for kind in CHOSEN if kind not in {NoticeKind.STARTED, NoticeKind.APPROVED}
)
"""What a new way tells people unless they choose otherwise."""
EMAIL_PLACE: Final = "{email}"
