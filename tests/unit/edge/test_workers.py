"""One printer's worker between fakes: when it claims, what it releases, what it never does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from contracts.commands import CommandKind
from contracts.lifecycle import BedState
from contracts.loaded import LoadedFilament
from contracts.rpc import Behind, RefusalCode, Refused
from edge.ports import ArtifactChanged, LinkDown, NodeStorageFull
from edge.printer import PrinterState, StorageRefused, TransferFailed
from tests.eventually import eventually
from tests.unit.edge.builders import NOON, P1S, PRINTER, fault, offer, spec
from tests.unit.edge.fakes import UNAVAILABLE, Bench, make_bench

S = PrinterState
QUIET_S = 0.25
"""Longer than every wait of the bench: what has not happened by then does not happen."""


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A running worker; its printer is idle, its bed unknown."""
    made = make_bench(tmp_path)
    async with made.running():
        yield made
    made.journal.close()


async def quiet() -> None:
    """Let time pass in which nothing should happen."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    loop.call_later(QUIET_S, done.set)
    await done.wait()


async def at_start(bench: Bench, sid: int = 77) -> Any:
    """Bring a run to the moment after INTENT."""
    bench.dispatch.answers = [offer(sid)]
    bench.clear_bed()
    return await bench.until("run.starting")


async def printing(bench: Bench, sid: int = 77) -> Any:
    """Bring a run onto the plate."""
    run = await at_start(bench, sid)
    bench.printer.say_of(sid, S.RUNNING, percent=1)
    await bench.until("run.started")
    return run


class TestMomentsToClaim:
    async def test_none_before_somebody_called_the_bed_clear(self, bench: Bench) -> None:
        bench.worker.ring()
        await quiet()
        assert bench.dispatch.claims == []

    async def test_one_when_it_becomes_ready_and_none_on_a_timer(self, bench: Bench) -> None:
        bench.clear_bed()
        await bench.claimed()
        for _ in range(5):
            bench.printer.say(percent=0)
        await quiet()
        assert len(bench.dispatch.claims) == 1

    async def test_one_for_each_bell_while_ready(self, bench: Bench) -> None:
        bench.clear_bed()
        await bench.claimed()
        bench.worker.ring()
        await bench.claimed(2)

    async def test_one_when_something_else_is_loaded(self, bench: Bench) -> None:
        bench.clear_bed()
        await bench.claimed()
        spool = LoadedFilament(slot=254, type="PLA", color="#FF0000")
        bench.printer.say(loaded=P1S.model_copy(update={"filaments": (spool,)}))
        await bench.claimed(2)
        assert bench.dispatch.claims[1].loaded.filaments == (spool,)

    async def test_one_when_the_link_comes_back(self, bench: Bench) -> None:
        bench.clear_bed()
        await bench.claimed()
        bench.dispatch.up.clear()
        bench.worker.wake()
        await quiet()
        bench.dispatch.up.set()
        bench.worker.ring()
        await bench.claimed(2)

    async def test_none_while_the_slip_can_be_taken_back(self, bench: Bench) -> None:
        bench.clear_bed()

        async def is_clear() -> bool:
            return bench.journal.printers.bed(PRINTER).state is BedState.CLEAR

        await eventually(is_clear)
        seq = bench.journal.printers.bed(PRINTER).bed_seq
        bench.order(CommandKind.UNCLEAR_BED, bed_seq=seq)
        await quiet()
        assert bench.dispatch.claims == []
        assert bench.journal.printers.bed(PRINTER).state is BedState.UNKNOWN


class TestClaimAnswers:
    async def test_a_lost_answer_is_asked_for_with_the_same_id(self, bench: Bench) -> None:
        bench.dispatch.answers = [LinkDown("lost", may_be_heard=True), offer()]
        bench.clear_bed()
        await bench.until("run.transferring")
        first, second = bench.dispatch.claims
        assert first.claim_id == second.claim_id

    async def test_behind_is_asked_again_with_the_same_id(self, bench: Bench) -> None:
        behind = Behind(claim_id=offer().claim_id, watermark=0, server_time=NOON)
        bench.dispatch.answers = [behind, offer()]
        bench.clear_bed()
        await bench.until("run.transferring")
        assert len({claim.claim_id for claim in bench.dispatch.claims}) == 1

    async def test_a_stale_epoch_is_adopted_and_asked_with_a_new_id(self, bench: Bench) -> None:
        refused = Refused(
            claim_id=None,
            code=RefusalCode.STALE_EPOCH,
            reason="moved",
            printer_epoch=4,
            server_time=NOON,
        )
        bench.dispatch.answers = [refused, offer(printer_epoch=4)]
        bench.clear_bed()
        await bench.until("run.transferring")
        first, second = bench.dispatch.claims
        assert (first.printer_epoch, second.printer_epoch) == (0, 4)
        assert first.claim_id != second.claim_id

    @pytest.mark.parametrize("code", [RefusalCode.UNKNOWN_PRINTER, RefusalCode.NOT_YOUR_PRINTER])
    async def test_a_printer_not_ours_waits_for_the_next_moment(
        self, bench: Bench, code: RefusalCode
    ) -> None:
        bench.dispatch.answers = [
            Refused(claim_id=None, code=code, reason="", printer_epoch=None, server_time=NOON)
        ]
        bench.clear_bed()
        await bench.claimed()
        await quiet()
        assert len(bench.dispatch.claims) == 1

    async def test_I17_an_offer_of_an_older_epoch_is_not_taken(self, bench: Bench) -> None:
        bench.journal.printers.adopt_epoch(PRINTER, 9)
        bench.dispatch.answers = [offer(printer_epoch=8)]
        bench.clear_bed()
        await bench.claimed()
        await quiet()
        assert bench.types() == []


class TestReleases:
    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (UNAVAILABLE, "artifact_unavailable"),
            (ArtifactChanged("other bytes"), "artifact_changed"),
            (NodeStorageFull("full"), "node_storage"),
        ],
    )
    async def test_a_file_that_cannot_be_had(
        self, bench: Bench, error: Exception, code: str
    ) -> None:
        bench.downloads.error = error
        bench.dispatch.answers = [offer()]
        bench.clear_bed()
        released: Any = await bench.until("run.released")
        assert released.code == code
        assert bench.journal.printers.bed(PRINTER).state is BedState.CLEAR

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (StorageRefused("full"), "printer_storage"),
            (TransferFailed("cut"), "printer_lost"),
        ],
    )
    async def test_a_file_that_does_not_arrive(
        self, bench: Bench, error: Exception, code: str
    ) -> None:
        bench.printer.upload_error = error
        bench.dispatch.answers = [offer()]
        bench.clear_bed()
        released: Any = await bench.until("run.released")
        assert released.code == code

    async def test_a_job_for_another_machine(self, bench: Bench) -> None:
        bench.dispatch.answers = [offer(spec=spec(model="N2S"))]
        bench.clear_bed()
        released: Any = await bench.until("run.released")
        assert released.code == "does_not_fit"
        assert bench.types() == ["run.released"]

    async def test_a_printer_that_became_busy(self, bench: Bench) -> None:
        bench.printer.may_upload.clear()
        bench.dispatch.answers = [offer()]
        bench.clear_bed()
        await bench.until("run.transferring")
        bench.printer.say(S.RUNNING, subtask_name="vase")
        bench.printer.may_upload.set()
        released: Any = await bench.until("run.released")
        assert released.code == "printer_busy"
        assert bench.journal.printers.bed(PRINTER).state is BedState.OCCUPIED

    async def test_a_bed_that_is_no_longer_clear(self, bench: Bench) -> None:
        bench.printer.may_upload.clear()
        bench.dispatch.answers = [offer()]
        bench.clear_bed()
        await bench.until("run.transferring")
        seq = bench.journal.printers.bed(PRINTER).bed_seq
        bench.order(CommandKind.UNCLEAR_BED, bed_seq=seq)
        await bench.until("command.done", 2)
        bench.printer.may_upload.set()
        released: Any = await bench.until("run.released")
        assert released.code == "bed_not_clear"
        assert bench.printer.starts == []

    async def test_I10_a_transfer_past_its_deadline_stops_at_once(self, bench: Bench) -> None:
        bench.printer.may_upload.clear()
        bench.dispatch.answers = [offer()]
        bench.clear_bed()
        await bench.until("run.transferring")
        bench.clock.ahead_s = 301
        bench.worker.wake()
        released: Any = await bench.until("run.released")
        assert released.code == "too_late"

    async def test_I10_a_reboot_between_claim_and_start(self, tmp_path: Path) -> None:
        first = make_bench(tmp_path)
        first.printer.may_upload.clear()
        async with first.running():
            first.dispatch.answers = [offer()]
            first.clear_bed()
            await first.until("run.transferring")
        first.clock.boot = "boot-2"
        second = first.restarted()
        async with second.running():
            released: Any = await second.until("run.released")
            assert released.code == "too_late"
        second.journal.close()

    @pytest.mark.parametrize("days", [-20_000, -1, 1, 20_000])
    async def test_I10_the_wall_clock_decides_nothing(self, bench: Bench, days: int) -> None:
        bench.printer.may_upload.clear()
        bench.dispatch.answers = [offer()]
        bench.clear_bed()
        await bench.until("run.transferring")
        bench.clock.wall = NOON + timedelta(days=days)
        bench.worker.wake()
        bench.printer.may_upload.set()
        await bench.until("run.starting")
        bench.clock.wall = NOON - timedelta(days=days)
        bench.printer.say_of(77, S.RUNNING, percent=1)
        await bench.until("run.started")
        bench.clock.wall = NOON
        bench.printer.say_of(77, S.FINISH, percent=100)
        await bench.until("job.done")
        assert len(bench.printer.starts) == 1

    async def test_releases_hold_the_next_claim_off(self, bench: Bench) -> None:
        bench.downloads.error = UNAVAILABLE
        bench.dispatch.answers = [offer(1), offer(2)]
        bench.clear_bed()
        await bench.until("run.released", 2)
        loop = asyncio.get_running_loop()
        released_at = loop.time()
        await bench.claimed(3)
        assert loop.time() - released_at > 0.2


class TestStart:
    async def test_I5_it_is_sent_once_and_only_after_intent(self, bench: Bench) -> None:
        beds: list[BedState] = []
        bench.printer.on_order = lambda _: beds.append(bench.journal.printers.bed(PRINTER).state)
        await at_start(bench)
        await quiet()
        assert beds == [BedState.OCCUPIED]
        assert len(bench.printer.starts) == 1

    async def test_no_evidence_needs_a_person_and_late_evidence_is_taken(
        self, bench: Bench
    ) -> None:
        await at_start(bench)
        attention: Any = await bench.until("run.attention")
        assert attention.cause == "start_not_seen"
        bench.printer.say_of(77, S.PREPARE)
        await bench.until("run.started")
        bench.printer.say_of(77, S.FINISH)
        await bench.until("job.done")
        assert len(bench.printer.starts) == 1

    async def test_I9_a_session_lost_at_the_start_is_told_as_such(self, bench: Bench) -> None:
        await at_start(bench)
        bench.printer.go()
        bench.printer.say(session="session-2")
        attention: Any = await bench.until("run.attention")
        assert attention.cause == "restarted_in_start"

    async def test_the_file_goes_when_the_run_has_ended(self, bench: Bench) -> None:
        bench.printer.files.add("layerline-1.gcode.3mf")
        bench.printer.files.add("vase.gcode.3mf")
        await printing(bench)
        assert "layerline-77.gcode.3mf" in bench.printer.files
        bench.printer.say_of(77, S.FINISH, session="session-2")

        async def is_swept() -> bool:
            return bench.printer.files == {"vase.gcode.3mf"}

        await eventually(is_swept)


class TestBed:
    async def test_a_print_that_came_back_while_we_were_away_makes_it_unknown(
        self, bench: Bench
    ) -> None:
        """The same foreign name before and after a run of ours is another print."""
        bench.printer.say(S.FINISH, subtask_name="vase")
        await printing(bench)
        bench.printer.say_of(77, S.FINISH)
        await bench.until("job.done")
        bench.clear_bed()
        await bench.until("command.done", 2)
        bench.printer.go()
        bench.printer.say(S.FINISH, subtask_name="vase", session="session-2")
        assert bench.journal.printers.bed(PRINTER).state is BedState.UNKNOWN

    async def test_the_old_name_still_shown_after_intent_is_no_foreign_print(
        self, bench: Bench
    ) -> None:
        bench.printer.say(S.FINISH, subtask_name="vase")
        await at_start(bench)
        seq = bench.journal.printers.bed(PRINTER).bed_seq
        bench.printer.say(S.FINISH, subtask_name="vase")
        bench.printer.say_of(77, S.PREPARE)
        await bench.until("run.started")
        bench.printer.say_of(77, S.FINISH)
        await bench.until("job.done")
        assert bench.journal.printers.bed(PRINTER).bed_seq == seq

    async def test_our_own_file_printed_again_at_the_screen_is_a_foreign_print(
        self, bench: Bench
    ) -> None:
        await printing(bench)
        bench.printer.say_of(77, S.FINISH)
        await bench.until("job.done")
        bench.clear_bed()
        await bench.until("command.done", 2)
        bench.printer.say(S.FINISH, subtask_name="layerline-5")
        assert bench.journal.printers.bed(PRINTER).state is BedState.UNKNOWN


class TestWatching:
    async def test_progress_is_told_once_per_percent_and_only_upwards(self, bench: Bench) -> None:
        await printing(bench)
        for percent in (1, 2, 2, 1, 5):
            bench.printer.say_of(77, S.RUNNING, percent=percent)
            await quiet_turn()
        bench.printer.say_of(77, S.FINISH, percent=100)
        await bench.until("job.done")
        percents = [f.percent for f in bench.facts() if f.type == "job.progress"]
        assert percents == [1, 2, 5, 100]

    async def test_a_stale_hundred_percent_is_not_taken(self, bench: Bench) -> None:
        await at_start(bench)
        bench.printer.say_of(77, S.RUNNING, percent=100)
        await bench.until("run.started")
        bench.printer.say_of(77, S.RUNNING, percent=3)
        progress: Any = await bench.until("job.progress")
        assert progress.percent == 3

    async def test_a_cancels_code_is_latched_before_it_vanishes(self, bench: Bench) -> None:
        await printing(bench)
        bench.printer.say_of(77, S.RUNNING, faults=(fault(50348044),))
        bench.printer.say_of(77, S.RUNNING)
        bench.printer.say_of(77, S.FAILED)
        await bench.until("job.cancelled")

    async def test_an_old_error_is_not_the_runs_own(self, bench: Bench) -> None:
        old = (fault(83902467),)
        bench.printer.say(S.FAILED, faults=old)
        await at_start(bench)
        bench.printer.say_of(77, S.RUNNING, faults=old)
        await bench.until("run.started")
        bench.printer.say_of(77, S.FAILED, faults=old)
        failed: Any = await bench.until("job.failed")
        assert failed.code is None

    async def test_a_power_cut_needs_a_person(self, bench: Bench) -> None:
        await printing(bench)
        bench.printer.go()
        bench.printer.say(session="session-2")
        attention: Any = await bench.until("run.attention")
        assert attention.cause == "printer_forgot"

    async def test_a_print_that_ended_while_we_were_away_is_done(self, tmp_path: Path) -> None:
        first = make_bench(tmp_path)
        async with first.running():
            await printing(first)
        first.printer.say_of(77, S.FINISH, session="session-2")
        second = first.restarted()
        async with second.running():
            await second.until("job.done")
        second.journal.close()


class TestCancelling:
    async def test_a_cancel_that_came_first_stops_the_run_unstarted(self, bench: Bench) -> None:
        coming = offer()
        bench.order(CommandKind.CANCEL, run_id=coming.run_id)
        await quiet()
        bench.dispatch.answers = [coming]
        bench.clear_bed()
        await bench.until("job.cancelled")
        await bench.until("command.done", 2)
        assert bench.printer.orders == []

    async def test_in_the_start_it_waits_for_the_evidence(self, bench: Bench) -> None:
        run = await at_start(bench)
        bench.order(CommandKind.CANCEL, run_id=run.run_id)
        await quiet()
        assert bench.types()[-1] == "run.starting"
        bench.printer.say_of(77, S.PREPARE)

        async def is_stopped() -> bool:
            return len(bench.printer.orders) == 2

        await eventually(is_stopped)
        assert "job.cancelled" not in bench.types()
        bench.printer.say_of(77, S.FAILED, faults=(fault(50348044),))
        await bench.until("job.cancelled")

    async def test_in_attention_it_is_refused_until_somebody_looked(self, bench: Bench) -> None:
        run = await at_start(bench)
        await bench.until("run.attention")
        bench.order(CommandKind.CANCEL, run_id=run.run_id)
        refused: Any = await bench.until("command.refused")
        assert refused.code == "in_attention"


class TestCommands:
    @pytest.mark.parametrize(
        ("kind", "changes", "code"),
        [
            (CommandKind.CLEAR_BED, {"bed_seq": 99}, "stale_bed"),
            (CommandKind.UNCLEAR_BED, {"bed_seq": 1}, "wrong_state"),
            (CommandKind.PAUSE, {"run_id": PRINTER}, "unknown_run"),
            (CommandKind.PAUSE, {}, "bad_value"),
            (CommandKind.SPEED, {"run_id": PRINTER, "value": "3"}, "unknown_run"),
            (CommandKind.RESOLVE, {"run_id": PRINTER, "value": "maybe"}, "bad_value"),
            (CommandKind.LIGHT, {"value": "off"}, "no_effect"),
        ],
    )
    async def test_refusals(
        self, bench: Bench, kind: CommandKind, changes: dict[str, object], code: str
    ) -> None:
        bench.order(kind, **changes)
        refused: Any = await bench.until("command.refused")
        assert refused.code == code

    async def test_a_late_one_is_refused_but_not_a_bed(self, bench: Bench) -> None:
        bench.dispatch.late = True
        bench.order(CommandKind.LIGHT, value="off")
        refused: Any = await bench.until("command.refused")
        assert refused.code == "expired"
        bench.clear_bed()
        await bench.until("command.done")

    async def test_the_bed_is_not_cleared_under_a_print(self, bench: Bench) -> None:
        bench.printer.say(S.RUNNING, subtask_name="vase")
        await bench.until("printer.bed_changed", 2)
        bench.clear_bed()
        refused: Any = await bench.until("command.refused")
        assert refused.code == "printer_busy"

    async def test_a_persons_word_frees_the_printer(self, bench: Bench) -> None:
        run = await at_start(bench)
        await bench.until("run.attention")
        bench.order(CommandKind.RESOLVE, run_id=run.run_id, value="released")
        await bench.until("command.done", 2)
        bench.dispatch.answers = [offer(78)]
        bench.clear_bed()
        await bench.until("run.starting", 2)
        assert [start.sid for start in bench.printer.starts] == [77, 78]


async def test_telemetry_is_told_while_a_run_is_on(bench: Bench) -> None:
    run = await printing(bench)
    bench.printer.say_of(77, S.RUNNING, percent=7, nozzle_c=219.0)

    async def told() -> bool:
        return any(t.run_id == run.run_id and t.nozzle_c == 219.0 for t in bench.dispatch.told)

    await eventually(told)


async def quiet_turn() -> None:
    """Let the loop run what is ready."""
    for _ in range(10):
        await asyncio.sleep(0)
