"""The shop's settings on the wire."""

from pydantic import ConfigDict

from services.api.schemas import Count, In, Out
from services.jobs.shop import ShopSettings


class Settings(Out):
    """What the operator has set; `version` 0: nothing yet."""

    version: int
    settings: ShopSettings


class NewSettings(ShopSettings):
    """The settings as a person sends them: unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SettingsChange(In):
    """All settings anew, made on the version that the person saw."""

    version: Count
    settings: NewSettings
