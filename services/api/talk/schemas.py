"""Comments on the wire."""

from datetime import datetime
from typing import Self
from uuid import UUID

from services.api.jobs.schemas import Owner
from services.api.schemas import In, Out, Reason
from services.jobs.commenting import Said


class NewComment(In):
    """What a person says about a job."""

    text: Reason


class Comment(Out):
    """What somebody said about a job."""

    id: UUID
    author: Owner
    text: str
    created_at: datetime

    @classmethod
    def from_said(cls, said: Said) -> Self:
        """Return it as people see it."""
        author = Owner(id=said.author_id, name=said.author_name, avatar_url=said.author_avatar_url)
        return cls(id=said.id, author=author, text=said.text, created_at=said.created_at)
