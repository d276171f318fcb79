"""Looking through a printer's camera: who may, how few connections, what is no picture."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts.ids import PrinterId
from contracts.lifecycle import RunState
from contracts.subjects import camera_subject, picture_subject
from contracts.telemetry import CameraLease
from services.db.tables.machines import PrinterState
from tests.fixtures.nats import Broker
from tests.fixtures.streams import connected_node
from tests.integration.api.people import Someone, World, problem
from tests.integration.api.rows import announced_printer, claimed_run
from tests.integration.api.test_feed import job_of

PICTURE = b"\xff\xd8\xff\xe0 a picture \xff\xd9"


@pytest.fixture
async def ada(world: World) -> Someone:
    return await world.someone(is_admin=True)


@asynccontextmanager
async def a_node(
    broker: Broker, state: PrinterState, *answers: bytes, speaks_as: str | None = None
) -> AsyncIterator[list[CameraLease]]:
    """Yield the leases that the printer's node got; it answers each with these messages."""
    leases: list[CameraLease] = []
    async with connected_node(broker, speaks_as or state.node) as node:

        async def show(message: Msg) -> None:
            leases.append(CameraLease.model_validate_json(message.data))
            await _say(node, speaks_as or state.node, state, answers)

        await node.subscribe(camera_subject(speaks_as or state.node), cb=show)
        await node.flush()
        yield leases


async def _say(node: Client, name: str, state: PrinterState, answers: tuple[bytes, ...]) -> None:
    for answer in answers:
        await node.publish(picture_subject(name, PrinterId(state.printer_id)), answer)


async def test_many_look_and_the_node_is_asked_once(
    world: World, ada: Someone, broker: Broker
) -> None:
    state = await announced_printer(world)
    path = f"/api/printers/{state.printer_id}"
    assert "camera" in (await ada.get(path))["allowed_actions"]
    async with a_node(broker, state, b"no picture", PICTURE) as leases:
        answers = await asyncio.gather(*(ada.http.get(f"{path}/camera") for _ in range(10)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, PICTURE)}
    assert answers[0].headers["content-type"] == "image/jpeg"
    assert answers[0].headers["cache-control"] == "no-store"
    assert answers[0].headers["x-content-type-options"] == "nosniff"
    assert [lease.printer_id for lease in leases] == [state.printer_id]


async def test_only_approvers_and_whose_job_it_is(world: World, broker: Broker) -> None:
    mia, kim = await world.someone(), await world.someone()
    state = await announced_printer(world)
    job = await job_of(world, mia)
    await claimed_run(world, job.id, state, RunState.PRINTING)
    path = f"/api/printers/{state.printer_id}/camera"
    async with a_node(broker, state, PICTURE):
        assert (await mia.http.get(path)).content == PICTURE
        assert problem(await kim.http.get(path))["type"] == "/problems/not-your-print"


async def test_offline_printer_shows_nothing(world: World, ada: Someone) -> None:
    state = await announced_printer(world, is_online=False)
    refusal = problem(await ada.http.get(f"/api/printers/{state.printer_id}/camera"))
    assert (refusal["status"], refusal["type"]) == (503, "/problems/printer-offline")


async def test_silence_and_another_nodes_pictures_are_no_picture(
    world: World, ada: Someone, broker: Broker
) -> None:
    state = await announced_printer(world)
    path = f"/api/printers/{state.printer_id}/camera"
    asked = asyncio.create_task(ada.http.get(path, timeout=30))
    async with a_node(broker, state, speaks_as="stranger"), connected_node(broker, "liar") as liar:
        while not asked.done():
            await _say(liar, "liar", state, (PICTURE,))
            await asyncio.wait([asked], timeout=0.5)
    assert problem(asked.result())["type"] == "/problems/camera-silent"
