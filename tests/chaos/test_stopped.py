"""Processes that stand still for twice a deadline: no state waits for ever."""

import asyncio
import contextlib
import random
import signal
from functools import partial
from pathlib import Path

import psutil
import pytest

from contracts.lifecycle import RunState
from services.projector.projection import Waits
from tests.chaos.faults import Chance
from tests.chaos.script import Wishes
from tests.chaos.trials import Chosen, Tally, Trials
from tests.chaos.world import NODE, TIME_SCALE, World, running_world
from tests.eventually import eventually

WITHIN_S = 600
START_DELAY_S = 360.0
"""Three seconds at the simulated printer's speed: time enough to be met in the middle."""
STOPPED_S = 2 * Waits().scaled(TIME_SCALE).starting_s
PLAIN = Wishes(uploads=False, copies=1, cancel_after_s=None, pauses=False)


async def stand_still(name: str, world: World, _: Chance) -> list[float]:
    """A process stands still while a start is under way, for twice the time that one may take.

    Whoever keeps the processes up may lose patience with it, and start another one.
    """
    await world.do("/faults", {"start_delay_s": START_DELAY_S})
    await eventually(partial(has_run_in, world, RunState.STARTING), within_s=60, every_s=0.05)
    handle = world.find(name)
    assert handle is not None
    handle.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(STOPPED_S)  # the time is what is tried
    with contextlib.suppress(psutil.NoSuchProcess):
        handle.process.send_signal(signal.SIGCONT)
    return []


async def has_run_in(world: World, state: RunState) -> bool:
    """Tell whether the projection has a run in this state."""
    connection = await world.connect()
    try:
        query = "SELECT count(*) FROM run WHERE state = $1"
        return bool(await connection.fetchval(query, state.value))
    finally:
        await connection.close()


@pytest.mark.long
@pytest.mark.timeout(WITHIN_S)
async def test_I20_node_projector_and_broker_stopped_for_twice_a_deadline(folder: Path) -> None:
    tally = Tally()
    async with running_world(folder) as world:
        trials = Trials(world, random.Random(1), tally, folder / "trace.jsonl")
        await trials.begin()
        for name in (NODE, "projector", "nats"):
            await trials.run(Chosen(f"{name} stands still", partial(stand_still, name), 0.0), PLAIN)
        await trials.end()
    assert tally.findings == []
