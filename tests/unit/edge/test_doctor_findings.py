"""What the doctor makes of a conversation: one case, one finding."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from contracts.loaded import Loaded
from edge.bambu.codes.decode import error_fault
from edge.doctor.conversation import Control, Conversation, Login
from edge.doctor.discovery import Announcements, read_announcement
from edge.doctor.findings import Chart, Check, Finding, Outcome, Unknown
from edge.doctor.listening import read_conversation
from edge.doctor.patience import Patience
from edge.doctor.subject import Subject
from edge.printer import PrinterReport, PrinterState
from edge.settings import PrinterSettings
from edge.simulator.discovery import announcement
from runtime.clock import SystemClock
from tests.unit.edge.builders import P1S, report

SERIAL = "01P00A391800001"
SUBJECT = Subject(
    PrinterSettings(name="Left", ip="192.0.2.7", serial=SERIAL, access_code=SecretStr("80421753")),
    None,
    Path("scratch"),
    lambda: False,
    SystemClock(),
    Patience(),
    Announcements(within_s=0),
)


def chart_of(talk: Conversation) -> Chart:
    chart = Chart()
    read_conversation(chart, SUBJECT, talk)
    return chart


def finding(check: Check, talk: Conversation) -> Finding:
    return next(found for found in chart_of(talk).findings if found.check is check)


def welcome(told: PrinterReport, *, control: Control = Control.OBEYS) -> Conversation:
    return Conversation(Login.WELCOME, report=told, control=control)


def healthy(state: PrinterState = PrinterState.IDLE, **changes: object) -> PrinterReport:
    return report(state, firmware="01.08.02.00", **changes)


class TestFirmware:
    @pytest.mark.parametrize(
        ("told", "outcome", "word"),
        [
            (healthy(), Outcome.OK, "a P1S"),
            (healthy(loaded=P1S.model_copy(update={"model": "C11"})), Outcome.OK, "a P1P"),
            (healthy(loaded=Loaded(model="X1", nozzle_mm=None, has_ams=False, filaments=())),
             Outcome.FAILED, "X1"),
            (report(firmware=None), Outcome.FAILED, "doesn't say"),
            (healthy(is_updating=True), Outcome.FAILED, "updating"),
        ],
    )  # fmt: skip
    def test_what_is_said_of_it(self, told: PrinterReport, outcome: Outcome, word: str) -> None:
        found = finding(Check.FIRMWARE, welcome(told))
        assert found.outcome is outcome
        assert word in found.text


class TestOrders:
    def test_an_old_firmware_that_was_not_asked_needs_no_developer_mode(self) -> None:
        told = report(firmware="01.07.00.00")
        found = finding(Check.ORDERS, welcome(told, control=Control.NOT_ASKED))
        assert found.outcome is Outcome.OK

    def test_a_printer_at_work_that_has_refused_before_is_known_to_refuse(self) -> None:
        refusal = error_fault(84033543)
        assert refusal is not None
        told = healthy(PrinterState.RUNNING, faults=(refusal,))
        found = finding(Check.ORDERS, welcome(told, control=Control.NOT_ASKED))
        assert found.outcome is Outcome.FAILED
        assert "Developer Mode" in str(found.advice)

    @pytest.mark.parametrize("control", [Control.SILENT, Control.REFUSES])
    def test_what_does_not_obey_is_a_failure(self, control: Control) -> None:
        assert finding(Check.ORDERS, welcome(healthy(), control=control)).outcome is Outcome.FAILED


class TestConnection:
    def test_a_connection_that_is_cut_is_told_though_it_brought_a_report(self) -> None:
        talk = welcome(healthy())
        talk.was_cut = True
        assert finding(Check.MESSAGES, talk).outcome is Outcome.FAILED

    def test_a_connection_that_breaks_before_the_login_is_told(self) -> None:
        talk = Conversation(Login.BROKEN, reason="broken pipe")
        assert "broken pipe" in finding(Check.ACCESS_CODE, talk).text
        assert finding(Check.CARD, talk).outcome is Outcome.SKIPPED


class TestCondition:
    @pytest.mark.parametrize("state", [s for s in PrinterState if s is not PrinterState.UNKNOWN])
    def test_every_state_has_words(self, state: PrinterState) -> None:
        assert finding(Check.CONDITION, welcome(healthy(state))).outcome is Outcome.OK

    def test_a_state_that_nobody_knows_asks_for_a_report(self) -> None:
        found = finding(Check.CONDITION, welcome(healthy(PrinterState.UNKNOWN)))
        assert "--report" in str(found.advice)

    def test_a_notice_is_no_failure(self) -> None:
        notice = error_fault(0x03001234)
        assert notice is not None
        assert finding(Check.CONDITION, welcome(healthy(faults=(notice,)))).outcome is Outcome.OK

    def test_only_a_surely_free_printer_is_at_rest(self) -> None:
        at_rest = {s for s in PrinterState if welcome(healthy(s)).is_at_rest}
        assert at_rest == {PrinterState.IDLE, PrinterState.FINISH, PrinterState.FAILED}
        assert not welcome(healthy(is_updating=True)).is_at_rest
        assert not Conversation(Login.WELCOME).is_at_rest

    def test_a_free_printer_that_this_node_has_a_job_for_is_left_alone(self) -> None:
        talk = welcome(healthy(), control=Control.NOT_ASKED)
        talk.has_job = True
        assert not talk.is_at_rest
        assert finding(Check.ORDERS, talk).outcome is Outcome.SKIPPED


class TestAnswers:
    def test_what_is_left_of_the_last_print_is_named(self) -> None:
        talk = welcome(healthy(PrinterState.FINISH))
        talk.state = {"subtask_name": "layerline-7", "subtask_id": "0", "gcode_file": ""}
        assert chart_of(talk).answers[Unknown.LAST_OUTCOME] == "subtask_name"

    def test_an_idle_printer_answers_nothing_about_outcomes(self) -> None:
        assert Unknown.LAST_OUTCOME not in chart_of(welcome(healthy())).answers


class TestAnnouncement:
    def test_the_printers_own_is_read(self) -> None:
        datagram = announcement(
            "192.0.2.9", SERIAL, "Left", firmware="01.08.02.00", mode="lan+developer"
        )
        assert read_announcement(datagram, SERIAL) == "192.0.2.9"
        assert read_announcement(datagram, "01P00A391800002") is None

    @pytest.mark.parametrize("location", ["", "evil; rm -rf", "http://192.0.2.9/"])
    def test_an_address_that_is_none_is_not_repeated(self, location: str) -> None:
        datagram = f"NOTIFY * HTTP/1.1\r\nLocation: {location}\r\nUSN: {SERIAL}\r\n\r\n"
        assert read_announcement(datagram.encode(), SERIAL) is None

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.binary(max_size=300))
    def test_any_datagram_is_survived(self, datagram: bytes) -> None:
        assert read_announcement(datagram, SERIAL) is None
