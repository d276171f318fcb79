"""When a session is doubted, and how seldom; kept over all sessions of a printer. Pure."""

from dataclasses import dataclass, field

from edge.effects import has_effect
from edge.printer import Order, PrinterReport

UNANSWERED_S = 30.0
"""An order with neither an answer nor an effect for so long: the session is half dead, reports
flow and orders don't. Only a reconnect cures it. [K BDY#887, #936, #967]"""
HALF_DEAD_EVERY_S = 600.0
"""No more often is a session given up for that: some firmware answers some orders with nothing."""
DOUBT_EVERY_S = 300.0
"""No more often does a doubt cost a full report; what is doubted until then stays doubted.
[K OBA: at most one in 5 minutes]"""
GAP_S = 15.0
"""A stream that was silent for so long and goes on may have left something out: a printer at rest
says something every 3 s. [K1]"""
STEADY_S = 30.0
"""A session that held for so long was worth it: the next one is tried soon. One that breaks at
once is not: some 40 quick reconnects took an A1 off the network. [K1]"""


@dataclass
class Watchdog:
    """What makes a session doubtful; all times are seconds of the boot clock."""

    doubt_every_s: float = DOUBT_EVERY_S
    _orders: dict[str, tuple[Order, float]] = field(default_factory=dict)
    _gave_up_at: float = float("-inf")
    _doubted_at: float = float("-inf")
    _number: int | None = None
    _heard_at: float = float("inf")
    _has_missed: bool = False

    def begin(self) -> None:
        """Forget an earlier session: nobody waits for its answers, and its reports are past."""
        self._orders.clear()
        self._number, self._heard_at, self._has_missed = None, float("inf"), False

    def sent(self, sequence_id: str, order: Order, now_s: float) -> None:
        """Take note of an order that was sent."""
        self._orders[sequence_id] = (order, now_s)

    def answered(self, sequence_id: object) -> None:
        """Take note of an answer, whatever it says."""
        self._orders.pop(str(sequence_id), None)

    def reported(self, report: PrinterReport) -> None:
        """Take note of what the printer does: an effect is an answer too."""
        for sequence_id, (order, _) in list(self._orders.items()):
            if has_effect(order, report):
                del self._orders[sequence_id]

    def heard(self, sequence_id: object, now_s: float, *, is_full: bool, is_lagging: bool) -> None:
        """Take note of a report by the printer's own count, which skips none. [K PYB]

        A change is told once: after a report that was missed only a full one tells the truth.
        """
        number, last = _number_of(sequence_id), self._number
        silent_s = now_s - self._heard_at
        self._number, self._heard_at = number, now_s
        has_gap = number is not None and last is not None and number > last + 1
        if is_full:
            self._has_missed = False
        elif has_gap or (silent_s > GAP_S and not is_lagging):
            self._has_missed = True

    def may_ask_for_missed(self, now_s: float) -> bool:
        """Tell whether a report was missed and a full one may be asked for; so it is used up."""
        return self._has_missed and self.may_ask_in_doubt(now_s)

    def is_half_dead(self, now_s: float) -> bool:
        """Tell whether the session should be given up, because it takes no orders."""
        expired = [key for key, (_, at) in self._orders.items() if now_s - at > UNANSWERED_S]
        for key in expired:
            del self._orders[key]
        if not expired or now_s - self._gave_up_at < HALF_DEAD_EVERY_S:
            return False
        self._gave_up_at = now_s
        return True

    def may_ask_in_doubt(self, now_s: float) -> bool:
        """Tell whether a doubt is worth a full report now; telling so uses it up."""
        if now_s - self._doubted_at < self.doubt_every_s:
            return False
        self._doubted_at = now_s
        return True


def _number_of(sequence_id: object) -> int | None:
    try:
        return int(str(sequence_id))
    except ValueError:
        return None
