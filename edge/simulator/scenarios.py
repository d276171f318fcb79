"""Printers by name: what is special about one and what will befall it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.simulator.incidents import Incident, named_incidents


@dataclass(frozen=True)
class Scenario:
    """A line of description, the switches that differ, the incidents to come."""

    about: str
    switches: Mapping[str, Any] = field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()


def scenarios() -> dict[str, Scenario]:
    """Return every scenario by its name."""
    return {**_of_prints(), **_of_starts(), **_of_networks(), **_of_storage()}


def _of_prints() -> dict[str, Scenario]:
    known = named_incidents()

    def at(percent: int, name: str) -> tuple[Incident, ...]:
        return (known[name].model_copy(update={"at_percent": percent}),)

    return {
        "normal": Scenario("a healthy P1S in Developer Mode"),
        "runout-at-40": Scenario("filament runs out at 40 %", incidents=at(40, "runout")),
        "clog-at-60": Scenario("the nozzle clogs at 60 %", incidents=at(60, "nozzle-clog")),
        "cover-falls-at-20": Scenario("the front cover falls off", incidents=at(20, "cover-fell")),
        "spaghetti-at-50": Scenario("the camera sees spaghetti", incidents=at(50, "spaghetti")),
        "fails-at-30": Scenario("bed temperature fails at 30 %", {"fail_at_percent": 30}),
        "power-loss-recovery": Scenario(
            "asks whether to go on after a power cut", {"power_loss_recovery": True}
        ),
        "ghost-print": Scenario("prints a file in its root after boot", {"ghost_print": True}),
    }


def _of_starts() -> dict[str, Scenario]:
    return {
        "ignores-start": Scenario("answers success, never prints", {"ignore_start": True}),
        "hangs-in-prepare": Scenario("never ends unzipping", {"hang_in_prepare": True}),
        "slow-parse": Scenario("needs 135 s until it runs, as a P1P did", {"parse_s": 135.0}),
        "stale-finish": Scenario("shows the old FINISH for 20 s", {"stale_outcome_s": 20.0}),
        "repeated-id": Scenario("ignores an id that it has seen", {"repeated_id_is_ignored": True}),
        "authorization-control": Scenario(
            "refuses commands: LAN mode without Developer Mode", {"mode": "lan"}
        ),
        "authorization-control-bare": Scenario(
            "refuses commands with bare echoes",
            {"mode": "lan", "refusal_has_result": False, "firmware": "01.10.00.00"},
        ),
        "firmware-update": Scenario("is being updated", {"upgrade_status": "DOWNLOADING"}),
        "old-firmware": Scenario("firmware 01.07.00.00", {"firmware": "01.07.00.00"}),
        "newest-firmware": Scenario("firmware 01.10.00.00", {"firmware": "01.10.00.00"}),
    }


def _of_networks() -> dict[str, Scenario]:
    return {
        "slow-tls": Scenario("handshakes take 4 s", {"handshake_delay_s": 4.0}),
        "reports-stall": Scenario("answers pings, reports nothing", {"reports_stall": True}),
        "half-dead": Scenario("reports, but obeys nothing until a reconnect", {"half_dead": True}),
        "lost-echoes": Scenario("never answers a request", {"echo_is_lost": True}),
        "flaky-network": Scenario("drops MQTT every 45 s", {"disconnect_every_s": 45.0}),
        "messy-reports": Scenario(
            "doubles and swaps reports",
            {"report_is_doubled": True, "reports_are_swapped": True},
        ),
        "one-client": Scenario("takes one MQTT client only", {"client_limit": 1}),
        "rotated-certificate": Scenario("has a new certificate", {"certificate": "rotated"}),
        "foreign-certificate": Scenario("has another's serial", {"certificate": "other_cn"}),
        "expired-certificate": Scenario("its certificate has expired", {"certificate": "expired"}),
    }


def _of_storage() -> dict[str, Scenario]:
    return {
        "vsftpd-like": Scenario(
            "handshakes data connections after the command", {"handshake_after_command": True}
        ),
        "no-226": Scenario("never confirms an upload", {"upload_end": "never"}),
        "late-226": Scenario("confirms uploads after 20 s", {"upload_end": "late"}),
        "426-after-upload": Scenario("complains of complete uploads", {"upload_end": "426"}),
        "truncates-uploads": Scenario("confirms, but loses the end", {"upload_end": "truncated"}),
        "slow-upload": Scenario("takes 46 KB/s, as an A1", {"upload_bytes_per_s": 46_000.0}),
        "cuts-uploads": Scenario("cuts off at 32 KiB", {"upload_cut_at_bytes": 32_768}),
        "card-full": Scenario("the card is full", {"storage": "full", "storage_refusal": "552"}),
        "card-write-protected": Scenario("can't write", {"storage": "write_protected"}),
        "unflushed-card": Scenario(
            "a start within 1 s of the upload fails", {"unflushed_start_fails": True}
        ),
    }
