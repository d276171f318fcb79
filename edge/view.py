"""What is known of one printer right now, and waiting for it to change."""

import asyncio
from collections import OrderedDict

from edge.printer import Echo, PrinterReport

MAX_ECHOES = 50  # the oldest is dropped; only that of the latest order is ever asked for


class PrinterView:
    """The latest report and echoes; `report` is None while there is no session."""

    def __init__(self) -> None:
        self.report: PrinterReport | None = None
        self.upload_percent: int | None = None
        self._echoes: OrderedDict[str, Echo] = OrderedDict()
        self._changed = asyncio.Event()

    def take_report(self, report: PrinterReport | None) -> None:
        """Put a report in the place of the last one; None when the session has ended."""
        self.report = report
        self.poke()

    def take_echo(self, echo: Echo) -> None:
        """Keep an acknowledgement."""
        self._echoes[echo.sequence_id] = echo
        while len(self._echoes) > MAX_ECHOES:
            self._echoes.popitem(last=False)
        self.poke()

    def echo(self, sequence_id: str | None) -> Echo | None:
        """Return the acknowledgement of a message, if it has come."""
        return self._echoes.get(sequence_id) if sequence_id is not None else None

    def poke(self) -> None:
        """Wake everybody who waits for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self, within_s: float | None = None) -> None:
        """Return at the next change, or after `within_s` seconds."""
        changed = self._changed
        try:
            async with asyncio.timeout(within_s):
                await changed.wait()
        except TimeoutError:
            return
