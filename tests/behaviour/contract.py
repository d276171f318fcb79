"""What every driver of a printer must do: one suite, whatever the maker or model.

A driver's own test module gives the fixture `bench` and classes that inherit these.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from edge.printer import (
    FREE_STATES,
    Echo,
    FaultKind,
    Pause,
    Printer,
    PrinterError,
    PrinterReport,
    PrinterState,
    PrinterUnreachable,
    Resume,
    SetLight,
    SetSpeed,
    SkipObjects,
    Start,
    Stop,
)
from tests.eventually import eventually

WITHIN_S = 60.0
FILE = "layerline-contract.gcode.3mf"


class Hands(Protocol):
    """What a person at the machine does, and time."""

    async def set_pace(self, scale: float) -> None:
        """Have the machine work this many times as fast as a real one."""
        ...

    async def cut_connections(self) -> None:
        """Drop every connection to the machine, as a weak network does."""
        ...

    async def power(self, *, on: bool) -> None:
        """Switch the machine on or off."""
        ...

    async def end_unheard(self) -> None:
        """Have the machine say nothing until its print has ended, and then go on."""
        ...

    async def starts(self) -> int:
        """Return how many prints the machine has started."""
        ...


@dataclass
class Bench:
    """A driver, its machine, and a file that the machine can print."""

    printer: Printer
    hands: Hands
    file: Path
    gcode_path: str
    reports: list[PrinterReport] = field(default_factory=list)
    echoes: list[Echo] = field(default_factory=list)
    errors: list[PrinterError] = field(default_factory=list)
    is_online: bool = False

    def on_report(self, report: PrinterReport) -> None:
        self.reports.append(report)
        self.is_online = True

    def on_echo(self, echo: Echo) -> None:
        self.echoes.append(echo)

    def on_offline(self, error: PrinterError) -> None:
        self.errors.append(error)
        self.is_online = False

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["Bench"]:
        """Keep the driver's session, once it is there."""
        staying = asyncio.create_task(self.printer.stay_connected(self))
        try:
            await self.until(lambda report: True)
            yield self
            assert not staying.done()
        finally:
            staying.cancel()
            await asyncio.wait([staying])

    async def until(self, holds: Callable[[PrinterReport], bool]) -> PrinterReport:
        """Return the latest report once `holds` is true of it."""

        async def look() -> PrinterReport | None:
            latest = self.reports[-1] if self.is_online else None
            return latest if latest is not None and holds(latest) else None

        report = await eventually(look, within_s=WITHIN_S)
        assert report is not None
        return report

    async def start(self, sid: int = 4711) -> str:
        """Upload the file, order its print, and return the print's name once it runs."""
        name = f"layerline-{sid}"
        await self.printer.upload(self.file, FILE, lambda _: None)
        await self.printer.refresh()
        await self.printer.send(Start(sid, name, FILE, self.gcode_path, False, (-1,)))
        await self.until(lambda r: r.subtask_name == name and r.state is PrinterState.RUNNING)
        return name


@pytest.mark.timeout(240)
class PrinterContract:
    """The suite."""

    async def test_first_report_is_whole(self, bench: Bench) -> None:
        async with bench.connected():
            report = await bench.printer.refresh()
            assert report.state in FREE_STATES
            assert report.loaded.model != "unknown"
            assert report.full_at <= report.received_at
            assert report.has_storage
            assert report.nozzle_c is not None
            assert report.bed_c is not None
            assert [fault for fault in report.faults if fault.kind is FaultKind.ERROR] == []

    async def test_I11_file_arrives_is_listed_and_deleted(self, bench: Bench) -> None:
        sent: list[int] = []
        await bench.printer.upload(bench.file, FILE, sent.append)
        assert sent == sorted(sent)
        assert sent[-1] == bench.file.stat().st_size
        assert FILE in await bench.printer.list_files()
        await bench.printer.upload(bench.file, FILE, lambda _: None)  # again is no harm
        for _ in range(2):
            await bench.printer.delete_file(FILE)
            assert FILE not in await bench.printer.list_files()

    async def test_print_is_started_once_steered_and_finished(self, bench: Bench) -> None:
        async with bench.connected():
            name = await bench.start()
            await bench.hands.set_pace(60)
            await bench.printer.send(Pause())
            await bench.until(lambda r: r.state is PrinterState.PAUSE)
            await bench.printer.send(SkipObjects((12,)))
            await bench.until(lambda r: 12 in r.skipped_objects)
            await bench.printer.send(Resume())
            await bench.until(lambda r: r.state is PrinterState.RUNNING)
            await bench.printer.send(SetSpeed(3))
            await bench.until(lambda r: r.speed_level == 3)
            await bench.hands.set_pace(600)
            report = await bench.until(lambda r: r.state is PrinterState.FINISH)
            assert report.subtask_name == name
            assert report.percent == 100
            assert await bench.hands.starts() == 1
        assert {report.subtask_id for report in bench.reports if report.subtask_name == name} == {
            "4711"
        }

    async def test_end_that_nobody_heard_is_found_out(self, bench: Bench) -> None:
        async with bench.connected():
            name = await bench.start()
            await bench.hands.end_unheard()
            ended = await bench.until(lambda r: r.state in FREE_STATES)
        assert ended.subtask_name == name
        assert ended.state is PrinterState.FINISH

    async def test_stopped_print_is_told_from_a_failed_one(self, bench: Bench) -> None:
        async with bench.connected():
            name = await bench.start()
            await bench.printer.send(Stop())
            await bench.until(lambda r: r.state in FREE_STATES)
        kinds = {f.kind for r in bench.reports if r.subtask_name == name for f in r.faults}
        assert FaultKind.CANCELLED in kinds
        assert FaultKind.ERROR not in kinds

    async def test_light(self, bench: Bench) -> None:
        async with bench.connected():
            for on in (False, True):
                await bench.printer.send(SetLight(on))
                await bench.until(lambda r, on=on: r.light_on is on)  # type: ignore[misc]

    async def test_cut_connection_is_made_again(self, bench: Bench) -> None:
        async with bench.connected():
            session = bench.reports[-1].session
            await bench.hands.cut_connections()
            await bench.until(lambda r: r.session != session)

    async def test_camera(self, bench: Bench) -> None:
        for _ in range(2):
            async with aclosing(bench.printer.pictures()) as pictures:
                picture = await anext(pictures)
            assert picture.startswith(b"\xff\xd8")
            assert picture.endswith(b"\xff\xd9")


@pytest.mark.timeout(240)
class PowerContract:
    """What a power cut leaves; it takes as long as the session's patience."""

    async def test_session_comes_back_and_nothing_is_sent_late(self, bench: Bench) -> None:
        async with bench.connected():
            session = bench.reports[-1].session
            await bench.hands.power(on=False)

            async def is_away() -> bool:
                return not bench.is_online

            await eventually(is_away, within_s=WITHIN_S)
            with pytest.raises(PrinterUnreachable):
                await bench.printer.send(Start(1, "late", FILE, bench.gcode_path, False, (-1,)))
            await bench.hands.power(on=True)
            report = await bench.until(lambda r: r.session != session)
            assert report.subtask_name != "late"
            await bench.printer.refresh()
            assert await bench.hands.starts() == 0
        assert all(isinstance(error, PrinterUnreachable) for error in bench.errors)
