"""What every body in and out of the API is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class Out(BaseModel):
    """A body that the API sends: every field is always there."""

    model_config = ConfigDict(frozen=True)


class In(BaseModel):
    """A body that the API takes: unknown fields are refused, so that a slip is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
"""A sentence from one person to another."""
