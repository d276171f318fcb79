"""What an examination finds, in words for a person and in values for a machine; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How a check came out."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


class Check(StrEnum):
    """Everything that is looked at, in the order in which people read it."""

    NETWORK = "network"
    IDENTITY = "identity"
    ACCESS_CODE = "access_code"
    MESSAGES = "messages"
    FIRMWARE = "firmware"
    ORDERS = "orders"
    CONDITION = "condition"
    CARD = "card"
    FILES = "files"
    DIALECT = "dialect"
    UPLOAD = "upload"
    CLOCK = "clock"
    LAYERLINE = "layerline"
    DISK = "disk"


PRINTER_CHECKS = tuple(
    check for check in Check if check not in {Check.CLOCK, Check.LAYERLINE, Check.DISK}
)


class Unknown(StrEnum):
    """What nobody knows about a P1S for sure, and this one can tell without printing."""

    SESSION_REUSE = "ftps_session_reuse_needed"
    HANDSHAKE = "ftps_data_handshake"
    UPLOAD_END = "ftps_upload_end"
    UPLOAD_RATE = "ftps_upload_bytes_per_s"
    PASSIVE_PORTS = "ftps_passive_ports"
    GREETING = "ftps_greeting"
    CARD_CLOCK = "card_clock_offset_minutes"
    WRONG_CODE = "mqtt_answer_to_a_wrong_code"
    PUBACK = "mqtt_acknowledges_qos_1"
    CLIENT_LIMIT = "mqtt_client_limit"
    FIRMWARE = "firmware"
    CONTROL = "control_from_the_lan"
    LAST_OUTCOME = "what_the_last_outcome_holds"


Value = str | int | float | bool | None


@dataclass(frozen=True)
class Finding:
    """One check: how it came out, why, and what to do."""

    check: Check
    outcome: Outcome
    text: str
    advice: str | None = None


def good(check: Check, text: str, advice: str | None = None) -> Finding:
    """Return a check that came out well; `advice` is then merely good to know."""
    return Finding(check, Outcome.OK, text, advice)


def bad(check: Check, text: str, advice: str) -> Finding:
    """Return a check that failed, and what to do."""
    return Finding(check, Outcome.FAILED, text, advice)


def skipped(check: Check, because: str) -> Finding:
    """Return a check that was not made; `because` ends a sentence."""
    return Finding(check, Outcome.SKIPPED, f"Not checked, because {because}.")


@dataclass
class Chart:
    """What has been found about one printer so far."""

    findings: list[Finding] = field(default_factory=list)
    answers: dict[Unknown, Value] = field(default_factory=dict)
    report: Mapping[str, object] = field(default_factory=dict)
    """The printer's merged report as it came over the wire, {} if none came."""

    def add(self, finding: Finding) -> Finding:
        """Write down one finding."""
        self.findings.append(finding)
        return finding

    def skip_the_rest(self, because: str) -> None:
        """Write down every check of a printer that has not been made."""
        made = {finding.check for finding in self.findings}
        for check in PRINTER_CHECKS:
            if check not in made:
                self.add(skipped(check, because))

    def in_order(self) -> tuple[Finding, ...]:
        """Return the findings in the order in which people read them."""
        order = list(Check)
        return tuple(sorted(self.findings, key=lambda finding: order.index(finding.check)))
