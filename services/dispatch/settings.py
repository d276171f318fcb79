"""What dispatch reads from its environment."""

from runtime.settings import CommonSettings, DatabaseSettings, NatsSettings, StorageSettings


class DispatchSettings(CommonSettings, DatabaseSettings, NatsSettings, StorageSettings):
    """All settings of dispatch."""
