"""The oracle sees what goes wrong: without one mechanism of the product a named check is red.

The mechanisms are taken out by the same launcher that kills at labels, in a process of the real
stack; then a trial is played that makes the mechanism count.
"""

import contextlib
import hashlib
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local.state import read_settings
from runtime.settings import StorageSettings
from services.storage.bucket import blob_key, open_bucket
from tests.chaos.conftest import a_folder
from tests.chaos.faults import Chance, Strike, die_at
from tests.chaos.labels import LABELS
from tests.chaos.messages import say_clear_too_late
from tests.chaos.mutants import BAD_LUCK, MUTANTS
from tests.chaos.oracle import Finding
from tests.chaos.people import new_file
from tests.chaos.script import Wishes
from tests.chaos.trials import Chosen, Patience, Tally, Trials
from tests.chaos.world import NODE, World, running_world
from tests.eventually import eventually

WITHIN_S = 300
HANGS_S = 3.0
PATIENCE = Patience(end_s=15.0, settle_s=5.0)
CONTROL = Patience()
SPOILED = 100
"""The number of the file that is changed behind everybody's back."""
PLAIN = Wishes(uploads=False, copies=1, cancel_after_s=None, pauses=False)
TWO = Wishes(uploads=False, copies=2, cancel_after_s=None, pauses=False)
UNTENDED = Wishes(uploads=False, copies=1, cancel_after_s=None, pauses=False, tends_after_s=12.0)
TWO_UNTENDED = Wishes(
    uploads=False, copies=2, cancel_after_s=None, pauses=False, tends_after_s=12.0
)
CANCEL = Wishes(
    uploads=False,
    copies=1,
    cancel_after_s=0.0,
    pauses=False,
    cancels_run=True,
    cancel_must_work=True,
)


async def nothing(_: World, __: Chance) -> list[float]:
    """Nothing goes wrong but what is missing."""
    return []


def dying_at(process: str, name: str) -> Strike:
    """Return a death at a label."""
    label = next(found for found in LABELS if (found.process, found.name) == (process, name))
    return partial(die_at, label, 1, "nothing")


async def hang(world: World, _: Chance) -> list[float]:
    """The printer hangs before its print until somebody stops it."""
    await world.do("/faults", {"hang_in_prepare": True})

    async def hangs() -> bool:
        return bool((await world.printer("/state"))["gcode_state"] == "PREPARE")

    async def is_stopped() -> bool:
        return not await hangs()

    await eventually(hangs, within_s=30)
    with contextlib.suppress(AssertionError):
        await eventually(is_stopped, within_s=HANGS_S)
    return []


async def take_no_start(world: World, _: Chance) -> list[float]:
    """The printer only echoes a start, until somebody says what became of it."""
    await world.do("/faults", {"ignore_start": True})
    connection = await world.connect()
    try:
        before = await connection.fetchval(_ENDS_OF_STARTS)

        async def is_told() -> bool:
            return bool(await connection.fetchval(_ENDS_OF_STARTS) > before)

        await eventually(is_told, within_s=30)
    finally:
        await connection.close()
    return []


_ENDS_OF_STARTS = """
SELECT count(*) FROM event_log WHERE type IN ('run.started', 'run.attention')
"""
Red = dict[str, str]
"""Names of checks; what the finding says of it, in part."""


@dataclass(frozen=True)
class Case:
    """A mechanism, the process that lacks it, what makes it count, and what must turn red."""

    mutant: str
    process: str
    red: Red
    strike: Strike = nothing
    wishes: Wishes = PLAIN
    is_spoiled: bool = False
    is_on_full_plate: bool = False
    """Something lies on the plate before the trial begins."""
    repeats: bool = False
    """Every request is sent twice."""

    @property
    def luck(self) -> tuple[str, ...]:
        """What its process suffers besides."""
        return BAD_LUCK if self.process == NODE else ()


DOUBLE: Red = {"double_starts": "started", "collisions": "occupied plate"}
TRIES = 4
"""Trials that a mechanism's absence may take to be noticed: moments and orders are luck."""
NOT_TOLD: Red = {"lost": "not in the log", "unsettled": "not in the log"}
SEND = "edge.bambu.printer:BambuPrinter.send:after"
MARK = "services.relay.outbox:mark_published:after"
INSERT = "services.projector.event_log:insert:after"
CASES = (
    Case("start_before_intent", NODE, DOUBLE, dying_at("edge", SEND)),
    Case("send_start_again", NODE, DOUBLE, dying_at("edge", SEND)),
    Case("take_echo_for_start", NODE, {"false_starts": "run.started"}, take_no_start),
    Case("start_on_any_bed", NODE, {"collisions": "occupied plate"}, wishes=TWO_UNTENDED),
    Case(
        "ignore_bed_number",
        NODE,
        {"collisions": "occupied plate"},
        say_clear_too_late,
        UNTENDED,
        is_on_full_plate=True,
    ),
    Case("leave_files", NODE, {"leftovers": "left on the card"}),
    Case("say_cancelled_at_once", NODE, {"lies": "cancelled and prints"}, hang, CANCEL),
    Case("take_any_bytes", NODE, {"wrong_bytes": "nobody approved"}, is_spoiled=True),
    Case("forget_requests", "api", {"lost": "nobody was told"}, repeats=True),
    Case("mark_before_puback", "relay", NOT_TOLD, dying_at("relay", MARK)),
    Case("ack_before_commit", "projector", NOT_TOLD, dying_at("projector", INSERT)),
    Case(
        "fold_out_of_order",
        "projector",
        {"replay_mismatches": "rebuilt", "dead_letters": "edge."},
    ),
)


def test_every_mechanism_that_can_be_taken_out_is_tried() -> None:
    assert {case.mutant for case in CASES} == set(MUTANTS) - set(BAD_LUCK)
    assert len(CASES) >= 12


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Yield a folder that the user of Postgres can reach."""
    with a_folder() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(folder: Path) -> AsyncIterator[World]:
    """One stack for all: a mechanism comes back with the next process."""
    async with running_world(folder) as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trials(world: World, folder: Path) -> AsyncIterator[Trials]:
    trials = Trials(world, random.Random(1), Tally(), folder / "trace.jsonl", CONTROL)
    await trials.begin()
    yield trials
    await trials.end()


@pytest.mark.harness
@pytest.mark.timeout(WITHIN_S)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.mutant)
async def test_without_it_a_named_check_is_red(case: Case, world: World, trials: Trials) -> None:
    trials.patience = PATIENCE
    await world.replace(case.process, case.mutant, *case.luck)
    found: list[Finding] = []
    try:
        for _ in range(TRIES):
            found += await _played(world, trials, case)
            if _is_caught(case, found):
                break
    finally:
        await world.replace(case.process, *case.luck)
        await _tidy(world)
    assert _is_caught(case, found), found


def _is_caught(case: Case, found: list[Finding]) -> bool:
    return any(
        finding.check in case.red and case.red[finding.check] in finding.text for finding in found
    )


async def _tidy(world: World) -> None:
    """Wait no longer for what can't come any more: a lost command, a lost event."""
    connection = await world.connect()
    try:
        await connection.execute(
            "UPDATE command SET answered_at = now(), answer = 'refused' WHERE answered_at IS NULL"
        )
        await connection.execute(
            "DELETE FROM outbox WHERE published_at IS NOT NULL AND subject NOT LIKE 'command.%' "
            "AND NOT EXISTS (SELECT 1 FROM event_log WHERE event_id = outbox.id)"
        )
    finally:
        await connection.close()


async def _played(world: World, trials: Trials, case: Case) -> list[Finding]:
    """Return what is found after a trial that makes the mechanism count."""
    if case.is_on_full_plate:
        await trials.run(Chosen("fill the plate", nothing, 0.0), PLAIN)
    trials.is_spoiled, trials.repeats_all = case.is_spoiled, case.repeats
    if case.is_spoiled:
        await trials.use(new_file(SPOILED))
        await _spoil(world, new_file(SPOILED))
    findings = await trials.run(Chosen(case.mutant, case.strike, 0.0), case.wishes)
    trials.is_spoiled = trials.repeats_all = False
    if case.is_spoiled:
        await trials.use(new_file(0))
    return findings


async def _spoil(world: World, approved: bytes) -> None:
    """Put other bytes of the same length in the place of the approved ones."""
    others = (new_file(number) for number in range(SPOILED + 1, 1000))
    other = next(content for content in others if len(content) == len(approved))
    async with open_bucket(_storage(world)) as bucket:
        key = blob_key(hashlib.sha256(approved).hexdigest())
        await bucket.put(key, other, "application/octet-stream")


def _storage(world: World) -> StorageSettings:
    """Return how a service reaches the bucket."""
    prefix = "LAYERLINE_S3_"
    found = {
        name.removeprefix("LAYERLINE_").lower(): value
        for name, value in read_settings(world.data).items()
        if name.startswith(prefix)
    }
    return StorageSettings.model_validate(found)
