"""How long after a kill something new at the printer is seen by people again."""

import time

import httpx

from tests.chaos.people import Person
from tests.chaos.world import World
from tests.eventually import eventually

LOOK_EVERY_S = 0.1
SAY_EVERY_S = 0.5
WITHIN_S = 40.0
TRAY = 3
"""Its spool is changed; no trial prints from it."""


class Beacon:
    """Puts spools of ever new colours into the printer until the API shows one of them."""

    _count = 0

    def __init__(self, world: World, person: Person) -> None:
        self._world, self._person = world, person
        self._said: set[str] = set()
        self._said_at_s = 0.0

    async def shown_at(self) -> float:
        """Return when the API showed a colour that was put in after the call."""
        await eventually(self._is_shown, within_s=WITHIN_S, every_s=LOOK_EVERY_S)
        return time.monotonic()

    async def _is_shown(self) -> bool:
        if time.monotonic() - self._said_at_s > SAY_EVERY_S:
            await self._say()
        printers = await self._person.look("/api/printers")
        if not printers or printers[0]["loaded"] is None:
            return False
        colours = {filament["color"][:7] for filament in printers[0]["loaded"]["filaments"]}
        return bool(colours & self._said)

    async def _say(self) -> None:
        Beacon._count += 1
        colour = f"{Beacon._count:06X}"
        try:
            await self._world.do(
                "/filament/load", {"tray": TRAY, "type": "PLA", "color": f"{colour}FF"}
            )
        except httpx.HTTPError:
            return  # the printer itself is away
        self._said.add(f"#{colour}")
        self._said_at_s = time.monotonic()
