"""`preparing schema|setup PRINTERS`: what must be true before the services start.

A process of its own, since its imports weigh as much as a service.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from alembic.util import CommandError
from botocore.exceptions import BotoCoreError, ClientError
from nats.errors import Error as NatsError
from sqlalchemy.exc import SQLAlchemyError

from deploy.local.plan import PlannedPrinter, plan_printers
from runtime.settings import DatabaseSettings
from services.db.engine import make_engine, make_sessions
from services.db.migrate import upgrade
from services.provision.keys import Keys
from services.provision.main import KeysSettings, ProvisionSettings, provision
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
_WHAT_FAILED = {
    "schema": "the database's schema can't be brought up to date",
    "setup": "broker, bucket or printers can't be set up",
}


class PreparingSettings(ProvisionSettings, KeysSettings):
    """What this process needs."""


def main() -> int:
    """Make the schema, or what stands on it; return the exit code, 1 with a sentence."""
    what, count = sys.argv[1], int(sys.argv[2])
    try:
        if what == "schema":
            upgrade(str(DatabaseSettings().database_url))
        else:
            asyncio.run(set_up(PreparingSettings(), plan_printers(count)))
    except (*_TROUBLE, ExceptionGroup) as exc:
        print(f"layerline: {_WHAT_FAILED[what]}: {exc!r}", file=sys.stderr)
        return 1
    return 0


async def set_up(settings: PreparingSettings, printers: Sequence[PlannedPrinter]) -> None:
    """Register nodes with their keys, and printers; make streams, consumers and the bucket."""
    await _register(settings, printers, Keys(settings.keys_dir))
    await provision(settings)


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


if __name__ == "__main__":
    sys.exit(main())
