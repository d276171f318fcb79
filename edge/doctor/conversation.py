"""What a printer says when asked over MQTT: login, version, state, and whether it obeys."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from edge.bambu.codes.decode import VERIFICATION_FAILED
from edge.bambu.messages import Json, get_version
from edge.bambu.session import Session, connect, sequence
from edge.doctor.ear import Ear
from edge.doctor.subject import Subject
from edge.printer import FREE_STATES, PrinterReport, PrinterUnreachable
from runtime.tasks import end

WRONG_CODES = ("00000000", "11111111")
REFUSED_FOR_THE_CODE = frozenset({4, 5})
"""Bad credentials and not authorised. [U] which one a P1S says"""
REFUSED_FOR_NOW = 3
_MQTT_3 = {132: 1, 133: 2, 136: 3, 134: 4, 135: 5}
"""The library tells MQTT 3.1.1's refusals in the numbers of MQTT 5."""
REFUSAL_CODES = frozenset({84033543})
"""0502-4007: Authorization Control. [K BBR, OBA]"""
SPEEDS = range(1, 5)


class Login(StrEnum):
    """How the printer answered to the access code."""

    WELCOME = "welcome"
    WRONG_CODE = "wrong_code"
    TOO_MANY = "too_many"
    BROKEN = "broken"


class Control(StrEnum):
    """Whether the printer obeys this node."""

    OBEYS = "obeys"
    REFUSES = "refuses"
    SILENT = "silent"
    NOT_ASKED = "not_asked"


@dataclass
class Conversation:
    """What came of it."""

    login: Login
    reason: str = ""
    """The library's words for a connection that failed."""
    connack: int | None = None
    report: PrinterReport | None = None
    state: Json = field(default_factory=dict)
    """The merged report as on the wire."""
    was_cut: bool = False
    """The printer ended the connection in the middle."""
    control: Control = Control.NOT_ASKED
    acknowledges_qos_1: bool | None = None
    has_job: bool = False
    """This node is busy with a job for the printer: it may be sending the file just now."""

    @property
    def is_at_rest(self) -> bool:
        """Tell whether the printer is surely not at work."""
        report = self.report
        is_free = report is not None and report.state in FREE_STATES and not report.is_updating
        return is_free and not self.has_job

    @property
    def why_left_alone(self) -> str:
        """Return why a printer that isn't surely at rest is only listened to."""
        if self.has_job:
            return "this node is busy with a job for it, and that is not to be disturbed"
        if self.report is None:
            return "it may be at work, and that is not to be disturbed"
        return "the printer is at work, and that is not to be disturbed"


async def converse(subject: Subject, context: ssl.SSLContext) -> Conversation:
    """Log in, listen, and ask what disturbs nothing."""
    found = Conversation(Login.BROKEN, has_job=subject.has_job())
    try:
        async with _session(subject, context) as (session, ear):
            found.login = Login.WELCOME
            await _talk(subject, session, ear, found)
    except MqttConnectError as exc:
        return _refused(exc)
    except (aiomqtt.MqttError, TimeoutError, OSError) as exc:
        found.reason = str(exc) or "time-out"
        found.was_cut = True
    return found


async def answer_to_wrong_code(subject: Subject, context: ssl.SSLContext) -> str:
    """Return what the printer answers to a code that isn't its own; one try."""
    wrong = next(code for code in WRONG_CODES if code != subject.code)
    client = connect(
        host=subject.printer.ip,
        port=subject.printer.mqtt_port,
        access_code=wrong,
        context=context,
    )
    try:
        async with client:
            return "welcome"
    except MqttConnectError as exc:
        return f"connack {_connack(exc)}"
    except aiomqtt.MqttError:
        return "closed without an answer"


@asynccontextmanager
async def _session(subject: Subject, context: ssl.SSLContext) -> AsyncIterator[tuple[Session, Ear]]:
    printer, ear = subject.printer, Ear()
    client = connect(
        host=printer.ip, port=printer.mqtt_port, access_code=subject.code, context=context
    )
    async with client:
        session = Session(
            printer.serial, client, subject.clock, ear, sequence(), is_uploading=lambda: False
        )
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(ear.follow(session))
            try:
                yield session, ear
            finally:
                await end([listening])


async def _talk(subject: Subject, session: Session, ear: Ear, found: Conversation) -> None:
    patience = subject.patience
    try:
        await session.open()
        await ear.hears(lambda: ear.report is not None, within_s=patience.report_s)
        await ear.hears(
            lambda: session.version.firmware is not None,
            within_s=patience.answer_s if ear.report is not None else 0,
        )
        found.report, found.state = ear.report, session.state
        if found.is_at_rest:
            found.control = await _control(subject, session, ear)
            found.acknowledges_qos_1 = await _acknowledges(subject, session, ear)
    except (aiomqtt.MqttError, PrinterUnreachable) as exc:
        found.reason = str(exc)
        found.was_cut = True
    found.report = ear.report or found.report
    found.was_cut |= ear.is_over


async def _control(subject: Subject, session: Session, ear: Ear) -> Control:
    """Order the speed that is set already: it changes nothing, and is refused or not."""
    report = ear.report
    if report is None or report.speed_level not in SPEEDS:
        return Control.NOT_ASKED
    if shows_refusal(report):
        return Control.REFUSES
    sequence_id = next(session.sequence)
    body = {
        "sequence_id": sequence_id,
        "command": "print_speed",
        "param": str(report.speed_level),
    }
    await session.publish({"print": body})
    was_answered = await ear.hears(
        lambda: ear.answer_to(sequence_id) is not None, within_s=subject.patience.answer_s
    )
    if not was_answered:
        return Control.SILENT
    return _read_control(ear.answer_to(sequence_id) or {}, ear)


def _read_control(answer: Json, ear: Ear) -> Control:
    is_refusal = (
        answer.get("err_code") in REFUSAL_CODES
        or "verify" in str(answer.get("reason", "")).lower()
        # Outside Developer Mode some refusals are an echo without a result. [K BDY#2732]
        or "result" not in answer
    )
    if is_refusal or (ear.report is not None and shows_refusal(ear.report)):
        return Control.REFUSES
    return Control.OBEYS  # a plain "fail" is one too: an idle printer has no speed to set


def shows_refusal(report: PrinterReport) -> bool:
    """Tell whether the printer shows that it refused an order from the network."""
    return not report.codes.isdisjoint({VERIFICATION_FAILED, "0502-4007"})


async def _acknowledges(subject: Subject, session: Session, ear: Ear) -> bool | None:
    """Tell whether the printer confirms a QoS 1 message; None if it didn't even obey it.

    The last thing said on a connection: what stays unconfirmed is forgotten with it.
    """
    sequence_id = next(session.sequence)
    payload = json.dumps(get_version(sequence_id))
    try:
        await session.client.publish(
            f"device/{session.serial}/request",
            payload,
            qos=1,
            timeout=subject.patience.puback_s,
        )
    except aiomqtt.MqttError:
        was_obeyed = await ear.hears(
            lambda: ear.answer_to(sequence_id) is not None, within_s=subject.patience.answer_s
        )
        return False if was_obeyed else None
    return True


def _refused(exc: MqttConnectError) -> Conversation:
    code = _connack(exc)
    if code in REFUSED_FOR_THE_CODE:
        return Conversation(Login.WRONG_CODE, reason=str(exc), connack=code)
    if code == REFUSED_FOR_NOW:
        return Conversation(Login.TOO_MANY, reason=str(exc), connack=code)
    return Conversation(Login.BROKEN, reason=str(exc), connack=code)


def _connack(exc: MqttConnectError) -> int | None:
    code: Any = getattr(exc, "rc", None)
    number = getattr(code, "value", code)
    return _MQTT_3.get(number, number) if isinstance(number, int) else None
