"""What the relay reads from its environment."""

from pydantic import Field

from runtime.settings import CommonSettings, DatabaseSettings, NatsSettings


class RelaySettings(CommonSettings, DatabaseSettings, NatsSettings):
    """All settings of the relay."""

    nats_monitor_url: str | None = Field(
        default=None,
        description="the broker's monitoring address; set = not ready unless it syncs every write",
    )
