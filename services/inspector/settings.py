"""What the inspector reads from its environment."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from runtime.settings import CommonSettings, DatabaseSettings, NatsSettings, StorageSettings
from services.inspection.rules import P1S_NOZZLES_MM, Rules


class InspectorSettings(CommonSettings, DatabaseSettings, NatsSettings, StorageSettings):
    """All settings of the inspector."""

    allowed_models: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset({"C12"}),
        description="comma list of model ids that files may be for, besides the printers known",
    )
    allowed_nozzles_mm: Annotated[frozenset[float], NoDecode] = Field(
        default=P1S_NOZZLES_MM, description="comma list of nozzle diameters that files may be for"
    )

    @field_validator("allowed_models", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        return frozenset(_split(value)) if isinstance(value, str) else value

    @field_validator("allowed_nozzles_mm", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        return frozenset(float(word) for word in _split(value)) if isinstance(value, str) else value

    def rules(self) -> Rules:
        """Return what may be printed here."""
        return Rules(self.allowed_models, self.allowed_nozzles_mm)


def _split(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]
