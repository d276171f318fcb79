"""`layerline migrate` and `layerline provision`."""

import asyncio
from datetime import UTC, datetime

from runtime.settings import DatabaseSettings
from services.cli.failure import CliError
from services.cli.work import in_transaction
from services.db.migrate import upgrade
from services.jobs.people import make_first_admin_code
from services.provision.main import ProvisionSettings
from services.provision.main import provision as provision_all


def migrate() -> None:
    """Bring the database's schema up to date."""
    settings = DatabaseSettings()
    try:
        upgrade(str(settings.database_url))
    except OSError as exc:
        raise CliError("the database does not answer; is it running?") from exc
    print("the schema is up to date")


def provision() -> None:
    """Make streams, consumers and the bucket."""
    settings = ProvisionSettings()
    try:
        asyncio.run(provision_all(settings))
    except (OSError, TimeoutError) as exc:
        raise CliError(f"broker, database or storage does not answer: {exc}") from exc
    print("streams, consumers and bucket are up to date")
    code = in_transaction(lambda session: make_first_admin_code(session, datetime.now(UTC)))
    if code is not None:
        print(f"nobody is an admin yet: open /first-admin within the hour and type {code}")
