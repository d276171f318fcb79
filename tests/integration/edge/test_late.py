"""Bells and commands that come eight days late, and three times each."""

from datetime import UTC, datetime, timedelta

from contracts.commands import EXPIRY_S, CommandKind
from contracts.events import CommandDone, CommandRefused, JobDone
from contracts.lifecycle import BedState, Resolution
from tests.eventually import eventually
from tests.integration.edge.conftest import World

LATE = timedelta(days=8)
COPIES = 3


async def test_I4_eight_days_late_and_three_times_nothing_comes_of_it(world: World) -> None:
    services, printer_id = world.services, world.printer.printer_id
    await world.printer.post("/time", {"scale": 100})
    services.queue()
    await world.clear_bed()
    cleared_seq = services.bed().bed_seq
    run_id = (await services.fact(JobDone, within_s=40)).run_id
    services.queue()
    issued_at = datetime.now(UTC) - LATE
    expires_at = issued_at + timedelta(seconds=EXPIRY_S)

    async def late(kind: CommandKind, **about: object) -> CommandDone | CommandRefused:
        """Send what was meant for the run of before; return the only answer."""
        sent = {"issued_at": issued_at, "expires_at": None, **about}
        command_id = await services.command(kind, printer_id, copies=COPIES, **sent)
        await services.answer_to(command_id)
        answers = [
            answer
            for answer in services.of(CommandDone) + services.of(CommandRefused)
            if answer.command_id == command_id
        ]
        assert len(answers) == 1
        return answers[0]

    for kind, about, code in (
        (CommandKind.CLEAR_BED, {"bed_seq": cleared_seq}, "stale_bed"),
        (CommandKind.CANCEL, {"run_id": run_id}, "run_ended"),
        (CommandKind.PAUSE, {"run_id": run_id, "expires_at": expires_at}, "expired"),
        (CommandKind.LIGHT, {"value": "off", "expires_at": expires_at}, "expired"),
    ):
        answer = await late(kind, **about)
        assert isinstance(answer, CommandRefused), kind
        assert answer.code == code
    word = await late(CommandKind.RESOLVE, run_id=run_id, value=Resolution.RELEASED.value)
    assert isinstance(word, CommandDone)
    for _ in range(COPIES):
        await services.ring()
    await late(CommandKind.LIGHT, value="on", expires_at=expires_at)

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
