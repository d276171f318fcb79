"""What can be made to go wrong, and what is uncertain about the firmware: switches."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Faults:
    """Switches; the values here are those of a healthy printer in Developer Mode."""

    ignore_start: bool = False
    """project_file is echoed with success and nothing happens. [K] OBA#38"""
    refuse_commands: bool = False
    """Authorization Control: control commands are refused with 0502-4007. [K] BBR, PND"""
    start_delay_s: float = 1.0
    """Printer seconds between project_file and PREPARE. [E]"""
    echo_is_lost: bool = False
    stale_finish_s: float = 0.0
    """How long the old FINISH stays after project_file. [U]"""
    fail_at_percent: int | None = None
    fail_code: int = 0x03004006
    """Nozzle clogged."""
    pause_at_percent: int | None = None
    pause_code: int = 0x03008004
    """Filament ran out."""
    hang_in_prepare: bool = False
    reports_stall: bool = False
    ghost_print: bool = False
    """After a power cycle a file in the card's root starts by itself. [K] BDY#374"""
    upload_cut_at_bytes: int | None = None
    upload_refused: bool = False
    upload_bytes_per_s: float | None = None
    no_226: bool = False
    handshake_after_command: bool = False
    """The FTPS data handshake begins after the command, as vsftpd does. [U]"""
    needs_session_reuse: bool = True
    connack_code: int = 5
    client_limit: int = 4

    def changed(self, changes: dict[str, Any]) -> "Faults":
        """Return these with changes; raise ValueError for a name that is not known."""
        known = {field.name for field in fields(self)}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        return replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        """Return all switches."""
        return asdict(self)
