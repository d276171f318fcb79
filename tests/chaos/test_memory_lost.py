"""The broker or the node forgets everything, at any moment: nothing is lost or done twice."""

import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from contracts.lifecycle import RunState
from tests.chaos.faults import Chance, lose_journal, wipe_broker
from tests.chaos.script import Wishes
from tests.chaos.test_stopped import PLAIN, has_run_in
from tests.chaos.trials import Chosen, Tally, Trials
from tests.chaos.world import World, running_world
from tests.eventually import eventually

TIMES = int(os.environ.get("TIMES", "4"))
LATEST_S = 6.0
"""A trial's print is over by then, mostly."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(240 + 60 * TIMES)]


@pytest.mark.parametrize("forget", [wipe_broker, lose_journal])
async def test_I18_I22_gone_at_any_moment(
    folder: Path, forget: Callable[[World, Chance], Awaitable[list[float]]]
) -> None:
    dice, tally = random.Random(18), Tally()
    async with running_world(folder) as world:
        trials = Trials(world, dice, tally, folder / "trace.jsonl")
        await trials.begin()
        for _ in range(TIMES):
            moment_s = dice.uniform(0.0, LATEST_S)
            await trials.run(Chosen(forget.__name__, forget, moment_s), PLAIN)
        await trials.end()
    assert tally.findings == []
    assert tally.kills == TIMES


async def test_I22_journal_lost_in_mid_print_is_seen_and_the_print_is_the_only_one(
    folder: Path,
) -> None:
    """Whoever looks finds it printing, and is not asked to wait for a day."""

    async def forget_in_mid_print(world: World, chance: Chance) -> list[float]:
        async def prints() -> bool:
            return await has_run_in(world, RunState.PRINTING)

        async def needs_a_person() -> bool:
            return await has_run_in(world, RunState.ATTENTION)

        await eventually(prints, within_s=60, every_s=0.05)
        killed = await lose_journal(world, chance)
        await eventually(needs_a_person, within_s=60, every_s=0.05)
        return killed

    tally = Tally()
    wishes = Wishes(uploads=False, copies=2, cancel_after_s=None, pauses=False)
    async with running_world(folder) as world:
        trials = Trials(world, random.Random(22), tally, folder / "trace.jsonl")
        await trials.begin()
        await trials.run(Chosen("journal lost in mid-print", forget_in_mid_print, 0.0), wishes)
        await trials.end()
    assert tally.findings == []
