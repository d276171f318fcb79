"""A run from the bell to the end, on a real broker and a printer on real sockets."""

from contracts.events import (
    JobDone,
    JobProgress,
    PrinterAnnounced,
    PrinterBedChanged,
    RunStarted,
)
from contracts.lifecycle import BedState
from tests.eventually import eventually
from tests.integration.edge.conftest import World


async def test_a_job_is_claimed_printed_and_done(world: World) -> None:
    services = world.services
    announced = await services.fact(PrinterAnnounced)
    assert announced.serial == world.printer.serial
    assert announced.loaded.model == "C12"
    assert (await services.fact(PrinterBedChanged)).bed is BedState.UNKNOWN
    services.queue()
    await world.clear_bed()

    done = await services.fact(JobDone, within_s=40)

    assert done.duration_s is not None
    types = services.types(done.run_id)
    assert [t for t in types if t != "job.progress"] == [
        "run.transferring",
        "run.starting",
        "run.started",
        "job.done",
    ]
    percents = [fact.percent for fact in services.of(JobProgress)]
    assert percents == sorted(set(percents))
    assert percents[-1] == 100
    sequence = [fact.node_seq for fact in services.facts]  # type: ignore[union-attr]
    assert sequence == list(range(1, len(sequence) + 1))
    assert await world.printer.starts() == 1
    assert (await world.printer.get("/counters"))["collisions"] == 0
    assert services.bed().bed is BedState.OCCUPIED
    assert services.bed().by_run == done.run_id

    async def card_is_clean() -> bool:
        files = (await world.printer.get("/card"))["files"]
        return not any("layerline-" in str(name) for name in files)

    await eventually(card_is_clean, within_s=10)


async def test_a_bell_wakes_a_ready_printer(world: World) -> None:
    services = world.services
    await world.clear_bed()

    async def has_asked() -> bool:
        return len(services.claims) == 1

    await eventually(has_asked)
    services.queue()
    await services.ring()

    await services.fact(RunStarted, within_s=30)
    assert len(services.claims) == 2
