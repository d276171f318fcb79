"""The broker stopped, wiped and back; printers that refuse; health and settings of the process."""

import shutil
from pathlib import Path

import aiohttp

from contracts import subjects
from contracts.commands import CommandKind
from contracts.envelope import NodeFact
from contracts.events import (
    CommandDone,
    JobCancelled,
    JobDone,
    JobProgress,
    PrinterOffline,
    RunStarted,
)
from contracts.telemetry import PrinterTelemetry
from deploy.local.engines.nats import run_nats
from deploy.local.process import free_port
from runtime.nats import connect_nats
from services.provision.keys import Keys
from tests.eventually import eventually
from tests.fixtures.nats import Broker
from tests.integration.edge.conftest import World, a_world
from tests.integration.edge.services import Services


def numbers(services: Services) -> list[int]:
    """Return the node_seq of the facts that arrived, sorted."""
    return sorted(
        fact.node_seq
        for fact in services.facts
        if isinstance(fact, NodeFact | JobCancelled) and fact.node_seq is not None
    )


def gapless(world: World) -> bool:
    """Tell whether every fact arrived, in whatever order."""
    sequence = numbers(world.services)
    return sequence == list(range(1, len(sequence) + 1))


class TestBroker:
    async def test_I12_a_print_goes_on_without_a_broker_and_every_fact_arrives(
        self, tmp_path: Path
    ) -> None:
        keys, port = Keys(tmp_path / "keys"), free_port()
        async with (
            run_nats(tmp_path / "nats", keys.trust(), port=port) as server,
            a_world(tmp_path, Broker(server, keys)) as world,
        ):
            await world.printer.post("/time", {"scale": 100})
            world.services.queue()
            await world.clear_bed()
            await world.services.fact(RunStarted)
            await server.process.stop()

            async def is_finished() -> bool:
                state = await world.printer.get("/state")
                return bool(state["gcode_state"] == "FINISH")

            await eventually(is_finished, within_s=30)
            async with run_nats(tmp_path / "nats", keys.trust(), port=port):
                await world.services.fact(JobDone, within_s=30)
                assert world.services.of(JobProgress)[-1].percent == 100
                assert gapless(world)
                await world.edge.stop()

    async def test_I18_a_wiped_broker_gets_every_unconfirmed_fact_again(
        self, tmp_path: Path
    ) -> None:
        keys, port = Keys(tmp_path / "keys"), free_port()
        async with (
            run_nats(tmp_path / "nats", keys.trust(), port=port) as server,
            a_world(tmp_path, Broker(server, keys)) as world,
        ):
            world.services.queue()
            await world.clear_bed()
            await world.services.fact(JobDone, within_s=40)
            node, told = world.services.node, len(world.services.facts)
            await server.process.stop()
        shutil.rmtree(tmp_path / "nats" / "js")
        async with run_nats(tmp_path / "nats", keys.trust(), port=port) as server:
            services = Services(node, world.services.files)
            services.watermarks = dict.fromkeys(world.services.watermarks, told // 2)
            async with services.running(Broker(server, keys)):
                await world.edge.start()

                async def has_all_above() -> bool:
                    return len(services.facts) >= told - told // 2

                await eventually(has_all_above, within_s=20)
                assert numbers(services)[0] == told // 2 + 1
                await world.edge.stop()


class TestProcess:
    async def test_ready_says_whether_the_link_is_up(self, tmp_path: Path, broker: Broker) -> None:
        port = free_port()
        async with (
            a_world(tmp_path, broker, LAYERLINE_HEALTH_PORT=str(port)),
            aiohttp.ClientSession() as http,
        ):

            async def is_ready() -> bool:
                try:
                    async with http.get(f"http://127.0.0.1:{port}/readyz") as response:
                        return response.status == 200
                except aiohttp.ClientError:
                    return False

            await eventually(is_ready, within_s=15)

    async def test_a_wrong_access_code_is_told_once_and_not_tried_in_a_loop(
        self, tmp_path: Path, broker: Broker
    ) -> None:
        async with a_world(tmp_path, broker, BAMBU_ACCESS_CODE="11111111") as world:
            offline = await world.services.fact(PrinterOffline)
            assert "access code" in offline.reason
            assert "11111111" not in (tmp_path / "edge" / "edge.log").read_text()

    async def test_trust_on_first_use_without_a_ca_file(
        self, tmp_path: Path, broker: Broker
    ) -> None:
        async with a_world(tmp_path, broker, BAMBU_CA_FILE="") as world:
            command = None

            async def has_bed() -> bool:
                return bool(world.services.facts)

            await eventually(has_bed, within_s=15)
            command = await world.services.command(
                CommandKind.LIGHT, world.printer.printer_id, value="off"
            )
            assert isinstance(await world.services.answer_to(command), CommandDone)
            assert (tmp_path / "edge" / "trust" / f"{world.printer.serial}.pem").exists()


async def test_telemetry_is_published_during_a_run(world: World, broker: Broker) -> None:
    got: list[PrinterTelemetry] = []
    creds = broker.keys.service_creds("api")
    api = await connect_nats(broker.url, creds, name="api", exit_when_closed=False)

    async def take(message) -> None:  # type: ignore[no-untyped-def]
        got.append(PrinterTelemetry.model_validate_json(message.data))

    subject = subjects.telemetry_subject(world.services.node, world.printer.printer_id)
    await api.subscribe(subject, cb=take)
    try:
        await world.printer.post("/time", {"scale": 60})
        world.services.queue()
        await world.clear_bed()
        run = await world.services.fact(RunStarted)

        async def is_told() -> bool:
            return any(t.run_id == run.run_id and t.nozzle_c is not None for t in got)

        await eventually(is_told, within_s=10)
    finally:
        await api.close()
