"""How long the steps of a run before its start may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Waits:
    """Deadlines of a claimed run, in seconds; a simulated printer has shorter ones."""

    start_within_s: float = 4 * 3600.0
    slowest_upload_bytes_per_s: float = 25_000.0
    """An ESP32 printer takes 46-150 KB/s. [K1] ADR2, BDY"""
    transfer_slack_s: float = 300.0
    overdue_after_s: float = 120.0
    """The node releases at its deadline; past this much more, a person is asked."""

    def scaled(self, time_scale: float) -> "Waits":
        """Return the waits divided by `time_scale`, for simulated printers."""
        return Waits(
            start_within_s=self.start_within_s / time_scale,
            slowest_upload_bytes_per_s=self.slowest_upload_bytes_per_s * time_scale,
            transfer_slack_s=self.transfer_slack_s / time_scale,
            overdue_after_s=self.overdue_after_s / time_scale,
        )

    def transfer_within_s(self, size_bytes: int) -> float:
        """Return how long sending this many bytes to a printer may take, in seconds."""
        return size_bytes / self.slowest_upload_bytes_per_s + self.transfer_slack_s
