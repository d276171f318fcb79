"""Dead letters on the wire."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from services.api.schemas import Out
from services.db.tables.bus import DeadLetter
from services.jobs.letters import LetterResolution

MAX_BODY = 100_000


class Letter(Out):
    """A message that could not be read or folded."""

    id: UUID
    subject: str
    reason: str
    body: str = Field(description="as text; bytes that are none are escaped")
    first_seen: datetime
    count: int = Field(description="how often it came, replays too")
    is_replaying: bool = Field(description="the projector has not answered yet")
    replayed_at: datetime | None = Field(description="when it was last tried again")
    resolution: LetterResolution | None
    resolved_at: datetime | None

    @classmethod
    def from_row(cls, row: DeadLetter) -> Self:
        """Return the letter of a row."""
        return cls(
            id=row.id,
            subject=row.subject,
            reason=row.reason,
            body=row.body[:MAX_BODY].decode(errors="backslashreplace"),
            first_seen=row.first_seen,
            count=row.count,
            is_replaying=row.replay_asked_at is not None,
            replayed_at=row.replayed_at,
            resolution=LetterResolution(row.resolution) if row.resolution else None,
            resolved_at=row.resolved_at,
        )


class Letters(Out):
    """The newest open letters, and how many are open in all."""

    letters: list[Letter]
    total: int
