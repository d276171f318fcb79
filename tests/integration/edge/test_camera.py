"""The camera from the printer's port to the broker, and the printer's own ways with it."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from nats.aio.msg import Msg

from contracts.events import PrinterBedChanged
from contracts.subjects import camera_subject, picture_subject
from contracts.telemetry import CameraLease
from edge.bambu.camera import pictures
from edge.bambu.tls import PrinterTrust
from edge.printer import AccessCodeRefused, PrinterUnreachable
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.fixtures.streams import connected
from tests.integration.edge.conftest import World
from tests.integration.edge.machines import Simulator, simulator


def port_of(printer: Simulator) -> int:
    return int(printer.ready["camera_port"])


def trust_of(printer: Simulator, folder: Path) -> PrinterTrust:
    return PrinterTrust(
        host="127.0.0.1",
        port=port_of(printer),
        serial=printer.serial,
        folder=folder,
        ca_file=None,
    )


async def test_pictures_come_and_the_connection_is_closed(tmp_path: Path) -> None:
    async with simulator(tmp_path) as printer:
        await printer.post("/faults", {"camera_fps": 20})
        for _ in range(2):  # a viewer that was not closed would keep the second one out
            source = pictures(
                "127.0.0.1", port_of(printer), printer.access_code, trust_of(printer, tmp_path)
            )
            async with aclosing(source) as seen:
                first, second = await anext(seen), await anext(seen)
            assert first != second
            for picture in (first, second):
                assert picture.startswith(b"\xff\xd8\xff")
                assert picture.endswith(b"\xff\xd9")
                assert len(picture) < 200 * 1024


async def test_wrong_code_and_nobody_there(tmp_path: Path) -> None:
    async with simulator(tmp_path) as printer:
        trust = trust_of(printer, tmp_path)
        with pytest.raises(AccessCodeRefused):
            await anext(pictures("127.0.0.1", port_of(printer), "00000000", trust))
        port = port_of(printer)
    with pytest.raises(PrinterUnreachable):
        await anext(pictures("127.0.0.1", port, "00000000", trust))


async def test_a_lease_brings_pictures_over_the_broker(world: World, broker: Broker) -> None:
    await world.services.fact(PrinterBedChanged)  # the node listens
    await world.printer.post("/faults", {"camera_fps": 5})
    printer_id = world.printer.printer_id
    node = world.services.node
    seen: list[bytes] = []

    async def see(message: Msg) -> None:
        seen.append(message.data)

    async with connected(broker, "api") as api:
        await api.subscribe(picture_subject(node, printer_id), cb=see)
        await api.publish(camera_subject(node), b"no lease")
        lease = CameraLease(printer_id=printer_id).model_dump_json().encode()
        await asyncio.gather(api.publish(camera_subject(node), lease), api.flush())

        async def has_two() -> bool:
            return len(seen) >= 2

        await eventually(has_two)
    assert all(picture.startswith(b"\xff\xd8\xff") for picture in seen)
    assert seen[0] != seen[1]
