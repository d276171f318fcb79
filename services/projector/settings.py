"""What the projector reads from its environment."""

from runtime.settings import CommonSettings, DatabaseSettings, NatsSettings


class RebuildSettings(CommonSettings, DatabaseSettings):
    """What folding the log needs: the database, and how fast time goes."""


class ProjectorSettings(RebuildSettings, NatsSettings):
    """All settings of the projector."""
