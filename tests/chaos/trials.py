"""Trials on one running stack: a job script, something that breaks, the oracle's word."""

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from services.projector.writing import AWAY as DATABASE_AWAY
from tests.chaos.faults import KILLABLE, Strike, die_at, faults, kill
from tests.chaos.labels import LABELS, Label, Needs
from tests.chaos.messages import AWAY
from tests.chaos.oracle import Accepted, Finding, Oracle
from tests.chaos.people import Person, meet, new_file
from tests.chaos.recovery import Beacon
from tests.chaos.script import Play, Wishes
from tests.chaos.world import World
from tests.eventually import eventually

LABEL_TRIES = 4
FAULT_SHARE = 0.3
"""Of the trials of a round: the others kill at labels."""
REPEATED_SHARE = 0.1
"""Of the requests: sent twice, with one Idempotency-Key."""
LATEST_S = 3.0
"""A fault strikes within this time of the trial's begin."""
_ALSO = ("nothing",) * 8 + ("broker", "printer")


@dataclass(frozen=True)
class Patience:
    """How long a trial waits for what must come, before it says that it does not."""

    end_s: float = 60.0
    settle_s: float = 60.0


@dataclass(frozen=True)
class Chosen:
    """What goes wrong in a trial."""

    name: str
    strike: Strike
    after_s: float
    needs: Needs = Needs.NOTHING
    label: Label | None = None


@dataclass
class Tally:
    """What came of all trials."""

    trials: int = 0
    kills: int = 0
    recoveries: list[float] = field(default_factory=list)
    red: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    @property
    def p95_s(self) -> float:
        """The recovery time that 95 of 100 kills keep."""
        ordered = sorted(self.recoveries) or [0.0]
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


class Menu:
    """Draws what goes wrong: each label in a random order, every fault in between."""

    def __init__(
        self, chance: random.Random, only: tuple[str, ...] = ("",), *, has_disks: bool
    ) -> None:
        self._chance = chance
        self._tries: Counter[str] = Counter()
        self._all_labels = [
            label for label in LABELS if _is_in(only, f"{label.process} {label.name}")
        ]
        self._labels: list[Label] = []
        self._faults: list[str] = []
        all_faults = faults(has_disks=has_disks)
        self._strikes = {name: strike for name, strike in all_faults.items() if _is_in(only, name)}
        self.rounds = 0

    def draw(self) -> Chosen:
        """Return the next trial's misfortune."""
        is_fault = self._chance.random() < FAULT_SHARE or not self._all_labels
        if is_fault and self._strikes:
            return self._a_fault()
        return self._a_label()

    def missed(self, label: Label) -> None:
        """Take a label that no process came by again later, a few times."""
        self._tries[label.name] += 1
        if self._tries[label.name] < LABEL_TRIES:
            self._labels.insert(self._chance.randint(0, len(self._labels)), label)

    def _a_label(self) -> Chosen:
        if not self._labels:
            self._labels = list(self._all_labels)
            self._chance.shuffle(self._labels)
            self.rounds += 1
        label = self._labels.pop()
        lives = 2 if self._chance.random() < 0.1 else 1
        also = self._chance.choice(_ALSO)
        name = f"die at {label.process} {label.name}"
        if lives > 1:
            name += f" {lives}x"
        if also != "nothing":
            name += f" + {also}"
        return Chosen(name, partial(die_at, label, lives, also), 0.0, label.needs, label)

    def _a_fault(self) -> Chosen:
        if not self._faults:
            self._faults = list(self._strikes)
            self._chance.shuffle(self._faults)
        name = self._faults.pop()
        return Chosen(name, self._strikes[name], self._chance.uniform(0.0, LATEST_S))


def _is_in(parts: tuple[str, ...], name: str) -> bool:
    return any(part in name for part in parts)


_PATIENT = Patience()


class Trials:
    """Runs trials on a world, one after the other."""

    def __init__(
        self,
        world: World,
        chance: random.Random,
        tally: Tally,
        trace: Path,
        patience: Patience = _PATIENT,
    ) -> None:
        self._world, self._chance, self._tally, self._trace = world, chance, tally, trace
        self.patience = patience
        self.is_spoiled = False
        """Somebody changed the file that is printed."""
        self.has_struck = False
        """Whether the last trial's misfortune killed anything."""
        self.number = 0
        """Of the last trial, among those of all stacks."""
        self.storm = 0
        """So many more processes are killed in a trial, at any moment of it."""
        self.repeats_all = False
        """Whether every request is sent twice."""
        self._person: Person | None = None
        self._oracle: Oracle | None = None
        self._artifact_id = ""

    async def begin(self) -> None:
        """Sign in and upload what most trials print."""
        self._person = await meet(self._world.state.url, "ada")
        self._person.repeats = lambda: self.repeats_all or self._chance.random() < REPEATED_SHARE
        self._oracle = Oracle(self._world, self._person)
        await self.use(new_file(0))

    async def use(self, content: bytes) -> None:
        """Have most trials print this file."""
        assert self._person is not None
        self._artifact_id = (await self._person.upload("chaos.gcode.3mf", content))["id"]

    async def end(self) -> None:
        """Close what is open."""
        if self._person is not None:
            await self._person.http.aclose()

    async def run(self, chosen: Chosen, wishes: Wishes | None = None) -> list[Finding]:
        """Run one trial; return what was found."""
        person, oracle = self._person, self._oracle
        assert person is not None
        assert oracle is not None
        self._tally.trials += 1
        self.number = self._tally.trials
        wishes = wishes or Wishes.draw(self._chance, chosen.needs)
        play = Play(
            self._world,
            person,
            self.number,
            wishes,
            self._artifact_id,
            end_within_s=self.patience.end_s,
            is_spoiled=self.is_spoiled,
        )
        began_s = time.monotonic()
        accepted, kills, recoveries, findings = await self._play(play, chosen)
        findings += await self._settle(oracle)
        findings += await oracle.judge(accepted)
        self._note(findings, kills, recoveries)
        self._write(
            {
                "trial": self.number,
                "fault": chosen.name,
                "wishes": asdict(wishes),
                "statuses": play.statuses,
                "kills": len(kills),
                "recoveries_s": [round(seconds, 2) for seconds in recoveries],
                "took_s": round(time.monotonic() - began_s, 2),
                "findings": [asdict(finding) for finding in findings],
            }
        )
        return findings

    async def _play(
        self, play: Play, chosen: Chosen
    ) -> tuple[Accepted, list[float], list[float], list[Finding]]:
        async with asyncio.TaskGroup() as tasks:
            playing = tasks.create_task(_to_the_end(play))
            breaking = tasks.create_task(self._break(chosen))
            playing.add_done_callback(lambda _: self._world.disarm())
            kills = await breaking
            await self._heal()
            play.may_judge = True
            recovering = tasks.create_task(self._recover(play.person, kills))
        accepted, findings = playing.result()
        recoveries, slow = recovering.result()
        return accepted, kills, recoveries, findings + slow

    async def _break(self, chosen: Chosen) -> list[float]:
        strikes = [self._strike(chosen.strike, chosen.after_s)]
        for _ in range(self.storm):
            strike = partial(kill, self._chance.choice(KILLABLE))
            strikes.append(self._strike(strike, self._chance.uniform(0.0, LATEST_S)))
        chosens, *others = await asyncio.gather(*strikes)
        self.has_struck = bool(chosens)
        return [*chosens, *(killed_at for kills in others for killed_at in kills)]

    async def _strike(self, strike: Strike, after_s: float) -> list[float]:
        await asyncio.sleep(after_s)  # the moment is what is tried
        try:
            return await strike(self._world, self._chance)
        except (httpx.HTTPError, *AWAY):
            return []  # what was to be broken was away already

    async def _recover(
        self, person: Person, kills: list[float]
    ) -> tuple[list[float], list[Finding]]:
        if not kills:
            return [], []
        beacon = Beacon(self._world, person)
        try:
            shown_at = await beacon.shown_at()
        except AssertionError as exc:
            return [], [Finding("unrecovered", f"no new fact was shown: {exc}")]
        return [shown_at - max(kills)], []

    async def _heal(self) -> None:
        await self._world.heal()

        async def is_well() -> bool:
            try:
                await self._world.control.delete("/faults")
                await self._world.control.delete("/incidents")
            except httpx.HTTPError:
                return False
            return True

        await eventually(is_well, within_s=self.patience.settle_s, every_s=0.1)

    async def _settle(self, oracle: Oracle) -> list[Finding]:
        """Wait until all has come to rest; what has not is a finding."""
        last = "nothing was looked at"

        async def is_still() -> bool:
            nonlocal last
            try:
                last = await oracle.waits_for()
            except (httpx.HTTPError, *DATABASE_AWAY) as exc:
                last = f"{type(exc).__name__}: {exc}"
            return not last

        try:
            await eventually(is_still, within_s=self.patience.settle_s, every_s=0.1)
        except AssertionError:
            return [Finding("unsettled", last)]
        return []

    def _note(self, findings: list[Finding], kills: list[float], recoveries: list[float]) -> None:
        self._tally.kills += len(kills)
        self._tally.recoveries += recoveries
        for finding in findings:
            self._tally.red[finding.check] += 1
            self._tally.findings.append(f"trial {self.number}: {finding.check}: {finding.text}")

    def _write(self, entry: dict[str, Any]) -> None:
        with self._trace.open("a") as file:
            file.write(f"{json.dumps(entry)}\n")


async def _to_the_end(play: Play) -> tuple[Accepted, list[Finding]]:
    try:
        return await play.run(), []
    except AssertionError as exc:
        finding = Finding("lost", f"did not come to an end: {play.statuses}: {exc}")
        return play.accepted(), [finding]
