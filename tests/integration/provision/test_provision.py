"""`layerline provision` as a whole: what the database knows gets its consumers."""

from datetime import UTC, datetime

from nats.js import JetStreamContext
from pydantic import PostgresDsn

from contracts.subjects import COMMANDS, JOBS
from deploy.local.engines.seaweedfs import SeaweedFS
from runtime.settings import DatabaseSettings
from services.db.engine import make_engine, make_sessions
from services.provision.main import ProvisionSettings, provision
from services.registry.nodes import By, register_node
from services.registry.printers import register_printer
from tests.fixtures.nats import Broker


async def _register(database_url: str) -> None:
    engine = make_engine(DatabaseSettings(database_url=PostgresDsn(database_url)), pool_size=1)
    now = datetime.now(UTC)
    async with make_sessions(engine)() as session, session.begin():
        for node in ("garage", "attic"):
            await register_node(session, node, title=node, now=now, by=By())
        await session.flush()
        await register_printer(
            session, serial="01P00A000000009", name="P", node="garage", queue="main", now=now
        )
    await engine.dispose()


async def test_registered_nodes_get_their_consumers_at_every_run(
    database_url: str, broker: Broker, storage: SeaweedFS, js: JetStreamContext
) -> None:
    s3 = storage.settings()
    settings = ProvisionSettings(
        database_url=PostgresDsn(database_url),
        nats_url=broker.url,
        nats_creds=broker.keys.service_creds("provision"),
        public_url="http://127.0.0.1:8000",
        **s3.model_dump(),
    )
    await provision(settings)
    await _register(database_url)
    for _ in range(2):
        await provision(settings)
        bell = (await js.consumer_info(JOBS.name, "bell_garage")).config
        assert bell.filter_subjects == ["job.approved.main.>", "job.requeued.main.>"]
        silent = (await js.consumer_info(JOBS.name, "bell_attic")).config
        assert silent.filter_subject == "job.approved.attic.none"
        await js.consumer_info(COMMANDS.name, "command_garage")
