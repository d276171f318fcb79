"""The node killed at random moments: no job starts twice, none is lost silently."""

import asyncio
import os
import random
import signal

import pytest

from contracts.commands import CommandKind
from contracts.events import (
    JobCancelled,
    JobDone,
    JobFailed,
    PrinterBedChanged,
    RunAttention,
    RunReleased,
)
from contracts.lifecycle import Resolution
from tests.eventually import eventually
from tests.integration.edge.conftest import World

KILLS = int(os.environ.get("KILLS", "8"))
End = JobDone | JobFailed | JobCancelled | RunReleased | RunAttention


@pytest.mark.long
@pytest.mark.timeout(60 + 25 * KILLS)
async def test_I5_random_kills_never_start_a_job_twice(world: World) -> None:
    seed = int(os.environ.get("SEED", "20260301"))
    dice = random.Random(seed)
    offered: set[object] = set()
    for _ in range(KILLS):
        await make_ready(world)
        world.services.queue()
        await world.clear_bed()
        await pause(dice.uniform(0.0, 2.0))
        await world.edge.stop(signal.SIGKILL)
        await world.edge.start()
        run_id = await offered_run(world, offered)
        offered.add(run_id)
        end = await ended(world, run_id)
        if isinstance(end, RunAttention):
            await resolve(world, end)
        counters = await world.printer.get("/counters")
        assert all(n <= 1 for n in counters["starts_by_name"].values()), (seed, counters)
        assert counters["collisions"] == 0, seed


async def make_ready(world: World) -> None:
    """Wait until the printer has ended what it did, and the bed's last word has arrived."""

    async def is_free() -> bool:
        state = await world.printer.get("/state")
        return state["gcode_state"] in {"IDLE", "FINISH", "FAILED"}

    await eventually(is_free, within_s=30)
    await world.services.fact(PrinterBedChanged)


async def offered_run(world: World, before: set[object]) -> object:
    """Wait for a run that was not there before."""

    async def look() -> object:
        offers = [offer.run_id for offer in world.services.offers.values()]
        return next((run_id for run_id in offers if run_id not in before), None)

    return await eventually(look, within_s=30)


async def ended(world: World, run_id: object) -> End:
    """Wait for the run's end."""

    async def look() -> End | None:
        facts = [fact for fact in world.services.facts if isinstance(fact, End)]
        return next((fact for fact in facts if fact.run_id == run_id), None)

    end = await eventually(look, within_s=40)
    assert end is not None
    return end


async def resolve(world: World, attention: RunAttention) -> None:
    """Say, as a person would, that it came to nothing."""
    await make_ready(world)
    command = await world.services.command(
        CommandKind.RESOLVE,
        world.printer.printer_id,
        run_id=attention.run_id,
        value=Resolution.FAILED.value,
    )
    await world.services.answer_to(command)


async def pause(seconds: float) -> None:
    """Let the node work for a while: the moment of the kill is what is tried."""

    await asyncio.sleep(seconds)
