"""What an inspection remarks on in a file, from a note to a refusal."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Severity(StrEnum):
    REFUSE = "refuse"
    WARN = "warn"
    NOTE = "note"


class Finding(BaseModel):
    """A remark on a file; clients translate it by `code`."""

    model_config = ConfigDict(frozen=True)

    severity: Severity
    code: str = Field(max_length=64, pattern=r"^[a-z0-9_]+$", description="stable")
    text: str = Field(max_length=400, description="an English sentence: what to change, or why")
    line: int | None = Field(description="of the program, 1-based: where it is first met")
    count: int = Field(ge=1, description="how often it is met")


class SlicerInfo(BaseModel):
    """What made the file; the version is empty where the file does not say."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(max_length=64)
    version: str = Field(max_length=64)
