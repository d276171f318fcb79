"""What every body in and out of the API is made of."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


class Out(BaseModel):
    """A body that the API sends: every field is always there."""

    model_config = ConfigDict(frozen=True)


class In(BaseModel):
    """A body that the API takes: unknown fields are refused, so that a slip is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _storable(text: str) -> str:
    """Return the text; raise ValueError for what Postgres can't keep."""
    if "\0" in text:
        raise ValueError("has a NUL character")
    return text


STORABLE = AfterValidator(_storable)

Text = Annotated[str, STORABLE]
"""Words of a person."""

Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), STORABLE
]
"""A sentence from one person to another."""

Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), STORABLE]
"""What a person adds to a submission."""
