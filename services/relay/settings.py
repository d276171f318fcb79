"""What the relay reads from its environment."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from runtime.settings import (
    ENCRYPTED,
    CommonSettings,
    DatabaseSettings,
    NatsSettings,
    is_loopback,
)


class RelaySettings(CommonSettings, DatabaseSettings, NatsSettings):
    """All settings of the relay."""

    nats_monitor_url: str | None = Field(
        default=None,
        description="the broker's monitoring address; set = not ready unless it syncs every write",
    )

    @model_validator(mode="after")
    def _encrypted_monitoring(self) -> Self:
        url = self.nats_monitor_url
        is_safe = url is None or is_loopback(url) or urlsplit(url).scheme in ENCRYPTED
        self._must_be_safe("LAYERLINE_NATS_MONITOR_URL", "use https://", is_safe=is_safe)
        return self
