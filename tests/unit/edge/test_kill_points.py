"""A node that dies at each point where something lasts, beside printers of every mood (I5).

The node's parts are the real ones, on a real journal; what a kill takes away is taken away.
"""

import asyncio
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from contracts.events import JobDone
from edge.printer import PrinterState, Start
from tests.unit.edge.builders import fault
from tests.unit.edge.fakes import FAST
from tests.unit.edge.mortal import Behaviour, Plate, Story

S = PrinterState
AT_ONCE = 16
EVERY = 10
"""Of the points, in the first tier; the long one takes each."""
MANY = 1_000
TICK_S = 0.03
LATE_S = FAST.observe_s * 1.5


async def goes_well(printer: Plate, start: Start) -> None:
    """It prints, and says so."""
    printer.begin(start.sid)
    await _says(printer, start, S.PREPARE)
    for percent in (1, 50, 100):
        await _says(printer, start, S.RUNNING, percent=percent)
    await _says(printer, start, S.FINISH, percent=100)


async def parses_long(printer: Plate, start: Start) -> None:
    """Half of the time to observe goes by before anything is seen."""
    await asyncio.sleep(FAST.observe_s / 2)
    await goes_well(printer, start)


async def starts_too_late(printer: Plate, start: Start) -> None:
    """It is seen to start when nobody waits for it any more."""
    await asyncio.sleep(LATE_S)
    await goes_well(printer, start)


async def never_starts(printer: Plate, start: Start) -> None:
    """The message was lost."""


async def refuses(printer: Plate, start: Start) -> None:
    """It says no."""
    await asyncio.sleep(TICK_S)
    printer.refuse()


async def prints_in_silence(printer: Plate, start: Start) -> None:
    """It reports nothing but the end."""
    printer.begin(start.sid)
    await asyncio.sleep(TICK_S * 4)
    await _says(printer, start, S.FINISH, percent=100)


async def fails(printer: Plate, start: Start) -> None:
    """The print breaks."""
    printer.begin(start.sid)
    await _says(printer, start, S.RUNNING, percent=1)
    await _says(printer, start, S.FAILED, faults=(fault(0x0300_8004),))


async def pauses(printer: Plate, start: Start) -> None:
    """It stops in between and goes on."""
    printer.begin(start.sid)
    await _says(printer, start, S.RUNNING, percent=10)
    await _says(printer, start, S.PAUSE, percent=10)
    await _says(printer, start, S.RUNNING, percent=60)
    await _says(printer, start, S.FINISH, percent=100)


async def loses_its_session(printer: Plate, start: Start) -> None:
    """The connection breaks just after the order; the print goes on."""
    printer.begin(start.sid)
    printer.go()
    await asyncio.sleep(TICK_S * 2)
    printer.session += "+"
    await goes_on(printer, start)


async def goes_on(printer: Plate, start: Start) -> None:
    """A print that began before is seen again."""
    await _says(printer, start, S.RUNNING, percent=30)
    await _says(printer, start, S.FINISH, percent=100)


async def loses_power(printer: Plate, start: Start) -> None:
    """It prints, is off, and is back without a memory of it."""
    printer.begin(start.sid)
    await _says(printer, start, S.RUNNING, percent=5)
    printer.go()
    await asyncio.sleep(TICK_S)
    printer.session += "+"
    printer.say()


async def is_used_by_somebody_else(printer: Plate, start: Start) -> None:
    """Our order is lost, and somebody prints at the screen."""
    await asyncio.sleep(TICK_S)
    if printer.is_full:
        return
    printer.is_full = True
    theirs = {"subtask_name": "vase", "subtask_id": "5"}
    for state, percent in ((S.RUNNING, 1), (S.RUNNING, 80), (S.FINISH, 100)):
        printer.say(state, percent=percent, **theirs)
        await asyncio.sleep(TICK_S)


async def has_no_ears(printer: Plate, start: Start) -> None:
    """It prints, and what it says is one print behind."""
    printer.begin(start.sid)
    for state in (S.PREPARE, S.RUNNING, S.FINISH):
        printer.say(state, subtask_name="the one before", subtask_id="3", percent=0)
        await asyncio.sleep(TICK_S)
    await _says(printer, start, S.FINISH, percent=100)


BEHAVIOURS: tuple[Behaviour, ...] = (
    *(goes_well, parses_long, starts_too_late, never_starts, refuses, prints_in_silence),
    *(fails, pauses, loses_its_session, loses_power, is_used_by_somebody_else, has_no_ears),
)


async def _says(printer: Plate, start: Start, state: PrinterState, **changes: object) -> None:
    printer.say_of(start.sid, state, **changes)
    await asyncio.sleep(TICK_S)


async def tell(folder: Path, behave: Behaviour, *deaths: int) -> int:
    """Have a story come to its end, and judge it; return how many points its first life has."""
    story = Story(folder, behave)
    points = await story.run(*deaths)
    printer = story.printer
    what = f"{behave.__name__}, dead at {deaths}: began {printer.begun}, ended {story.end}"
    orders = [start.sid for start in printer.starts]
    assert len(orders) == len(set(orders)), what
    assert printer.begun.total() <= 1, what
    assert printer.collisions == 0, what
    assert not isinstance(story.end, JobDone) or printer.begun.total() == 1, what
    return points


async def tell_all(folder: Path, stories: Iterable[tuple[Behaviour, tuple[int, ...]]]) -> list[int]:
    """Tell many stories, some at once."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, behave: Behaviour, deaths: tuple[int, ...]) -> int:
        async with turn:
            return await tell(folder / str(number), behave, *deaths)

    async with asyncio.TaskGroup() as group:
        told = [
            group.create_task(one(number, behave, deaths))
            for number, (behave, deaths) in enumerate(stories)
        ]
    return [task.result() for task in told]


async def points_of_all(folder: Path) -> dict[Behaviour, int]:
    """Return how many points a life without deaths has, beside each printer."""
    counts = await tell_all(folder, [(behave, ()) for behave in BEHAVIOURS])
    return dict(zip(BEHAVIOURS, counts, strict=True))


async def test_I5_dead_at_any_point_it_starts_nothing_twice(tmp_path: Path) -> None:
    points = await points_of_all(tmp_path / "undisturbed")
    assert min(points.values()) > 2 * EVERY, points
    stories = [
        (behave, (nth,))
        for shift, (behave, count) in enumerate(points.items())
        for nth in range(1 + shift % EVERY, count + 1, EVERY)
    ]
    await tell_all(tmp_path, stories)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_I5_dead_at_every_point_and_in_two_lives_it_starts_nothing_twice(
    tmp_path: Path,
) -> None:
    dice = random.Random(5)
    points = await points_of_all(tmp_path / "undisturbed")
    stories: list[tuple[Behaviour, tuple[int, ...]]] = [
        (behave, (nth,)) for behave, count in points.items() for nth in range(1, count + 1)
    ]
    while len(stories) < MANY:
        behave = dice.choice(BEHAVIOURS)
        deaths = tuple(dice.randint(1, points[behave]) for _ in range(2))
        stories.append((behave, deaths))
    await tell_all(tmp_path, stories)
