"""The node killed, restarted, cut off or given a wrong file: nothing starts twice or by mistake."""

import asyncio
import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contracts.commands import CommandKind
from contracts.events import (
    AttentionCause,
    CommandDone,
    CommandRefused,
    JobCancelled,
    JobDone,
    JobFailed,
    JobProgress,
    PrinterActivity,
    PrinterBedChanged,
    PrinterOffline,
    PrinterStateChanged,
    ReleaseCode,
    RunAttention,
    RunPaused,
    RunReleased,
    RunResumed,
    RunStarted,
    RunStarting,
    RunTransferring,
)
from contracts.lifecycle import BedState, Resolution
from tests.eventually import eventually
from tests.integration.edge.conftest import World
from tests.integration.edge.services import SAMPLES


def start_messages(world: World) -> int:
    """Count the project_file messages that the node has sent."""
    capture = world.edge.folder / "capture" / f"{world.printer.serial}.jsonl"
    lines = [json.loads(line) for line in capture.read_text().splitlines()]
    sent = [json.loads(line["payload"]) for line in lines if line["dir"] == "request"]
    return sum(message.get("print", {}).get("command") == "project_file" for message in sent)


def backup(journal: Path, copy: Path) -> int:
    """Copy a journal that is in use; return the node_seq of the last fact in the copy."""
    with closing(sqlite3.connect(journal)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        (last,) = target.execute("SELECT max(node_seq) FROM fact").fetchone()
        return int(last)


class TestRestart:
    async def test_I7_killed_before_the_start_is_seen_it_starts_nothing_again(
        self, world: World
    ) -> None:
        await world.printer.post("/faults", {"start_delay_s": 900})
        world.services.queue()
        await world.clear_bed()
        await world.services.fact(RunStarting)
        await world.edge.stop(signal.SIGKILL)
        assert await world.printer.starts() == 0

        await world.edge.start()

        done = await world.services.fact(JobDone, within_s=40)
        assert world.services.types(done.run_id)[:3] == [
            "run.transferring",
            "run.starting",
            "run.started",
        ]
        assert start_messages(world) == 1
        assert await world.printer.starts() == 1

    async def test_a_start_that_is_never_seen_after_a_restart_needs_a_person(
        self, world: World
    ) -> None:
        await world.printer.post("/faults", {"ignore_start": True})
        world.services.queue()
        await world.clear_bed()
        starting = await world.services.fact(RunStarting)
        await world.edge.stop(signal.SIGKILL)
        await world.edge.start()

        attention = await world.services.fact(RunAttention)

        assert attention.cause is AttentionCause.RESTARTED_IN_START
        assert start_messages(world) == 1
        early = await self._say_clear(world)
        assert isinstance(early, CommandRefused)
        assert early.code == "printer_busy"
        resolve = await world.services.command(
            CommandKind.RESOLVE,
            world.printer.printer_id,
            run_id=starting.run_id,
            value=Resolution.RELEASED.value,
        )
        assert isinstance(await world.services.answer_to(resolve), CommandDone)
        assert world.services.bed().bed is BedState.OCCUPIED
        assert isinstance(await self._say_clear(world), CommandDone)

    async def _say_clear(self, world: World) -> object:
        command = await world.services.command(
            CommandKind.CLEAR_BED, world.printer.printer_id, bed_seq=world.services.bed().bed_seq
        )
        return await world.services.answer_to(command)

    async def test_I7_killed_while_printing_it_takes_the_print_up_again(self, world: World) -> None:
        world.services.queue()
        await world.clear_bed()
        await world.services.fact(RunStarted)
        await world.edge.stop(signal.SIGKILL)
        await world.edge.start()

        await world.services.fact(JobDone, within_s=40)

        assert await world.printer.starts() == 1
        assert len(world.services.of(RunStarted)) == 1

    async def test_killed_in_the_transfer_it_transfers_again(self, world: World) -> None:
        world.services.files.hold.clear()
        world.services.queue()
        await world.clear_bed()
        await world.services.fact(RunTransferring)
        await world.edge.stop(signal.SIGKILL)
        world.services.files.hold.set()
        await world.edge.start()

        await world.services.fact(JobDone, within_s=40)

        assert await world.printer.starts() == 1
        assert len(world.services.of(RunTransferring)) == 1

    async def test_a_claim_without_an_answer_is_asked_again_with_its_id(self, world: World) -> None:
        world.services.is_deaf = True
        world.services.queue()
        await world.clear_bed()

        async def asked() -> bool:
            return bool(world.services.claims)

        await eventually(asked)
        await world.edge.stop(signal.SIGKILL)
        world.services.is_deaf = False
        await world.edge.start()

        await world.services.fact(RunStarted, within_s=30)

        assert len({claim.claim_id for claim in world.services.claims}) == 1

    async def test_sigterm_ends_it_quickly_and_a_new_journal_knows_no_bed(
        self, world: World
    ) -> None:
        await world.clear_bed()
        assert world.services.bed().bed is BedState.CLEAR
        assert await world.edge.stop(signal.SIGTERM) == 0
        for path in world.edge.folder.glob("journal.*"):
            path.unlink()
        await world.edge.start()

        async def is_unknown() -> bool:
            return world.services.bed().bed is BedState.UNKNOWN and len(journals()) == 2

        def journals() -> set[object]:
            return {fact.journal_id for fact in world.services.of(PrinterBedChanged)}

        await eventually(is_unknown, within_s=10)

    @pytest.mark.timeout(200)
    async def test_I22_a_restored_journal_becomes_a_new_one_and_asks_for_a_look(
        self, world: World, tmp_path: Path
    ) -> None:
        world.services.queue()
        await world.clear_bed()
        await world.services.fact(RunStarted)
        await world.printer.post("/time", {"scale": 60})
        old_copy = tmp_path / "old.db"
        known = backup(world.edge.folder / "journal.db", old_copy)

        async def went_on() -> bool:
            return any(fact.node_seq > known for fact in world.services.of(JobProgress))

        await eventually(went_on, within_s=60)
        await world.edge.stop(signal.SIGKILL)
        for path in world.edge.folder.glob("journal.db*"):
            path.unlink()
        old_copy.rename(world.edge.folder / "journal.db")
        await world.edge.start()

        attention = await world.services.fact(RunAttention, within_s=60)
        assert attention.cause is AttentionCause.RUN_UNKNOWN_TO_NODE
        assert attention.journal_id != world.services.of(RunStarted)[0].journal_id
        assert await world.printer.starts() == 1


class TestCancel:
    async def test_before_intent_it_is_cancelled_at_once(self, world: World) -> None:
        world.services.files.hold.clear()
        world.services.queue()
        await world.clear_bed()
        run = await world.services.fact(RunTransferring)

        command = await world.services.command(
            CommandKind.CANCEL, world.printer.printer_id, run_id=run.run_id
        )

        cancelled = await world.services.fact(JobCancelled)
        assert cancelled.by == world.services.user
        assert isinstance(await world.services.answer_to(command), CommandDone)
        assert start_messages(world) == 0
        assert world.services.bed().bed is BedState.CLEAR

    async def test_while_printing_it_is_cancelled_when_the_printer_says_so(
        self, world: World
    ) -> None:
        world.services.queue()
        await world.clear_bed()
        run = await world.services.fact(RunStarted)

        command = await world.services.command(
            CommandKind.CANCEL, world.printer.printer_id, run_id=run.run_id
        )

        cancelled = await world.services.fact(JobCancelled)
        assert cancelled.run_id == run.run_id
        assert (await world.printer.get("/state"))["gcode_state"] == "FAILED"
        assert isinstance(await world.services.answer_to(command), CommandDone)
        assert world.services.bed().bed is BedState.OCCUPIED

    async def test_at_the_screen_it_is_cancelled_too(self, world: World) -> None:
        world.services.queue()
        await world.clear_bed()
        await world.services.fact(RunStarted)

        # Slow enough that the code of a cancel, which stands for two seconds, is reported.
        await world.printer.post("/time", {"scale": 10})
        await world.printer.post("/screen/stop")

        cancelled = await world.services.fact(JobCancelled)
        assert cancelled.by is None
        assert "at the printer" in cancelled.reason


class TestCommands:
    async def test_I23_a_stale_clear_bed_is_refused_with_the_current_number(
        self, world: World
    ) -> None:
        bed = await world.services.fact(PrinterBedChanged)

        command = await world.services.command(
            CommandKind.CLEAR_BED, world.printer.printer_id, bed_seq=bed.bed_seq + 7
        )

        answer = await world.services.answer_to(command)
        assert isinstance(answer, CommandRefused)
        assert answer.code == "stale_bed"
        assert f"number {bed.bed_seq}" in answer.reason
        assert world.services.claims == []

    async def test_pause_and_resume_are_answered_by_the_report(self, world: World) -> None:
        world.services.queue()
        await world.clear_bed()
        run = await world.services.fact(RunStarted)
        await world.printer.post("/time", {"scale": 60})
        await world.services.fact(JobProgress)
        printer_id = world.printer.printer_id

        pause = await world.services.command(CommandKind.PAUSE, printer_id, run_id=run.run_id)
        assert isinstance(await world.services.answer_to(pause), CommandDone)
        await world.services.fact(RunPaused)
        resume = await world.services.command(CommandKind.RESUME, printer_id, run_id=run.run_id)
        assert isinstance(await world.services.answer_to(resume), CommandDone)

        await world.services.fact(RunResumed)
        await world.printer.post("/time", {"scale": 300})
        await world.services.fact(JobDone, within_s=40)

    async def test_speed_and_skipped_objects_are_answered_by_the_report(self, world: World) -> None:
        world.services.queue()
        await world.clear_bed()
        run = await world.services.fact(RunStarted)
        await world.printer.post("/time", {"scale": 60})
        await world.services.fact(JobProgress)
        printer_id = world.printer.printer_id
        for kind, value in ((CommandKind.SPEED, "3"), (CommandKind.SKIP, "12,40")):
            wish = await world.services.command(kind, printer_id, run_id=run.run_id, value=value)
            assert isinstance(await world.services.answer_to(wish), CommandDone)
        report = await world.printer.get("/report")
        assert (report["spd_lvl"], report["s_obj"]) == (3, [12, 40])
        await world.printer.post("/time", {"scale": 300})
        await world.services.fact(JobDone, within_s=40)

    async def test_an_error_is_closed(self, world: World) -> None:
        await world.services.fact(PrinterBedChanged)
        await world.printer.post("/incidents", {"name": "error-while-idle"})
        command = await world.services.command(CommandKind.CLEAR_ERROR, world.printer.printer_id)
        assert isinstance(await world.services.answer_to(command), CommandDone)
        report = await world.printer.get("/report")
        assert report["print_error"] == 0

    async def test_the_light_is_switched(self, world: World) -> None:
        for value in ("off", "on"):
            command = await world.services.command(
                CommandKind.LIGHT, world.printer.printer_id, value=value
            )
            assert isinstance(await world.services.answer_to(command), CommandDone)

    async def test_a_command_for_another_journal_is_refused(self, world: World) -> None:
        command = await world.services.command(
            CommandKind.CLEAR_BED,
            world.printer.printer_id,
            bed_seq=1,
            journal_id="00000000-0000-4000-8000-000000000000",
        )
        answer = await world.services.answer_to(command)
        assert isinstance(answer, CommandRefused)
        assert answer.code == "wrong_journal"


class TestFaults:
    async def test_a_wrong_file_is_released_and_the_bed_left_alone(self, world: World) -> None:
        job = world.services.queue()
        world.services.files.files[job.sha256] = world.edge.folder.parent / "wrong"
        content = bytearray(job.sample.read_bytes())
        content[100] ^= 0xFF
        world.services.files.files[job.sha256].write_bytes(content)
        await world.clear_bed()

        released = await world.services.fact(RunReleased)

        assert released.code is ReleaseCode.ARTIFACT_CHANGED
        assert start_messages(world) == 0
        assert world.services.bed().bed is BedState.CLEAR

    async def test_a_full_card_is_a_release_that_says_so(self, world: World) -> None:
        await world.printer.post("/faults", {"upload_refused": True})
        world.services.queue()
        await world.clear_bed()

        released = await world.services.fact(RunReleased)

        assert released.code is ReleaseCode.PRINTER_STORAGE

    async def test_a_printer_outside_developer_mode_fails_with_the_cure(self, world: World) -> None:
        await world.printer.post("/faults", {"refuse_commands": True})
        world.services.queue()
        await world.clear_bed()

        failed = await world.services.fact(JobFailed)

        assert failed.advice is not None
        assert "Developer Mode" in failed.advice
        assert await world.printer.starts() == 0

    async def test_I23_a_foreign_print_takes_the_word_clear_away(self, world: World) -> None:
        await world.clear_bed()

        async def has_asked() -> bool:
            return len(world.services.claims) == 1

        await eventually(has_asked)
        await self._print_at_screen(world)

        async def is_occupied() -> bool:
            return world.services.bed().bed is BedState.OCCUPIED

        await eventually(is_occupied, within_s=10)
        world.services.queue()
        await world.services.ring()
        assert len(world.services.claims) == 1

    async def test_I23_what_was_said_before_a_foreign_print_counts_no_more(
        self, world: World
    ) -> None:
        await world.services.fact(PrinterBedChanged)
        before = world.services.bed()
        assert before.bed is BedState.UNKNOWN
        await self._print_at_screen(world)

        async def is_occupied() -> bool:
            return world.services.bed().bed is BedState.OCCUPIED

        await eventually(is_occupied, within_s=10)
        first = world.services.bed()
        await world.printer.post("/time", {"scale": 1000})

        async def is_over() -> bool:
            return world.services.of(PrinterStateChanged)[-1].activity is PrinterActivity.FINISHED

        await eventually(is_over, within_s=40)
        await self._print_at_screen(world, "another.gcode.3mf")

        async def is_new() -> bool:
            return world.services.bed().bed_seq > first.bed_seq

        await eventually(is_new, within_s=20)
        assert world.services.bed().bed is BedState.OCCUPIED
        for said in (before, first):
            command = await world.services.command(
                CommandKind.CLEAR_BED, world.printer.printer_id, bed_seq=said.bed_seq
            )
            answer = await world.services.answer_to(command)
            assert isinstance(answer, CommandRefused)
            assert answer.code == "stale_bed"

    async def test_a_lost_link_to_the_printer_is_told_and_heals(self, world: World) -> None:
        world.services.queue()
        await world.clear_bed()
        await world.services.fact(RunStarted)

        await world.printer.post("/connections/drop")

        await world.services.fact(PrinterOffline)
        await world.services.fact(JobDone, within_s=40)
        assert await world.printer.starts() == 1

    async def _print_at_screen(self, world: World, name: str = "foreign.gcode.3mf") -> None:
        card = Path(world.printer.ready["ca_file"]).parent / "sd"
        content = (SAMPLES / "cube-small.gcode.3mf").read_bytes()
        await asyncio.to_thread((card / name).write_bytes, content)
        await world.printer.post("/screen/start", {"path": f"/{name}"})
