"""`alembic upgrade head`, the only way the schema is made."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from services.db.engine import sqlalchemy_url

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(database_url: str) -> Config:
    """Return Alembic's configuration for this database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = sqlalchemy_url(database_url)
    return config


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring the schema to `revision`; a second call does nothing."""
    command.upgrade(alembic_config(database_url), revision)


def check(database_url: str) -> None:
    """Raise alembic.util.CommandError when the tables' models differ from the schema."""
    command.check(alembic_config(database_url))
