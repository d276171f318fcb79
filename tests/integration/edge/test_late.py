"""Bells and commands that come eight days late, and three times each."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from contracts.commands import EXPIRY_S, CommandKind
from contracts.events import CommandDone, CommandRefused, JobDone
from contracts.lifecycle import BedState, Resolution
from tests.eventually import eventually
from tests.integration.edge.conftest import World

LATE = timedelta(days=8)
COPIES = 3


@dataclass
class Latecomer:
    """Sends what was meant for a printer as it was eight days ago."""

    world: World
    issued_at: datetime = field(default_factory=lambda: datetime.now(UTC) - LATE)

    async def say(
        self, kind: CommandKind, *, expires: bool = False, **about: object
    ) -> CommandDone | CommandRefused:
        """Send a command; return its only answer."""
        services = self.world.services
        command_id = await services.command(
            kind,
            self.world.printer.printer_id,
            copies=COPIES,
            issued_at=self.issued_at,
            expires_at=self.issued_at + timedelta(seconds=EXPIRY_S) if expires else None,
            **about,
        )
        await services.answer_to(command_id)
        answers = [
            answer
            for answer in services.of(CommandDone) + services.of(CommandRefused)
            if answer.command_id == command_id
        ]
        assert len(answers) == 1
        return answers[0]

    async def is_refused(self, kind: CommandKind, code: str, **about: object) -> None:
        """Send a command that must be refused with this code."""
        answer = await self.say(kind, **about)  # type: ignore[arg-type]
        assert isinstance(answer, CommandRefused), kind
        assert answer.code == code


async def test_I4_eight_days_late_and_three_times_nothing_comes_of_it(world: World) -> None:
    services, late = world.services, Latecomer(world)
    await world.printer.post("/time", {"scale": 100})
    services.queue()
    await world.clear_bed()
    cleared_seq = services.bed().bed_seq
    run_id = (await services.fact(JobDone, within_s=40)).run_id
    services.queue()

    await late.is_refused(CommandKind.CLEAR_BED, "stale_bed", bed_seq=cleared_seq)
    await late.is_refused(CommandKind.CANCEL, "run_ended", run_id=run_id)
    await late.is_refused(CommandKind.PAUSE, "expired", run_id=run_id, expires=True)
    word = await late.say(CommandKind.RESOLVE, run_id=run_id, value=Resolution.RELEASED.value)
    assert isinstance(word, CommandDone)
    for _ in range(COPIES):
        await services.ring()
    await late.is_refused(CommandKind.LIGHT, "expired", value="off", expires=True)

    assert services.bed().bed is BedState.OCCUPIED
    assert len(services.claims) == 1
    assert len(services.of(JobDone)) == 1
    counters = await world.printer.get("/counters")
    assert set(counters["starts_by_name"].values()) == {1}
    assert counters["collisions"] == 0

    await world.clear_bed()

    async def has_asked() -> bool:
        return len(services.claims) == 2

    await eventually(has_asked)
