"""What goes out on the report topic, when, and how it may be spoiled on the way."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from edge.simulator.recording import Recorder
from edge.simulator.report import encode
from edge.simulator.switches import Switches

BAD_UTF8 = b'"ipcam_name":"\xc3\x28",'


class Outbox:
    """Messages that wait for their time; None stands for a full report. Pure."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, dict[str, Any] | None]] = []
        self._order = count()

    def put(self, due_s: float, message: dict[str, Any] | None) -> None:
        """Add a message; those of one time keep their order."""
        heapq.heappush(self._waiting, (due_s, next(self._order), message))

    def due(self, now_s: float) -> list[dict[str, Any] | None]:
        """Take out what has come due."""
        found: list[dict[str, Any] | None] = []
        while self._waiting and self._waiting[0][0] <= now_s:
            found.append(heapq.heappop(self._waiting)[2])
        return found

    def next_due_s(self) -> float | None:
        """Return when the next one is due."""
        return self._waiting[0][0] if self._waiting else None

    def clear(self) -> None:
        """Forget all, as when the power goes."""
        self._waiting.clear()


class Sender:
    """Publishes messages and records what was really said."""

    def __init__(
        self,
        publish: Callable[[bytes], None],
        recorder: Recorder,
        now_s: Callable[[], float],
        switches: Callable[[], Switches],
    ) -> None:
        self._publish, self._recorder = publish, recorder
        self._now_s, self._switches = now_s, switches
        self._held: bytes | None = None

    def send_echo(self, message: dict[str, Any]) -> None:
        """Send an answer to a request."""
        switches = self._switches()
        if not switches.echo_is_lost and not switches.reports_stall:
            self._say(encode(message))

    def send_report(self, message: dict[str, Any]) -> None:
        """Send a push_status."""
        switches = self._switches()
        if switches.reports_stall:
            return
        payload = encode(message)
        if switches.report_has_bad_utf8:
            payload = payload.replace(b'"command":"push_status"', BAD_UTF8 + _COMMAND, 1)
        if switches.reports_are_swapped and self._held is None:
            self._held = payload
            return
        self._say(payload)
        if switches.report_is_doubled:
            self._say(payload)
        if self._held is not None:
            late, self._held = self._held, None
            self._say(late)

    def _say(self, payload: bytes) -> None:
        self._recorder.write("report", payload, self._now_s())
        self._publish(payload)


_COMMAND = b'"command":"push_status"'
