"""What every body in and out of the API is made of."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)


class Out(BaseModel):
    """A body that the API sends: every field is always there."""

    model_config = ConfigDict(frozen=True)


class In(BaseModel):
    """A body that the API takes: unknown fields are refused, so that a slip is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")


MAX_COUNT = 2**31 - 1
"""What Postgres counts to in an integer."""

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
"""A number of something that is counted up: a version, a row, a bed's state."""

BLANKS = r"\u0000-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""Spelled out: engines of regular expressions differ in what `\\s` is."""

STORABLE = StringConstraints(pattern=r"^[^\u0000]*$")
"""Postgres can't keep a NUL character."""

SAID = StringConstraints(
    strip_whitespace=True, pattern=rf"^[^\u0000]*[^{BLANKS}][^\u0000]*$", min_length=1
)
"""Says something: is not blank, and can be kept."""

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _of_use(moment: datetime) -> datetime:
    """Return the moment, or the nearest at which something can have been."""
    return min(max(moment, _EARLIEST), _LATEST)


Moment = Annotated[AwareDatetime, AfterValidator(_of_use)]
"""A time that somebody asks about."""

Text = Annotated[str, STORABLE]
"""Words of a person, or none."""

Name = Annotated[str, SAID, Field(max_length=100)]
"""What a person calls something."""

Reason = Annotated[str, SAID, Field(max_length=1000)]
"""A sentence from one person to another."""

Note = Annotated[str, StringConstraints(strip_whitespace=True), STORABLE, Field(max_length=500)]
"""What a person adds to a submission."""

Wish = Annotated[str, StringConstraints(strip_whitespace=True), STORABLE, Field(max_length=200)]
"""What a person would like, for an approver to read."""
