"""What can go wrong, one function each: it strikes, holds for a while, and is over when it returns.

Each gets the moment and all else from the trial's own random numbers, and returns when it killed
something (the machine's monotonic clock).
"""

import asyncio
import contextlib
import random
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import psutil

from tests.chaos import messages
from tests.chaos.arming import Arm
from tests.chaos.labels import Label
from tests.chaos.people import new_file
from tests.chaos.proxies import Link, Weather
from tests.chaos.script import AT_WORK
from tests.chaos.world import (
    DISKS,
    ENGINES,
    NODE,
    OURS,
    PRINTER,
    PRINTER_SPEED,
    CannotRun,
    Handle,
    Json,
    World,
)
from tests.eventually import eventually

UP_WITHIN_S = 30.0
COME_BY_S = 10.0
AGAIN_S = 2.0
"""How long a process has for its label; both are longer on a busy machine."""
FILL_CHUNK = 256 * 1024
PRINTER_PATIENCE_S = 4.0
"""Below the time in which a start must be seen: what is sent later than that is no start."""
OFFLINE_S = 8.0
OFFLINE_SPEED = 1800.0
"""Eight seconds at this speed are four hours at the printer."""
HOUR_S, DAY_S = 3600, 86_400

KILLABLE = (*OURS, *ENGINES, PRINTER)
Chance = random.Random
Strike = Callable[[World, Chance], Awaitable[list[float]]]


async def kill(name: str, world: World, _: Chance) -> list[float]:
    """SIGKILL."""
    handle = await _up(world, name)
    handle_pid = handle.process.pid
    handle.kill()
    killed_at = time.monotonic()

    async def is_back() -> bool:
        found = world.find(name)
        return found is not None and found.process.pid != handle_pid

    await eventually(is_back, within_s=UP_WITHIN_S, every_s=0.05)
    return [killed_at]


async def pause(name: str, world: World, chance: Chance) -> list[float]:
    """SIGSTOP, and on again."""
    handle = await _up(world, name)
    with contextlib.suppress(psutil.NoSuchProcess):  # something else has killed it
        handle.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(chance.uniform(0.5, 6.0))
        handle.process.send_signal(signal.SIGCONT)
    return []


async def weather(kind: Weather, world: World, chance: Chance) -> list[float]:
    """A link is half-open, dead, one-way, slow or down for a while."""
    link = _any_link(world, chance)
    longest_s = PRINTER_PATIENCE_S if link.name.endswith(("mqtt", "ftps")) else 6.0
    link.set(kind)
    await asyncio.sleep(chance.uniform(0.5, longest_s))
    link.set(Weather.FAIR)
    return []


async def reset(world: World, chance: Chance) -> list[float]:
    """All connections of a process get RST."""
    name = chance.choice(OURS)
    for (process, _), link in world.links.items():
        if process == name:
            link.reset()
    return []


async def cut_in_mid_frame(world: World, chance: Chance) -> list[float]:
    """A link breaks in the middle of what it carries, several times."""
    link = _any_link(world, chance)
    for _ in range(chance.randint(1, 4)):
        link.cut_in_mid_frame()
        await asyncio.sleep(chance.uniform(0.1, 0.8))
    return []


async def flap(world: World, chance: Chance) -> list[float]:
    """A link goes down and comes up, again and again."""
    link = _any_link(world, chance)
    for _ in range(20):
        link.set(Weather.DOWN)
        await asyncio.sleep(chance.uniform(0.02, 0.1))
        link.set(Weather.FAIR)
        await asyncio.sleep(chance.uniform(0.02, 0.2))
    return []


async def offline_for_hours(world: World, _: Chance) -> list[float]:
    """The node has no broker while the printer goes on for four hours."""
    link = world.links[NODE, "nats"]
    link.set(Weather.DOWN)
    await world.do("/time", {"scale": OFFLINE_SPEED})
    await asyncio.sleep(OFFLINE_S)
    await world.do("/time", {"scale": PRINTER_SPEED})
    link.set(Weather.FAIR)
    return []


async def wipe_broker(world: World, _: Chance) -> list[float]:
    """The broker dies and all that it had stored is gone."""
    handle = await _up(world, "nats")
    handle.kill()
    killed_at = time.monotonic()
    shutil.rmtree(world.data / "nats" / "js", ignore_errors=True)
    return [killed_at]


async def lose_journal(world: World, _: Chance) -> list[float]:
    """The node dies and its journal is gone, with the facts that it had not told."""
    handle = await _up(world, NODE)
    handle.kill()
    killed_at = time.monotonic()
    for path in (world.data / "nodes" / NODE).glob("journal.db*"):
        path.unlink(missing_ok=True)
    return [killed_at]


async def fill_disk(disk: str, world: World, chance: Chance) -> list[float]:
    """A disk takes nothing any more for a while."""
    ballast = world.ballast(disk)
    until = time.monotonic() + chance.uniform(1.0, 4.0)
    with ballast.open("wb", buffering=0) as file:
        while time.monotonic() < until:
            try:
                file.write(b"\0" * FILL_CHUNK)
            except OSError:
                await asyncio.sleep(0.05)
    ballast.unlink()
    return []


async def jump_clock(world: World, chance: Chance) -> list[float]:
    """The node's wall clock is an hour or a day off, or in 1970, and then right again."""
    shifts = (HOUR_S, -HOUR_S, DAY_S, -DAY_S, -int(time.time()))
    for _ in range(3):
        world.shift_clock(chance.choice(shifts))
        await asyncio.sleep(chance.uniform(0.3, 1.5))
    world.shift_clock(0)
    return []


async def cut_power(world: World, _: Chance) -> list[float]:
    """The printer's plug is pulled and put back."""
    await world.do("/power/cycle")
    return []


async def print_at_screen(world: World, chance: Chance) -> list[float]:
    """Somebody takes the part off, and prints something of their own at the printer's screen."""
    if (await world.printer("/state"))["gcode_state"] in AT_WORK:
        return []  # the screen offers no start now
    name = f"/foreign-{chance.randrange(10**6)}.gcode.3mf"
    card = next((world.data / "printers").glob("*/sd"))
    await asyncio.to_thread((card / name[1:]).write_bytes, new_file(0))
    await world.do("/plate/clear")
    await world.do("/screen/start", {"path": name})
    return []


async def misbehave(switches: Json, world: World, chance: Chance) -> list[float]:
    """The printer has one of its moods for a while."""
    await world.do("/faults", switches)
    await asyncio.sleep(chance.uniform(3.0, 8.0))
    return []


async def die_at(label: Label, lives: int, also: str, world: World, chance: Chance) -> list[float]:
    """A process dies at a label; perhaps in its next life too, perhaps something else with it."""
    name = NODE if label.process == "edge" else label.process
    files = world.files[name]
    before = len(files.deaths())
    files.arm(Arm(label.name, lives=lives))

    async def is_over(count: int) -> bool:
        return len(files.deaths()) >= before + count or not files.is_armed

    with contextlib.suppress(AssertionError):
        await eventually(partial(is_over, 1), within_s=COME_BY_S, every_s=0.05)
        if lives > 1 and len(files.deaths()) > before:
            await eventually(partial(is_over, lives), within_s=AGAIN_S, every_s=0.05)
    files.arm(None)  # what was not come by is tried again in another trial
    deaths = [death.at_s for death in files.deaths()[before:]]
    if deaths and len(deaths) < lives:
        # The next life has no way past the label: it ends as it stands there.
        deaths += await kill(name, world, chance)
    if also == "broker" and deaths:
        deaths += await kill("nats", world, chance)
    if also == "printer" and deaths:
        await world.do("/connections/drop")
    return deaths


MOODS: Mapping[str, Json] = {
    "ignores_start": {"ignore_start": True},
    "stalls": {"reports_stall": True},
    "half_dead": {"half_dead": True},
    "no_echo": {"echo_is_lost": True},
    "doubles_reports": {"report_is_doubled": True},
    "swaps_reports": {"reports_are_swapped": True},
    "disconnects": {"disconnect_every_s": 60.0},
    "hangs": {"hang_in_prepare": True},
    "fails": {"fail_at_percent": 40},
    "pauses": {"pause_at_percent": 30},
    "card_full": {"storage": "full"},
    "cuts_upload": {"upload_cut_at_bytes": 2000},
    "refuses": {"refuse_commands": True},
    "slow_to_start": {"start_delay_s": 240.0},
    "ghosts": {"ghost_print": True},
}


def faults(*, has_disks: bool) -> dict[str, Strike]:
    """Return every fault by its name, those at labels apart.

    has_disks: whether there are small disks to be filled up.
    """
    strikes: dict[str, Strike] = {
        "reset": reset,
        "cut_in_mid_frame": cut_in_mid_frame,
        "flap": flap,
        "offline_for_hours": offline_for_hours,
        "wipe_broker": wipe_broker,
        "lose_journal": lose_journal,
        "delete_consumer": messages.delete_consumer,
        "tell_facts_again": messages.tell_facts_again,
        "send_old_messages": messages.send_old_messages,
        "say_clear_too_late": messages.say_clear_too_late,
        "jump_clock": jump_clock,
        "cut_power": cut_power,
        "print_at_screen": print_at_screen,
    }
    for name in KILLABLE:
        strikes[f"kill_{name}"] = partial(kill, name)
    for name in (*OURS, *ENGINES):
        strikes[f"pause_{name}"] = partial(pause, name)
    for kind in Weather:
        if kind is not Weather.FAIR:
            strikes[f"link_{kind.value}"] = partial(weather, kind)
    for disk in DISKS if has_disks else ():
        strikes[f"full_{disk}"] = partial(fill_disk, disk)
    for mood, switches in MOODS.items():
        strikes[f"printer_{mood}"] = partial(misbehave, switches)
    return strikes


def _any_link(world: World, chance: Chance) -> Link:
    return chance.choice(list(world.links.values()))


async def _up(world: World, name: str) -> Handle:
    """Return a process once it runs: an earlier fault may have just ended it."""

    async def found() -> Handle | None:
        return world.find(name)

    handle = await eventually(found, within_s=UP_WITHIN_S, every_s=0.05)
    if handle is None:
        raise CannotRun(f"{name} does not run")
    return handle
