"""Quantities with their unit in the type."""

from typing import Annotated

from pydantic import AwareDatetime, Field

Percent = Annotated[int, Field(ge=0, le=100)]
Celsius = Annotated[float, Field(ge=-50, le=1000)]
Seconds = Annotated[float, Field(ge=0)]
Minutes = Annotated[int, Field(ge=0)]
Bytes = Annotated[int, Field(ge=0)]
Millimetres = Annotated[float, Field(ge=0)]
Grams = Annotated[float, Field(ge=0)]
Metres = Annotated[float, Field(ge=0)]
Instant = AwareDatetime
"""A moment: aware, UTC on the wire."""

MIB = 1024 * 1024
GIB = 1024 * MIB
MAX_ARTIFACT_BYTES = 100 * MIB
"""The largest file that may be submitted."""
