"""How often a session asks for a full report: each one slows the printer. [K OBA]"""

import asyncio
import json
from itertools import count, pairwise
from typing import Any, cast

import aiomqtt
import pytest

from edge.bambu import session as sessions
from edge.bambu.capture import Recorder
from edge.bambu.session import FULL_REPORT_TIMEOUT_S, PUSH_ALL_EVERY_S, Session
from edge.bambu.watchdog import UNANSWERED_S, Watchdog
from edge.printer import Pause, PrinterListener, PrinterUnreachable
from tests.unit.edge.builders import SERIAL, FakeClock


class Line:
    """Takes what is published, and tells what a printer says."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.said: asyncio.Queue[aiomqtt.Message] = asyncio.Queue()

    @property
    def messages(self) -> "Line":
        return self

    def __aiter__(self) -> "Line":
        return self

    async def __anext__(self) -> aiomqtt.Message:
        return await self.said.get()

    def say(self, **body: object) -> None:
        """Have the printer report."""
        payload = json.dumps({"print": {"command": "push_status", **body}}).encode()
        self.said.put_nowait(aiomqtt.Message("t", payload, 0, False, 1, None))

    def commands(self) -> list[str]:
        """Return the commands that were published."""
        return [body["command"] for message in self.sent for body in message.values()]

    async def publish(self, topic: str, payload: bytes, **_: object) -> None:
        assert topic == f"device/{SERIAL}/request"
        self.sent.append(json.loads(payload))

    async def subscribe(self, topic: str, **_: object) -> None:
        assert topic == f"device/{SERIAL}/report"


class Quiet:
    """Keeps nothing."""

    def write(self, direction: str, payload: bytes) -> None:
        del direction, payload


class Listener:
    """Hears nothing of it."""

    def on_report(self, report: object) -> None:
        del report

    def on_echo(self, echo: object) -> None:
        del echo


LISTENER = cast("PrinterListener", Listener())


def session_on(line: Line, clock: FakeClock, watchdog: Watchdog | None = None) -> Session:
    return Session(
        SERIAL,
        cast("aiomqtt.Client", line),
        clock,
        cast("Recorder", Quiet()),
        (str(n) for n in count(1)),
        lambda: False,
        watchdog or Watchdog(),
    )


async def test_a_printer_that_sends_no_full_report_is_asked_once_more_and_then_rarely() -> None:
    line, clock = Line(), FakeClock()
    session = session_on(line, clock)
    await session.open()
    asked = []
    for _ in range(int(3 * PUSH_ALL_EVERY_S)):
        clock.boot_s += 1
        before = len(line.sent)
        await session._ask_full_if_missing()
        asked += [clock.boot_s - 1000] * (len(line.sent) - before)
    assert [next(iter(message)) for message in line.sent[:2]] == ["info", "pushing"]
    assert asked[0] == 2 * FULL_REPORT_TIMEOUT_S + 1
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert gaps
    assert min(gaps) > PUSH_ALL_EVERY_S


async def test_a_full_report_that_is_under_way_is_waited_for_and_not_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "FULL_REPORT_TIMEOUT_S", 0.01)
    line, clock = Line(), FakeClock()
    session = session_on(line, clock)
    await session.open()
    for _ in range(3):
        with pytest.raises(PrinterUnreachable):
            await session.fresh_report(30)
        clock.boot_s += 10
    assert line.commands().count("pushall") == 1
    clock.boot_s += sessions.ASK_AGAIN_S
    with pytest.raises(PrinterUnreachable):
        await session.fresh_report(30)
    assert line.commands().count("pushall") == 2


async def test_silence_ends_sessions_and_costs_one_full_report_for_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "SILENCE_S", 0.01)
    clock, watchdog, asked = FakeClock(), Watchdog(), []
    for _ in range(3):
        line = Line()
        session = session_on(line, clock, watchdog)
        await session.open()
        line.say(msg=0, gcode_state="IDLE")
        with pytest.raises(PrinterUnreachable, match="stopped reporting"):
            await session.listen(LISTENER)
        asked.append(line.commands())
        clock.boot_s += 90
    assert asked[0] == ["get_version", "pushall", "start", "pushall"]
    assert asked[1:] == [["get_version", "pushall", "start"]] * 2


async def test_a_session_that_reports_and_takes_no_orders_is_ended() -> None:
    line, clock = Line(), FakeClock()
    session = session_on(line, clock)
    await session.open()
    await session.order(Pause())
    line.say(msg=0, gcode_state="RUNNING")
    listening = asyncio.create_task(session.listen(LISTENER))
    await asyncio.sleep(0)
    assert not listening.done()
    clock.boot_s += UNANSWERED_S + 1
    line.say(msg=1, mc_percent=3)
    with pytest.raises(PrinterUnreachable, match="takes no orders"):
        await listening


async def test_reports_that_were_missed_cost_one_full_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "SILENCE_S", 0.01)
    line = Line()
    session = session_on(line, FakeClock())
    await session.open()
    line.say(msg=0, sequence_id="10", gcode_state="RUNNING")
    for number in ("11", "14", "17"):
        line.say(msg=1, sequence_id=number, nozzle_temper=30)
    with pytest.raises(PrinterUnreachable, match="stopped reporting"):
        await session.listen(LISTENER)
    assert line.commands() == ["get_version", "pushall", "pushall", "start"]
