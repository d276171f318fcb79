"""One node, one simulated printer, and the services it talks to."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest_asyncio

from contracts.commands import CommandKind
from contracts.events import CommandDone, PrinterBedChanged, PrinterOnline
from tests.fixtures.nats import Broker
from tests.integration.edge.machines import EdgeProcess, Simulator, edge_env, simulator
from tests.integration.edge.services import FileServer, Services


@dataclass
class World:
    """Everything around one node."""

    services: Services
    printer: Simulator
    edge: EdgeProcess

    async def clear_bed(self) -> None:
        """Take the part off, and say so as a person would."""
        await self.printer.post("/plate/clear")
        await self.services.fact(PrinterBedChanged)
        command = await self.services.command(
            CommandKind.CLEAR_BED, self.printer.printer_id, bed_seq=self.services.bed().bed_seq
        )
        assert isinstance(await self.services.answer_to(command), CommandDone)


@pytest_asyncio.fixture
async def world(tmp_path: Path, broker: Broker) -> AsyncIterator[World]:
    """A node that is online, its bed unknown, its queue empty."""
    async with a_world(tmp_path, broker) as made:
        yield made


@asynccontextmanager
async def a_world(tmp_path: Path, broker: Broker, **env_changes: str) -> AsyncIterator[World]:
    """A node on this broker, online unless its settings forbid."""
    node = f"n{uuid4().hex[:8]}"
    printer_folder, edge_folder = tmp_path / "printer", tmp_path / "edge"
    printer_folder.mkdir()
    edge_folder.mkdir()
    async with (
        FileServer().running() as files,
        Services(node, files).running(broker) as services,
        simulator(printer_folder) as printer,
    ):
        env = edge_env(
            edge_folder,
            node=node,
            url=broker.url,
            creds=broker.keys.node_creds(node),
            printer=printer,
        )
        edge = EdgeProcess(env | env_changes, edge_folder)
        await edge.start()
        try:
            if not env_changes:
                await services.fact(PrinterOnline)
            yield World(services, printer, edge)
        finally:
            await edge.stop(signal.SIGTERM)
