"""What the projector reads from its environment."""

from runtime.settings import CommonSettings, DatabaseSettings, NatsSettings


class ProjectorSettings(CommonSettings, DatabaseSettings, NatsSettings):
    """All settings of the projector."""
