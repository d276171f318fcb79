"""A few trials on the whole stack; `make chaos` does many, with disks that fill up too."""

import random
from functools import partial
from pathlib import Path

import pytest

from tests.chaos.faults import die_at, kill
from tests.chaos.labels import LABELS
from tests.chaos.script import Wishes
from tests.chaos.trials import Chosen, Tally, Trials
from tests.chaos.world import NODE, running_world

WITHIN_S = 300
PLAIN = Wishes(uploads=False, copies=1, cancel_after_s=None, pauses=False)
AT = (
    ("edge", "edge.journal.runs:RunTable.intend:after"),
    ("projector", "services.projector.event_log:insert:after"),
)


@pytest.mark.timeout(WITHIN_S)
async def test_nothing_is_lost_and_nothing_printed_twice(folder: Path) -> None:
    labels = [found for found in LABELS if (found.process, found.name) in AT]
    chosen = [
        *(Chosen(label.name, partial(die_at, label, 1, "nothing"), 0.0) for label in labels),
        Chosen("kill the broker", partial(kill, "nats"), 0.5),
        Chosen("kill the node", partial(kill, NODE), 0.8),
    ]
    tally = Tally()
    async with running_world(folder) as world:
        trials = Trials(world, random.Random(1), tally, folder / "trace.jsonl")
        await trials.begin()
        for misfortune in chosen:
            await trials.run(misfortune, PLAIN)
        await trials.end()
    assert tally.findings == []
    assert tally.kills == len(chosen)
