"""A capture told again: what the driver would have decided, and when."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.bambu.codes.decode import error_fault
from edge.replay.captured import Entry, Missing, NotACapture, Said, Unreadable, read_captures
from edge.replay.command import replay_files
from edge.replay.moments import Decision, Kind, Moment, Timeline
from edge.replay.replaying import replay
from edge.timing import Timing

SERIAL = "01P00A391800001"
BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
SID, NAME = 184467, "layerline-184467"
OURS: dict[str, Any] = {"subtask_name": NAME, "subtask_id": str(SID)}
CANCELLED, CLOGGED, REFUSED = 0x0300400C, 0x03004006, 84033543


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def asked(seconds: float, kind: str, command: str, **fields: object) -> Said:
    body = {"sequence_id": "20011", "command": command, **fields}
    return Said(at(seconds), is_request=True, payload=json.dumps({kind: body}).encode())


def connected(seconds: float) -> Said:
    return asked(seconds, "info", "get_version")


def told(seconds: float, *, full: bool = False, **fields: object) -> Said:
    body = {"command": "push_status", "msg": 0 if full else 1, "sequence_id": "7", **fields}
    return Said(at(seconds), is_request=False, payload=json.dumps({"print": body}).encode())


def full(seconds: float, state: str, **fields: object) -> Said:
    return told(seconds, full=True, gcode_state=state, sdcard=True, **fields)


def echo(seconds: float, **fields: object) -> Said:
    body = {"command": "project_file", "sequence_id": "20011", **fields}
    return Said(at(seconds), is_request=False, payload=json.dumps({"print": body}).encode())


def ordered(seconds: float, *, sid: str = str(SID), name: str = NAME) -> Said:
    return asked(seconds, "print", "project_file", subtask_id=sid, subtask_name=name)


START = (connected(0), full(1, "IDLE", subtask_name="", subtask_id="0"), ordered(10))


def timeline(*entries: Entry) -> Timeline:
    return replay(entries, serial=SERIAL, timing=Timing())


def decisions(*entries: Entry) -> list[tuple[float, Decision]]:
    return [
        ((moment.at - BEGIN).total_seconds(), moment.decision)
        for moment in timeline(*entries).moments
        if moment.decision is not None
    ]


def last(*entries: Entry) -> Moment:
    return [m for m in timeline(*entries).moments if m.decision is not None][-1]


class TestDecisions:
    def test_a_print_from_start_to_end(self) -> None:
        assert decisions(
            *START,
            told(12, gcode_state="PREPARE", **OURS),
            told(20, gcode_state="RUNNING"),
            told(900, gcode_state="FINISH"),
        ) == [
            (10, Decision.SENT),
            (12, Decision.STARTED),
            (900, Decision.DONE),
        ]

    def test_a_pause_and_what_it_says(self) -> None:
        entries = (
            *START,
            told(12, gcode_state="RUNNING", **OURS),
            told(60, gcode_state="PAUSE", print_error=0x07FF8011),
            told(90, gcode_state="RUNNING", print_error=0),
        )
        assert [decision for _, decision in decisions(*entries)] == [
            Decision.SENT,
            Decision.STARTED,
            Decision.PAUSED,
            Decision.RESUMED,
        ]
        pause = next(m for m in timeline(*entries).moments if m.decision is Decision.PAUSED)
        assert pause.code == "07FF-8011"

    def test_a_cancel_is_told_from_a_failure_by_its_code(self) -> None:
        begun = (*START, told(12, gcode_state="RUNNING", **OURS))
        cancelled = (told(50, print_error=CANCELLED), told(51, gcode_state="FAILED"))
        assert last(*begun, *cancelled).decision is Decision.CANCELLED
        failed = last(*begun, told(50, print_error=CLOGGED), told(51, gcode_state="FAILED"))
        assert (failed.decision, failed.code) == (Decision.FAILED, "0300-4006")

    def test_a_stop_that_we_asked_for_makes_a_bare_failure_a_cancel(self) -> None:
        begun = (*START, told(12, gcode_state="RUNNING", **OURS))
        end = told(51, gcode_state="FAILED")
        assert last(*begun, end).decision is Decision.FAILED
        assert last(*begun, asked(50, "print", "stop"), end).decision is Decision.CANCELLED

    def test_an_error_from_before_the_start_is_not_the_prints(self) -> None:
        entries = (
            connected(0),
            full(1, "FAILED", print_error=CANCELLED, subtask_name="old", subtask_id="3"),
            ordered(10),
            told(12, gcode_state="RUNNING", **OURS),
            told(60, gcode_state="FAILED"),
        )
        assert last(*entries).decision is Decision.FAILED

    def test_a_refusal_is_decided_when_its_time_has_passed(self) -> None:
        refused = echo(11, result="failed", reason="verify failed", err_code=REFUSED)
        found = decisions(*START, refused, told(100, wifi_signal="-40dBm"))
        assert [decision for _, decision in found] == [Decision.SENT, Decision.FAILED]
        assert found[1][0] == pytest.approx(20, abs=0.1)
        assert "Developer Mode" in str(last(*START, refused, told(100)).advice)

    def test_a_start_that_is_never_seen_needs_a_person(self) -> None:
        found = decisions(*START, echo(11, result="success"), told(1000, wifi_signal="-40dBm"))
        seconds, decision = found[-1]
        assert decision is Decision.ATTENTION
        assert seconds == pytest.approx(310, abs=0.1)

    def test_evidence_that_comes_late_counts(self) -> None:
        found = decisions(
            *START,
            told(1000, gcode_state="RUNNING", **OURS),
            told(2000, gcode_state="FINISH"),
        )
        assert [decision for _, decision in found[-3:]] == [
            Decision.ATTENTION,
            Decision.STARTED,
            Decision.DONE,
        ]

    def test_somebody_elses_print_in_the_middle_needs_a_person(self) -> None:
        moment = last(
            *START,
            told(12, gcode_state="RUNNING", **OURS),
            full(60, "RUNNING", subtask_name="benchy", subtask_id="9"),
        )
        assert moment.decision is Decision.ATTENTION
        assert "benchy" in moment.text

    def test_a_print_that_ends_while_nobody_listens_is_done_after_all(self) -> None:
        found = decisions(
            *START,
            told(12, gcode_state="RUNNING", **OURS),
            connected(500),
            full(501, "FINISH", **OURS),
        )
        assert found[-1] == (501, Decision.DONE)

    def test_an_old_finish_is_no_start(self) -> None:
        found = decisions(
            connected(0),
            full(1, "FINISH", subtask_name="old", subtask_id="3"),
            ordered(10),
            told(12, **OURS),
            told(14, gcode_state="PREPARE"),
        )
        assert found == [(10, Decision.SENT), (14, Decision.STARTED)]

    def test_a_foreign_programs_print_is_known_by_the_name_it_gave(self) -> None:
        found = decisions(
            *START[:2],
            ordered(10, sid="0", name="benchy"),
            told(12, gcode_state="RUNNING", subtask_name="benchy", subtask_id="0"),
            told(60, gcode_state="FINISH"),
        )
        assert found[-1] == (60, Decision.DONE)

    def test_a_start_without_a_report_before_it_is_not_judged(self) -> None:
        found = timeline(connected(0), ordered(10), full(12, "RUNNING", **OURS))
        assert any("nothing is decided" in moment.text for moment in found.moments)


class TestTimeline:
    def test_deltas_before_a_full_report_say_nothing(self) -> None:
        found = timeline(connected(0), told(1, gcode_state="RUNNING", **OURS))
        assert [moment.kind for moment in found.moments] == [Kind.SESSION]

    def test_what_always_changes_is_no_moment(self) -> None:
        quiet = [told(n, nozzle_temper=20.0 + n, wifi_signal=f"-{n}dBm") for n in range(2, 40)]
        assert timeline(*START[:2], *quiet).moments == timeline(*START[:2]).moments

    def test_the_bed_is_occupied_by_any_print(self) -> None:
        found = timeline(connected(0), full(1, "RUNNING", subtask_name="benchy"))
        assert any(
            moment.kind is Kind.BED and "occupied" in moment.text for moment in found.moments
        )

    def test_a_gap_and_a_bad_line_are_told(self) -> None:
        found = timeline(connected(0), Missing(at(1), 12), Unreadable(3))
        assert [m.kind for m in found.moments] == [Kind.SESSION, Kind.GAP, Kind.UNREADABLE]
        assert (found.count.lost, found.count.unreadable) == (12, 1)

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.dictionaries(
                st.sampled_from(
                    [
                        "gcode_state",
                        "subtask_name",
                        "subtask_id",
                        "print_error",
                        "hms",
                        "msg",
                        "ams",
                    ]
                ),
                st.sampled_from(
                    ["RUNNING", "FINISH", "FAILED", "PAUSE", NAME, str(SID), 0, 1, -1, None, [], {}]
                ),
            ),
            max_size=12,
        )
    )
    def test_whatever_a_printer_says_is_told(self, bodies: list[dict[str, Any]]) -> None:
        said = [told(20 + n * 40, **body) for n, body in enumerate(bodies)]
        found = [m.decision for m in timeline(*START, *said).moments if m.decision is not None]
        assert found.count(Decision.SENT) == 1
        ends = [d for d in found if d in {Decision.DONE, Decision.CANCELLED, Decision.FAILED}]
        assert len(ends) <= 1
        assert not ends or found[-1] is ends[0]


class TestFiles:
    def write(self, path: Path, *entries: Said) -> None:
        lines = [
            json.dumps(
                {
                    "at": entry.at.isoformat(),
                    "dir": "request" if entry.is_request else "report",
                    "payload": entry.payload.decode(),
                }
            )
            for entry in entries
        ]
        path.write_text("\n".join(lines) + "\n")

    def test_rotated_files_are_one_story(self, tmp_path: Path) -> None:
        older, newer = tmp_path / f"{SERIAL}.1.jsonl", tmp_path / f"{SERIAL}.jsonl"
        self.write(older, *START, told(12, gcode_state="RUNNING", **OURS))
        self.write(newer, told(900, gcode_state="FINISH"))
        document = json.loads(replay_files([older, newer], as_json=True))
        assert document["last_decisions"] == {NAME: "done"}
        assert document["count"]["reports"] == 3

    def test_the_text_is_a_timeline(self, tmp_path: Path) -> None:
        path = tmp_path / f"{SERIAL}.jsonl"
        self.write(
            path,
            *START,
            told(12, gcode_state="RUNNING", **OURS),
            told(50, print_error=CLOGGED),
            told(51, gcode_state="FAILED"),
        )
        fault = error_fault(CLOGGED)
        assert fault is not None
        assert replay_files([path], as_json=False) == (
            "2026-03-01 (UTC)\n"
            "\n"
            "12:00:00.0  ⇄ connected\n"
            "12:00:01.0    IDLE\n"
            "12:00:10.0  ● layerline-184467: sent to the printer\n"
            "12:00:12.0    RUNNING “layerline-184467”\n"
            "12:00:12.0    the bed is occupied: The printer is printing.\n"
            "12:00:12.0  ● layerline-184467: started\n"
            f"12:00:50.0  ! 0300-4006: {fault.text}\n"
            f"              → {fault.advice}\n"
            "12:00:51.0    FAILED “layerline-184467”\n"
            f"12:00:51.0  ● layerline-184467: failed: {fault.text} [0300-4006]\n"
            f"              → {fault.advice}\n"
            "\n"
            "4 reports (1 full), 2 requests; connected 1 times.\n"
            "layerline-184467: failed.\n"
        )

    @pytest.mark.parametrize(
        "content", ["", "\n", "nothing\n", '{"dir": "report"}\n', "[" * 10_000]
    )
    def test_what_is_no_capture_is_said_so(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "other.txt"
        path.write_text(content)
        with pytest.raises(NotACapture, match="no line of a capture"):
            list(read_captures([path]))

    def test_one_bad_line_spoils_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / f"{SERIAL}.jsonl"
        self.write(path, *START)
        path.write_text('{"torn": ' + "\n" + path.read_text())
        entries = list(read_captures([path]))
        assert isinstance(entries[0], Unreadable)
        assert len(entries) == 4
