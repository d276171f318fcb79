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
"""No more often does silence cost a full report; between, only the stream is asked for again.
[K OBA: at most one in 5 minutes]"""
STEADY_S = 30.0
"""A session that held for so long was worth it: the next one is tried soon. One that breaks at
once is not: some 40 quick reconnects took an A1 off the network. [K1]"""


@dataclass
class Watchdog:
    """What makes a session doubtful; all times are seconds of the boot clock."""

    _orders: dict[str, tuple[Order, float]] = field(default_factory=dict)
    _gave_up_at: float = float("-inf")
    _doubted_at: float = float("-inf")

    def begin(self) -> None:
        """Forget the orders of an earlier session: nobody waits for their answers."""
        self._orders.clear()

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
        """Tell whether silence is worth a full report; telling so uses it up."""
        if now_s - self._doubted_at < DOUBT_EVERY_S:
            return False
        self._doubted_at = now_s
        return True
