"""What is uncertain about the firmware and what can go wrong: one model of switches.

Seconds are printer seconds (the time scale divides them) unless a name says `real`.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Mode = Literal["cloud", "lan", "lan+developer"]
CANT_PARSE = 0x05004003
NOZZLE_CLOGGED = 0x03004006
EXTERNAL_RAN_OUT = 0x03008015


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class NetworkQuirks(_Model):
    """TLS, power and the MQTT broker."""

    tls13_allowed: bool = False
    """The firmware speaks TLS 1.2 alone. [K] BBR"""
    handshake_delay_s: float = 0.0
    """An idle A1 took 0.9 s, a cold P1S 3-5 s. [K1] ADR2, BDY#1445"""
    certificate: Literal["normal", "expired", "other_cn", "rotated"] = "normal"
    power_off_shows: Literal["refused", "black_hole"] = "refused"
    """What a client that connects to a printer without power meets."""
    boot_s: float = 30.0
    """[E] 20-60 s."""
    connack_code: Literal[4, 5] = 5
    """To a wrong access code. [U] PYB: 5, BDY: 4 or 5"""
    puback: bool = False
    """ESP32 printers never acknowledge QoS 1. [K] BBR; contrary practice: BDY"""
    client_limit: int = Field(default=4, ge=1)
    """[U] STU#2404: 4, OPB#58: 5, BBR: about 3."""
    client_limit_drops: Literal["newest", "oldest"] = "newest"
    request_limit_bytes: int = 4096
    """[K1] ADR2"""
    long_request: Literal["drop", "ignore"] = "drop"
    wrong_serial_subscription: Literal["silence", "drop"] = "silence"
    """[U] A1D"""


class ReportQuirks(_Model):
    """What reports hold and how often full ones are given."""

    firmware: str = Field("01.08.02.00", pattern=r"^\d{2}\.\d{2}\.\d{2}\.\d{2}$")
    mode: Mode = "lan+developer"
    """Authorization Control needs 01.08.02.00 and anything but lan+developer. [K] PND#310"""
    refusal_has_result: bool = True
    """Off: a refused command gets a bare echo. [K] BDY#2732"""
    refusal_shows_hms: bool = True
    echoes_unknown_commands: bool = False
    """Unknown `print` commands are answered with success. [U] ignored, or so: bambu-mqtt-comms"""
    light_needs_developer_mode: bool = False
    """[U] reported both ways."""
    pushall_delay_s: float = 0.1
    """[K1] ADR2: 60 ms on an idle A1."""
    pushall_every_s: float = 300.0
    """Full reports asked for more often are counted as violations. [K] OBA"""
    pushall_too_soon: Literal["answer", "ignore", "delay"] = "answer"
    idle_stage: Literal[0, 255] = 255
    """0 is a boot bug of P1 and A1. [K] PYB"""
    total_layers_only_as_delta: bool = False
    """[K] BDY#2702"""
    total_layers_zero_at_end: bool = False
    """[K] BDY#1771"""
    boot_forgets_outcome: bool = True
    """Names and ids are empty after a power cycle. [K1] PYB"""
    bed_report_stops_after_print: bool = False
    """[K] BDY#497"""


class JobQuirks(_Model):
    """How jobs are taken, started and ended."""

    echo_delay_s: float = 0.3
    start_delay_s: float = 1.5
    """Between project_file and PREPARE. [E]"""
    parse_s: float = 6.0
    """PREPARE until the plate is unzipped. [E] 3-20 s"""
    stale_outcome_s: float = 0.0
    """How long the last FINISH or FAILED stays after project_file. [U] P1S; H2D 48-55 s"""
    clamps_ids: bool | None = None
    """Ids above 2147483647 are clamped; None: from firmware 01.10 on. [K] BDY#1042"""
    mnt_sdcard_url_works: bool = True
    """`file:///mnt/sdcard/` is the X1's form. [K]"""
    md5_mismatch_error: int = CANT_PARSE
    """[U]"""
    models_accepted: tuple[str, ...] = ("C12", "C11", "BL-P001", "BL-P002")
    """printer_model_id that 0500-4037 does not refuse. [U]"""
    nozzle_mm: str = "0.4"
    busy_start: Literal["error", "echo_fail", "cancels_job"] = "error"
    """A second project_file. [U] on P1S; cancels on an A1 mini: BDY#2598"""
    repeated_id_is_ignored: bool = False
    """Success echo, no start. [K] BDY#1042"""
    bad_file_shows: Literal["failed", "only_error"] = "failed"
    """[U]"""
    pause_shows_error: bool = False
    """0300-8001 while paused by the user. [U]"""
    gcode_pause_stage: Literal[5, 30] = 30
    external_runout_error: int = EXTERNAL_RAN_OUT
    """0300-8015 or 07FF-8011. [U]"""
    power_loss_recovery: bool = False
    """After a power cut in mid-print: PAUSE with dialog 0300-8007. [U]"""
    recovery_keeps_identity: bool = True
    """[U]"""
    ghost_print: bool = False
    """After boot a file in the card's root starts by itself. [K] BDY#374"""
    unflushed_start_fails: bool = False
    """A start less than 1 s after the upload's end gives 0500-C010. [K] BDY#645"""


class StorageQuirks(_Model):
    """The FTPS server and the card."""

    needs_session_reuse: bool = True
    """[U] BBR: yes on a P1S, ADR2: no on an A1."""
    reuse_refusal: Literal["close", "425", "522"] = "close"
    """522 is vsFTPd's text. [U]"""
    handshake_after_command: bool = False
    """The data handshake begins after STOR or LIST, as vsftpd's does. [U]"""
    upload_end: Literal["either", "close_notify_only", "never", "426", "truncated", "late"] = (
        "either"
    )
    """When and how 226 comes. [K] BBR, [K1] ADR2, [K] PYB"""
    upload_end_delay_s: float = 20.0
    """For upload_end=late."""
    download_end: Literal["close_notify", "fin"] = "close_notify"
    """How listings and files that the printer sends end. [U] That no client had to change how it
    lists, and all how they upload, speaks for close_notify; BBR says never."""
    upload_bytes_per_s: float | None = 100_000.0
    """Per printer second. [K1] ADR2: 46 KB/s, BDY: 75-150 KB/s"""
    pasv_ports: int = Field(default=1, ge=1, le=3)
    """Offered in turn: 2024 alone, or 2024-2026. [K] BDY#1535"""
    ftp_sessions: int = Field(default=2, ge=1)
    """[E]"""
    ftp_idle_real_s: float = 120.0
    """[U] 60-300 s."""
    card_clock_offset_s: float = 0.0
    """The printer's clock can be off by days. [K1] RST"""
    bad_names: Literal["refused", "accepted"] = "refused"
    """Accepted ones give 0500-C010 at the start. [K] code, [U] text"""
    mqtt_lag_during_upload_s: float = 1.0
    """[S] BDY: 1-3 s."""
    camera_fps: float = 0.7
    """[K] OBA: 0.5-1."""
    camera_second_viewer: Literal["starved", "takes_over"] = "starved"
    """[K1] BDY#2521"""


class Faults(_Model):
    """What goes wrong; a healthy printer has these values."""

    reports_stall: bool = False
    """Pings are answered, reports stop; pushing.start ends it. [K] PYB"""
    half_dead: bool = False
    """Reports flow, commands have no effect until a reconnect. [K] BDY#887"""
    echo_is_lost: bool = False
    report_is_doubled: bool = False
    report_has_bad_utf8: bool = False
    reports_are_swapped: bool = False
    disconnect_every_s: float | None = None
    ignore_start: bool = False
    """project_file is echoed with success and nothing happens. [K] OBA#38"""
    hang_in_prepare: bool = False
    """[K] BDY"""
    fail_at_percent: int | None = None
    fail_code: int = NOZZLE_CLOGGED
    pause_at_percent: int | None = None
    pause_code: int = 0x03008004
    upgrade_status: str = "IDLE"
    """Another value: a firmware update is going on and jobs are refused. [S]"""
    storage: Literal["normal", "full", "write_protected"] = "normal"
    storage_refusal: Literal["553", "552", "cut"] = "553"
    """[U] texts; cut: the connection ends in the middle."""
    upload_refused: bool = False
    """Every STOR is refused with 553, whatever the card says."""
    upload_cut_at_bytes: int | None = None
    """The connection is cut; what arrived stays on the card."""
    upload_stalls_at_bytes: int | None = None
    refuse_commands: bool = False
    """Authorization Control, whatever mode and firmware say. [K] BBR"""


class Switches(NetworkQuirks, ReportQuirks, JobQuirks, StorageQuirks, Faults):
    """All switches; the values here are those of a healthy P1S in Developer Mode."""

    @property
    def refuses_control(self) -> bool:
        """Whether Authorization Control refuses commands. [K] BBR, OBA"""
        is_new = version_of(self.firmware) >= (1, 8, 2)
        return self.refuse_commands or (is_new and self.mode != "lan+developer")

    @property
    def id_limit(self) -> int | None:
        """The largest id that is echoed as sent, None for no limit."""
        clamps = self.clamps_ids
        if clamps is None:
            clamps = version_of(self.firmware) >= (1, 10)
        return 2_147_483_647 if clamps else None


class SwitchBoard:
    """The switches as they are now, and as they were at the start."""

    def __init__(self, initial: Switches) -> None:
        self._initial = initial
        self.now = initial

    def change(self, changes: dict[str, Any]) -> None:
        """Set switches by name; raise ValueError that names what is wrong."""
        merged = self.now.model_dump() | changes
        try:
            self.now = Switches.model_validate(merged)
        except ValidationError as exc:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in exc.errors())
            raise ValueError(wrong) from exc

    def reset(self) -> None:
        """Make the printer what it was at the start; its mode stays."""
        self.now = self._initial.model_copy(update={"mode": self.now.mode})


def version_of(firmware: str) -> tuple[int, ...]:
    """Return "01.08.02.00" as (1, 8, 2, 0)."""
    return tuple(int(part) for part in firmware.split("."))
