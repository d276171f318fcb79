"""Feeding a capture to the driver's pure parts: merge, reading, evidence, bed."""

from collections.abc import Iterable
from datetime import datetime

from contracts.lifecycle import BedState
from edge.bambu.messages import Json, Version, parse_message, parse_version
from edge.bambu.report import FULL, Stamp, merge, read_echo, read_report
from edge.evidence import judge_bed
from edge.printer import PrinterReport
from edge.replay.captured import Entry, Missing, Said, Unreadable
from edge.replay.moments import Count, Decision, Kind, Moment, Timeline
from edge.replay.watching import CapturedIdentity, Order, Watch
from edge.timing import Timing

_QUIET = frozenset({"get_version", "pushall", "start"})
"""Requests that ask and don't change anything."""


def replay(entries: Iterable[Entry], *, serial: str, timing: Timing) -> Timeline:
    """Return what the driver would have seen and decided."""
    replayer = Replayer(serial, timing)
    for entry in entries:
        replayer.take(entry)
    return replayer.timeline()


class Replayer:
    """The state of one printer while its capture is read."""

    def __init__(self, serial: str, timing: Timing) -> None:
        self._serial, self._timing = serial, timing
        self._moments: list[Moment] = []
        self._count = Count()
        self._state: Json = {}
        self._version = Version(firmware=None, model=None)
        self._full_at: float | None = None
        self._report: PrinterReport | None = None
        self._bed = BedState.UNKNOWN
        self._watches: list[Watch] = []

    def take(self, entry: Entry) -> None:
        """Take the next line."""
        match entry:
            case Unreadable(number):
                self._count.unreadable += 1
                at = self._moments[-1].at if self._moments else None
                if at is not None:
                    self._tell(at, Kind.UNREADABLE, f"line {number} can't be read")
            case Missing(at, count):
                self._count.lost += count
                self._tell(at, Kind.GAP, f"{count} messages are missing: the disk was full")
            case Said():
                self._take_message(entry)

    def timeline(self) -> Timeline:
        """Return everything so far."""
        last = {watch.name: watch.decision for watch in self._watches}
        return Timeline(tuple(self._moments), self._count, last)

    def _take_message(self, said: Said) -> None:
        for watch in self._watches:
            self._moments += watch.pass_time(said.at)
        if said.is_request:
            self._count.requests += 1
        else:
            self._count.reports += 1
        message = parse_message(said.payload)
        if message is None:
            self._count.unreadable += 1
            self._tell(said.at, Kind.UNREADABLE, "a message that can't be read")
            return
        for body in message.values():
            if isinstance(body, dict):
                self._take_body(body, said)

    def _take_body(self, body: Json, said: Said) -> None:
        command = body.get("command")
        if said.is_request:
            self._take_request(body, str(command), said.at)
        elif command == "push_status":
            self._take_status(body, said.at)
        elif command == "get_version" and "module" in body:
            self._version = parse_version(body)
        else:
            self._take_echo(body, str(command), said.at)

    # --- what was asked ---

    def _take_request(self, body: Json, command: str, at: datetime) -> None:
        if command == "get_version":
            self._begin_session(at)
        elif command == "project_file":
            self._take_order(body, at)
        elif command not in _QUIET:
            self._tell(at, Kind.REQUEST, f"asked: {command}{_parameter(body)}")
            if command == "stop":
                for watch in self._watches:
                    watch.take_stop()

    def _begin_session(self, at: datetime) -> None:
        """A driver asks for the version when it connects, and only then."""
        self._count.sessions += 1
        self._state, self._full_at, self._report = {}, None, None
        for watch in self._watches:
            watch.take_break()
        self._tell(at, Kind.SESSION, "connected")

    def _take_order(self, body: Json, at: datetime) -> None:
        sid = str(body.get("subtask_id", ""))
        identity = CapturedIdentity(
            sid=int(sid) if sid.isdecimal() else 0,
            given_name=str(body.get("subtask_name", "")) or "a print without a name",
        )
        self._moments.append(
            Moment(
                at,
                Kind.DECISION,
                f"{identity.name}: sent to the printer",
                Decision.SENT,
                identity.name,
            )
        )
        if self._report is None:
            self._tell(at, Kind.REQUEST, "nothing is decided about it: no report came before it")
            return
        order = Order(at, identity, str(body.get("sequence_id", "")))
        self._watches.append(Watch(order, self._report, self._timing))

    # --- what the printer said ---

    def _take_echo(self, body: Json, command: str, at: datetime) -> None:
        echo = read_echo(body, self._session)
        if echo is None:
            return
        if echo.is_failure:
            code = echo.fault.code if echo.fault else None
            advice = echo.fault.advice if echo.fault else None
            text = f"refused: {command} ({echo.reason or 'no reason given'})"
            self._moments.append(Moment(at, Kind.ECHO, text, code=code, advice=advice))
        for watch in self._watches:
            self._moments += watch.take_echo(echo, at)

    def _take_status(self, body: Json, at: datetime) -> None:
        is_full = body.get("msg") == FULL
        self._count.full_reports += is_full
        self._state = merge(self._state, body)
        seconds = at.timestamp()
        if is_full:
            self._full_at = seconds
        if self._full_at is None:
            return  # a delta alone says nothing about the keys that it leaves out
        stamp = Stamp(self._session, seconds, self._full_at, is_full)
        try:
            report = read_report(self._state, stamp, serial=self._serial, version=self._version)
        except ValueError as exc:
            self._count.unreadable += 1
            self._tell(at, Kind.UNREADABLE, f"a report that can't be read: {str(exc)[:200]}")
            return
        self._compare(report, at)
        self._judge_bed(report, at)
        self._report = report
        for watch in self._watches:
            self._moments += watch.take_report(report, at)

    def _compare(self, report: PrinterReport, at: datetime) -> None:
        """Tell what is new in a report, but for readings that always change."""
        before = self._report
        words = _state_words(report)
        if before is None or words != _state_words(before):
            self._tell(at, Kind.STATE, words)
        old = before.codes if before is not None else frozenset()
        for fault in report.faults:
            if fault.code not in old:
                self._moments.append(
                    Moment(
                        at,
                        Kind.FAULT,
                        f"{fault.code}: {fault.text}",
                        code=fault.code,
                        advice=fault.advice,
                    )
                )
        for code in sorted(old - report.codes):
            self._moments.append(Moment(at, Kind.FAULT_GONE, f"{code} is gone", code=code))

    def _judge_bed(self, report: PrinterReport, at: datetime) -> None:
        is_known = any(watch.is_in(report) for watch in self._watches)
        verdict = judge_bed(self._bed, report, is_known_print=is_known)
        if verdict is not None:
            self._bed = verdict.state
            self._tell(at, Kind.BED, f"the bed is {verdict.state.value}: {verdict.reason}")

    @property
    def _session(self) -> str:
        return str(self._count.sessions)

    def _tell(self, at: datetime, kind: Kind, text: str) -> None:
        self._moments.append(Moment(at, kind, text))


def _state_words(report: PrinterReport) -> str:
    name = f" “{report.subtask_name}”" if report.subtask_name else ""
    stage = f", {report.stage}" if report.stage else ""
    card = "" if report.has_storage else ", no memory card"
    updating = ", updating its firmware" if report.is_updating else ""
    return f"{report.state.value}{name}{stage}{card}{updating}"


def _parameter(body: Json) -> str:
    value = body.get("param", body.get("led_mode", ""))
    return f" {value}" if value not in {"", None} and isinstance(value, str | int) else ""
