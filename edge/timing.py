"""Every wait and deadline of the edge, in seconds, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Protocol deadlines; `scaled` divides them for a simulated printer that runs faster."""

    observe_s: float = 300.0
    """From INTENT to evidence of a start; a P1P needed 135 s to parse a file. [K1]"""
    refusal_s: float = 10.0
    """A refusal counts when the state is still the pre-image's after this time."""
    bed_slip_s: float = 5.0
    """After "bed clear", so that a slip can be taken back."""
    flush_s: float = 2.0
    """From the end of an upload to the start: the card must have flushed. [K] BDY#645"""
    effect_s: float = 20.0
    """From a command to its effect in the report."""
    stop_again_s: float = 30.0
    """From a stop without effect to asking again."""
    hold_off_s: float = 10.0
    """After a release that the printer or node caused; trebled each time."""
    hold_off_max_s: float = 600.0
    telemetry_s: float = 2.0
    idle_telemetry_s: float = 30.0
    cleanup_retry_s: float = 30.0
    cleanup_retry_max_s: float = 600.0

    fresh_report_s: float = 30.0
    """How old a full report may be at a start; a validity, so it is not scaled."""

    def scaled(self, scale: float) -> "Timing":
        """Return these deadlines divided by `scale`; what is no deadline stays."""
        return Timing(
            observe_s=self.observe_s / scale,
            refusal_s=self.refusal_s / scale,
            bed_slip_s=self.bed_slip_s / scale,
            flush_s=self.flush_s / scale,
            effect_s=max(self.effect_s / scale, 2.0),
            stop_again_s=max(self.stop_again_s / scale, 2.0),
            hold_off_s=self.hold_off_s / scale,
            hold_off_max_s=self.hold_off_max_s / scale,
            telemetry_s=max(self.telemetry_s / scale, 0.25),
            idle_telemetry_s=max(self.idle_telemetry_s / scale, 1.0),
            cleanup_retry_s=max(self.cleanup_retry_s / scale, 0.5),
            cleanup_retry_max_s=max(self.cleanup_retry_max_s / scale, 5.0),
            fresh_report_s=self.fresh_report_s,
        )
