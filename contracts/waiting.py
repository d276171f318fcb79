"""Why a job does not start (a code, the values, and a sentence), and why it may start now."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Param = Annotated[str, Field(max_length=200)] | int | float


class WaitReason(BaseModel):
    """One reason; the web says it in its reader's language by `code` and `params`."""

    model_config = ConfigDict(frozen=True)

    code: str = Field(max_length=32, description="snake_case, stable")
    params: dict[str, Param]
    text: str = Field(max_length=300, description="English; says what to change, and where")


class RequeueReason(StrEnum):
    """Why a queued job may have become claimable."""

    RELEASED = "released"
    MOVED = "moved"
    NOT_BEFORE = "not_before"
    RETRIED = "retried"
    QUEUE_CHANGED = "queue_changed"
    STREAM_LOST = "stream_lost"
