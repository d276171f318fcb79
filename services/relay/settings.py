"""What the relay reads from its environment."""

from runtime.settings import CommonSettings, DatabaseSettings, NatsSettings


class RelaySettings(CommonSettings, DatabaseSettings, NatsSettings):
    """All settings of the relay."""
