"""`layerline provision`: streams, consumers, bucket; idempotent, run at every start."""

import asyncio
from pathlib import Path

from pydantic import Field
from sqlmodel import col, select

from runtime.nats import connect_nats
from runtime.settings import CommonSettings, DatabaseSettings, NatsSettings, StorageSettings
from services.db.engine import make_engine, make_sessions
from services.db.tables.machines import Node
from services.provision.bucket import ensure_bucket
from services.provision.streams import (
    StreamSettings,
    ensure_node,
    ensure_streams,
    wait_for_jetstream,
)
from services.registry.printers import queues_of_node

JETSTREAM_WITHIN_S = 30.0
"""Servers of a cluster that were just started need some seconds to choose who leads."""


class ProvisionSettings(
    CommonSettings, DatabaseSettings, NatsSettings, StorageSettings, StreamSettings
):
    """What provisioning needs."""

    public_url: str = Field(description="address of the web app: the origin that may upload")


class KeysSettings(CommonSettings):
    """Where the broker's keys are."""

    keys_dir: Path = Field(description="folder with the operator's, accounts' and users' keys")


def run() -> None:
    """Make or bring up to date what the broker and the bucket must hold."""
    asyncio.run(provision(ProvisionSettings()))


async def provision(settings: ProvisionSettings) -> None:
    """Make streams, consumers of services and registered nodes, bucket and CORS."""
    await asyncio.gather(
        _provision_broker(settings), ensure_bucket(settings, origin=settings.public_url)
    )


async def _provision_broker(settings: ProvisionSettings) -> None:
    client = await connect_nats(
        settings.nats_url, settings.nats_creds, name="provision", exit_when_closed=False
    )
    try:
        js = client.jetstream()
        await wait_for_jetstream(js, within_s=JETSTREAM_WITHIN_S)
        await ensure_streams(js, replicas=settings.nats_replicas)
        for node, queues in await _nodes(settings):
            await ensure_node(js, node, queues)
    finally:
        await client.close()


async def _nodes(settings: DatabaseSettings) -> list[tuple[str, tuple[str, ...]]]:
    engine = make_engine(settings, pool_size=1)
    try:
        async with make_sessions(engine)() as session:
            names = await session.exec(
                select(Node.name).where(col(Node.revoked_at).is_(None)).order_by(Node.name)
            )
            return [(name, await queues_of_node(session, name)) for name in names]
    finally:
        await engine.dispose()
