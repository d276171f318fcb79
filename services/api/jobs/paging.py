"""What to list, and where a page goes on."""

import base64
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from contracts.lifecycle import Status
from services.api.errors import ApiError
from services.api.schemas import In, Moment, Text
from services.jobs.actors import Actor
from services.jobs.views import JobFilter, JobRow, Position

MAX_PAGE = 200
DEFAULT_PAGE = 50
_YEARS = range(2000, 9000)


_STATUS = "|".join(Status)


def _statuses(text: str) -> str:
    known = {status.value for status in Status}
    for word in text.split(","):
        if word and word not in known:
            raise ValueError(f"{word!r} is no status; use {', '.join(Status)}")
    return text


class JobQuery(In):
    """Which jobs, in which order, from where on."""

    scope: Literal["mine", "all"] = Field(default="mine", description="all: for admins")
    status: Annotated[str, AfterValidator(_statuses)] = Field(
        default="",
        max_length=200,
        description="comma list of statuses; empty: any",
        json_schema_extra={"pattern": f"^({_STATUS})?(,({_STATUS})?)*$"},
    )
    q: Text = Field(default="", max_length=200, description="words in name, note or owner")
    ended_since: Moment | None = None
    ended_until: Moment | None = None
    order: Literal["newest", "oldest"] = "newest"
    cursor: str = Field(default="", max_length=200, description="next_cursor of the page before")
    limit: int = Field(default=DEFAULT_PAGE, ge=1, le=MAX_PAGE)


def filter_of(query: JobQuery, viewer: Actor) -> JobFilter:
    """Return the filter that the query asks for."""
    return JobFilter(
        owner_id=None if query.scope == "all" else viewer.id,
        statuses=frozenset(Status(word) for word in query.status.split(",") if word),
        text=query.q,
        oldest_first=query.order == "oldest",
        ended_since=query.ended_since,
        ended_until=query.ended_until,
    )


def cursor_after(row: JobRow) -> str:
    """Return the cursor that goes on after this job."""
    text = f"{row.created_at.isoformat()}|{row.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_of(cursor: str) -> Position | None:
    """Return where the cursor points; raise ApiError 422 for one that is not ours."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        moment, _, job_id = base64.urlsafe_b64decode(padded).decode().partition("|")
        created_at = datetime.fromisoformat(moment)
        if created_at.tzinfo is None or created_at.year not in _YEARS:
            raise ValueError("no moment of a job")
        return Position(created_at, UUID(job_id))
    except ValueError:
        detail = "This cursor is not one of ours. Start again without it."
        raise ApiError(422, "bad-cursor", detail) from None
