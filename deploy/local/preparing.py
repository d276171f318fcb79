"""What must be true before the services start: schema, printers, streams, bucket.

Its imports weigh as much as a service: `stack` loads it while the engines start.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from alembic.util import CommandError
from botocore.exceptions import BotoCoreError, ClientError
from nats.errors import Error as NatsError
from sqlalchemy.exc import SQLAlchemyError

from deploy.local.plan import PlannedPrinter
from deploy.local.process import StartFailed
from runtime.settings import DatabaseSettings
from services.db.engine import make_engine, make_sessions
from services.db.migrate import upgrade
from services.provision.keys import Keys
from services.provision.main import ProvisionSettings, provision
from services.registry.enrolment import adopt_key
from services.registry.errors import RegistryError
from services.registry.nodes import By, register_node
from services.registry.printers import register_printer

QUEUE = "main"
_TROUBLE = (
    BotoCoreError,
    ClientError,
    CommandError,
    NatsError,
    OSError,
    RegistryError,
    SQLAlchemyError,
)


async def make_schema(database_url: str) -> None:
    """Bring the database's schema up to date; raise StartFailed when that is impossible."""
    try:
        await asyncio.to_thread(upgrade, database_url)
    except _TROUBLE as exc:
        raise StartFailed(f"the database's schema can't be brought up to date: {exc}") from exc


async def provision_stack(
    env: Mapping[str, str], printers: Sequence[PlannedPrinter], keys: Keys
) -> None:
    """Register nodes with their keys, and printers; make streams, consumers and the bucket."""
    settings = _settings(env)
    try:
        await _register(settings, printers, keys)
        await provision(settings)
    except (*_TROUBLE, ExceptionGroup) as exc:
        raise StartFailed(f"broker, bucket or printers can't be set up: {exc!r}") from exc


async def _register(
    settings: DatabaseSettings, printers: Sequence[PlannedPrinter], keys: Keys
) -> None:
    engine = make_engine(DatabaseSettings(database_url=settings.database_url), pool_size=1)
    try:
        async with make_sessions(engine)() as session, session.begin():
            now = datetime.now(UTC)
            for node in sorted({printer.node for printer in printers}):
                await register_node(session, node, title=node, now=now, by=By())
                await adopt_key(session, node, keys.node_key(node), now=now)
                await session.flush()
            for printer in printers:
                await register_printer(
                    session,
                    serial=printer.serial,
                    name=printer.name,
                    node=printer.node,
                    queue=QUEUE,
                    now=now,
                )
    finally:
        await engine.dispose()


def _settings(env: Mapping[str, str]) -> ProvisionSettings:
    fields = {
        key.removeprefix("LAYERLINE_").lower(): value
        for key, value in env.items()
        if key.startswith("LAYERLINE_")
    }
    return ProvisionSettings.model_validate(fields)
