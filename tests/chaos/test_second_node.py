"""A printer is given to a second node while the first can't be reached, and then comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from pydantic import PostgresDsn

from contracts.lifecycle import Status
from deploy.local.plan import PlannedPrinter
from deploy.local.preparing import PreparingSettings, set_up
from deploy.local.process import Command, free_port, http_answers, start, tool
from deploy.local.state import read_settings
from runtime.settings import DatabaseSettings
from services.db.engine import make_engine, make_sessions
from services.provision.keys import Keys
from services.registry.nodes import By, revoke_node
from tests.chaos.oracle import OUR_FILE, Accepted, Oracle
from tests.chaos.people import meet, new_file
from tests.chaos.proxies import Weather
from tests.chaos.script import Play, Wishes
from tests.chaos.world import NODE, World, running_world
from tests.eventually import eventually

WITHIN_S = 600
UP_WITHIN_S = 60.0
SECOND = "node-2"
BACK_AFTER_S = 2.0
PLAIN = Wishes(uploads=False, copies=1, cancel_after_s=None, pauses=False)


@dataclass(frozen=True)
class Moved(PlannedPrinter):
    """The stack's printer, at another node."""


async def revoke(node: str, world: World) -> None:
    """Take a node's admission away, as an admin does."""
    url = PostgresDsn(read_settings(world.data)["LAYERLINE_DATABASE_URL"])
    engine = make_engine(DatabaseSettings(database_url=url), pool_size=1)
    try:
        async with make_sessions(engine)() as session, session.begin():
            await revoke_node(session, node, now=datetime.now(UTC), by=By())
    finally:
        await engine.dispose()


async def give_printer_to(node: str, world: World) -> None:
    """Put the printer into the hands of a node, as an admin does."""
    values = {
        name.removeprefix("LAYERLINE_").lower(): value
        for name, value in read_settings(world.data).items()
    }
    await set_up(PreparingSettings.model_validate(values), [Moved(1, node)])


@asynccontextmanager
async def second_node(world: World, folder: Path) -> AsyncIterator[None]:
    """Run another node beside the same printer while the block runs."""
    first = world.find(NODE)
    assert first is not None
    (_, mqtt), (_, ftps) = (world.links[NODE, kind].target or ("", 0) for kind in ("mqtt", "ftps"))
    port, keys = free_port(), Keys(world.data / "keys")
    env = {
        **first.process.environ(),
        "LAYERLINE_NODE": SECOND,
        "LAYERLINE_NATS_URL": f"nats://127.0.0.1:{world.state.ports['nats']}",
        "LAYERLINE_NATS_CREDS": str(keys.node_creds(SECOND, life_s=None)),
        "LAYERLINE_EDGE_DATA": str(folder / SECOND),
        "LAYERLINE_HEALTH_PORT": str(port),
        "BAMBU_MQTT_PORT": str(mqtt),
        "BAMBU_FTPS_PORT": str(ftps),
    }
    command = Command(SECOND, [tool("layerline-edge"), "run"], env)
    process = await start(command, folder / f"{SECOND}.log")
    try:
        await process.wait_healthy(
            lambda: http_answers(f"http://127.0.0.1:{port}/readyz"), within_s=UP_WITHIN_S
        )
        yield
    finally:
        await process.stop()


@pytest.mark.long
@pytest.mark.timeout(WITHIN_S)
async def test_I17_node_that_comes_back_to_a_printer_that_was_given_away(folder: Path) -> None:
    async with running_world(folder) as world:
        person = await meet(world.state.url, "ada")
        artifact_id = (await person.upload("chaos.gcode.3mf", new_file(0)))["id"]
        first, second = (
            Play(world, person, number, PLAIN, artifact_id, may_judge=True) for number in (1, 2)
        )
        await first.run()
        world.links[NODE, "nats"].set(Weather.DOWN)
        await revoke(NODE, world)
        await give_printer_to(SECOND, world)
        async with second_node(world, folder), asyncio.TaskGroup() as tasks:
            playing = tasks.create_task(second.run())
            await asyncio.sleep(BACK_AFTER_S)  # back in the middle of it
            world.links[NODE, "nats"].set(Weather.FAIR)
            await playing
            await eventually(partial(is_card_empty, world), within_s=30)
            jobs = (*first.job_ids, *second.job_ids)
            findings = await Oracle(world, person).judge(Accepted(jobs, lies=()))
        await person.http.aclose()
        assert findings == []
        assert {*first.statuses.values(), *second.statuses.values()} == {Status.DONE}
        assert await nodes_of_runs(world) == [NODE, SECOND]
        assert await node_that_is_heard(world) == SECOND


async def is_card_empty(world: World) -> bool:
    """Tell whether nothing of ours is left on the card."""
    files = (await world.printer("/card"))["files"]
    return not any(name.lstrip("/").startswith(OUR_FILE) for name in files)


async def node_that_is_heard(world: World) -> str:
    """Return whose word the printer's row is."""
    connection = await world.connect()
    try:
        return str(await connection.fetchval("SELECT node FROM printer_state"))
    finally:
        await connection.close()


async def nodes_of_runs(world: World) -> list[str]:
    """Return which nodes had the runs, in their order."""
    connection = await world.connect()
    try:
        rows = await connection.fetch("SELECT node FROM run ORDER BY claimed_at")
    finally:
        await connection.close()
    return [row["node"] for row in rows]
