"""What became of a send."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What became of a send; `answer` is for the log that admins see."""

    answer: str
    is_sent: bool = False
    is_final: bool = False
    """It need not be tried again."""
    is_unknown: bool = False
    """It may have reached its target."""
