"""What the conversation means to a person: access code, messages, firmware, orders, card."""

from edge.bambu.codes.decode import VERIFICATION_FAILED
from edge.doctor.conversation import Control, Conversation, Login, shows_refusal
from edge.doctor.findings import Chart, Check, Finding, Unknown, bad, good, skipped
from edge.doctor.subject import Subject
from edge.printer import FaultKind, PrinterReport, PrinterState

NEWEST_SEEN = "01.10.00.00"
_NEEDS_DEVELOPER_MODE = (1, 8, 2)
"""From this firmware on the P1 takes orders in Developer Mode only. [K PND#310]"""
_MODELS = {"C12": "a P1S", "C11": "a P1P"}
_WRONG_CODE = (
    "Read the access code on the printer's screen (Settings, Network, or WLAN) and set it as "
    "BAMBU_ACCESS_CODE. It has 8 characters, and the printer makes a new one whenever LAN Only "
    "Mode or Developer Mode is switched."
)
_TOO_MANY = (
    "A printer takes only a few connections at once. Close what else speaks with it (Bambu "
    "Studio, OrcaSlicer, Home Assistant, a second Layerline node; this node's own service needs "
    "one too) and try again; if nothing else does, switch the printer off and on."
)
_SILENT = (
    "Check that BAMBU_SERIAL is right to the letter. Then switch the printer off, wait ten "
    "seconds, and switch it on: some stop reporting until they are restarted."
)
_DEVELOPER_MODE = (
    "On the printer's screen open Settings, then Network, switch on LAN Only Mode and then "
    "Developer Mode. The access code changes by that: set the new one as BAMBU_ACCESS_CODE. "
    "Bambu Handy and the cloud no longer reach the printer then."
)
_INSERT_CARD = (
    "Put a memory card (FAT32) into the printer's slot: jobs are printed from it. If one is in, "
    "push it until it clicks, or try another card."
)
_BUSY = {
    PrinterState.IDLE: "It is idle",
    PrinterState.FINISH: "It is free; the last print ended well",
    PrinterState.FAILED: "It is free; the last print was cancelled or failed",
    PrinterState.PREPARE: "It is preparing a print",
    PrinterState.RUNNING: "It is printing",
    PrinterState.PAUSE: "Its print is paused",
    PrinterState.SLICING: "It is busy",
    PrinterState.UNKNOWN: "It does something that Layerline doesn't know",
}
_TALKED = (Check.FIRMWARE, Check.ORDERS, Check.CONDITION, Check.CARD)


def read_conversation(chart: Chart, subject: Subject, talk: Conversation) -> None:
    """Write down what the conversation showed."""
    chart.add(_login(subject, talk))
    report = talk.report
    if talk.login is not Login.WELCOME:
        chart.add(skipped(Check.MESSAGES, "there was no login"))
    else:
        chart.add(_messages(talk))
    if report is None:
        is_in = talk.login is Login.WELCOME
        for check in _TALKED:
            chart.add(skipped(check, "there is no report" if is_in else "there was no login"))
        return
    chart.report = talk.state
    chart.add(_firmware(report))
    chart.add(_orders(talk, report))
    chart.add(_condition(report))
    chart.add(_card(report))
    _answers(chart, talk, report)


def _login(subject: Subject, talk: Conversation) -> Finding:
    match talk.login:
        case Login.WELCOME:
            return good(Check.ACCESS_CODE, "The printer accepts the access code.")
        case Login.WRONG_CODE:
            text = "The printer refuses the access code."
            return bad(Check.ACCESS_CODE, text, _WRONG_CODE)
        case Login.TOO_MANY:
            text = "The printer takes no further connection now."
            return bad(Check.ACCESS_CODE, text, _TOO_MANY)
        case Login.BROKEN:
            return bad(
                Check.ACCESS_CODE,
                f"The printer ended the connection before it said yes or no ({talk.reason}).",
                _TOO_MANY,
            )


def _messages(talk: Conversation) -> Finding:
    if talk.report is None:
        text = "The printer let us in, but " + (
            "ended the connection without a report." if talk.was_cut else "reports nothing (MQTT)."
        )
        return bad(Check.MESSAGES, text, _TOO_MANY if talk.was_cut else _SILENT)
    if talk.was_cut:
        text = "The printer reports, but ended the connection in the middle."
        return bad(Check.MESSAGES, text, _TOO_MANY)
    return good(Check.MESSAGES, "The printer reports its state (MQTT).")


def _firmware(report: PrinterReport) -> Finding:
    if report.firmware is None:
        return bad(
            Check.FIRMWARE,
            "The printer doesn't say which firmware it has.",
            "Switch the printer off and on, and run the doctor again.",
        )
    if report.is_updating:
        return bad(
            Check.FIRMWARE,
            f"Firmware {report.firmware}; the printer is updating it.",
            "Wait until the update has ended, then run the doctor again.",
        )
    model = _MODELS.get(report.loaded.model)
    if model is None:
        return bad(
            Check.FIRMWARE,
            f"Firmware {report.firmware}, on a model that Layerline doesn't know "
            f"({report.loaded.model}).",
            "Layerline knows the P1S and the P1P. Please send a report (--report) if it is one.",
        )
    text = f"Firmware {report.firmware}, {model}."
    if _version(report.firmware) > _version(NEWEST_SEEN):
        advice = f"Layerline was made with versions up to {NEWEST_SEEN}: newer ones may differ."
        return good(Check.FIRMWARE, text, advice)
    return good(Check.FIRMWARE, text)


def _orders(talk: Conversation, report: PrinterReport) -> Finding:
    match talk.control:
        case Control.OBEYS:
            return good(Check.ORDERS, "The printer takes orders from this network.")
        case Control.REFUSES:
            text = "The printer shows its state to this node, but takes no orders from it."
            return bad(Check.ORDERS, text, _DEVELOPER_MODE)
        case Control.SILENT:
            text = "The printer reports, but did not react to an order."
            return bad(Check.ORDERS, text, "Switch the printer off, wait ten seconds, and on.")
        case Control.NOT_ASKED:
            return _orders_unasked(talk, report)


def _orders_unasked(talk: Conversation, report: PrinterReport) -> Finding:
    if shows_refusal(report):
        text = "The printer shows that it refused an order from this network."
        return bad(Check.ORDERS, text, _DEVELOPER_MODE)
    if not talk.is_at_rest:
        return skipped(Check.ORDERS, talk.why_left_alone)
    if report.firmware is not None and _version(report.firmware) < _NEEDS_DEVELOPER_MODE:
        return good(Check.ORDERS, "This firmware takes orders from the network by itself.")
    return skipped(Check.ORDERS, "the printer doesn't tell its speed setting, the harmless probe")


def _condition(report: PrinterReport) -> Finding:
    words = _BUSY[report.state]
    serious = [
        fault
        for fault in report.faults
        if fault.kind in {FaultKind.ERROR, FaultKind.PAUSE} and fault.code != VERIFICATION_FAILED
    ]
    if serious:
        fault = serious[0]
        return bad(
            Check.CONDITION,
            f"{words}, and it shows an error: {fault.text} ({fault.code})",
            fault.advice or "Look at the printer's screen and close the error there.",
        )
    if report.state is PrinterState.UNKNOWN:
        return bad(Check.CONDITION, f"{words}.", "Please send a report (--report).")
    return good(Check.CONDITION, f"{words}. It shows no error.")


def _card(report: PrinterReport) -> Finding:
    if not report.has_storage:
        return bad(Check.CARD, "The printer has no memory card.", _INSERT_CARD)
    return good(Check.CARD, "A memory card is in.")


def _answers(chart: Chart, talk: Conversation, report: PrinterReport) -> None:
    answers = chart.answers
    answers[Unknown.FIRMWARE] = report.firmware
    if talk.control is not Control.NOT_ASKED:
        answers[Unknown.CONTROL] = talk.control.value
    if talk.acknowledges_qos_1 is not None:
        answers[Unknown.PUBACK] = talk.acknowledges_qos_1
    if report.state in {PrinterState.FINISH, PrinterState.FAILED}:
        told = [
            key
            for key in ("subtask_name", "subtask_id", "task_id", "gcode_file")
            if talk.state.get(key) not in {None, "", "0", 0}
        ]
        answers[Unknown.LAST_OUTCOME] = ", ".join(told) or "no name and no id"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdecimal())
