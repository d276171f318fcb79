"""`layerline handout`, `layerline migrate` and `layerline provision`: before anything runs."""

import argparse
import asyncio
from datetime import UTC, datetime

from sqlalchemy.exc import DBAPIError

from runtime.settings import DatabaseSettings
from services.cli.failure import CliError
from services.cli.work import in_transaction
from services.db.migrate import upgrade
from services.jobs.people import make_first_admin_code
from services.provision.handout import handout, write_handout
from services.provision.keys import Keys
from services.provision.main import KeysSettings, ProvisionSettings
from services.provision.main import provision as provision_all

LOCK_TIMEOUT = "lock timeout"
"""Postgres' words for a lock that it did not get in time."""


def hand_out(options: argparse.Namespace) -> None:
    """Write what each process may know; the keys stay in LAYERLINE_KEYS_DIR."""
    folders = handout(Keys(KeysSettings().keys_dir), database_host=options.database_host)
    write_handout(folders, options.folder)
    print(f"keys and secrets of {len(folders)} processes are in {options.folder}")


def migrate() -> None:
    """Bring the database's schema up to date."""
    settings = DatabaseSettings()
    try:
        upgrade(str(settings.database_url))
    except OSError as exc:
        raise CliError("the database does not answer; is it running?") from exc
    except DBAPIError as exc:
        if LOCK_TIMEOUT not in str(exc.orig):
            raise
        raise CliError(
            "a table was in use for too long; nothing was changed, what runs goes on; try again"
        ) from exc
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


def release() -> None:
    """Do what a release needs before its processes start."""
    migrate()
    provision()
