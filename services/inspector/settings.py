"""What the inspector reads from its environment."""

from runtime.settings import CommonSettings, DatabaseSettings, NatsSettings, StorageSettings


class InspectorSettings(CommonSettings, DatabaseSettings, NatsSettings, StorageSettings):
    """All settings of the inspector."""
