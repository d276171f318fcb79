"""Time as an argument: aware UTC for people, the boot clock for decisions."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the wall clock, aware, UTC: to show, never to decide on the edge."""
        ...

    def boottime(self) -> float:
        """Return seconds since boot; they count on in suspend and ignore wall clock jumps."""
        ...

    def boot_id(self) -> str:
        """Return an id of this boot: boottime values of another boot mean nothing."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def boottime(self) -> float:
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.monotonic()

    def boot_id(self) -> str:
        try:
            return _BOOT_ID.read_text().strip()
        except OSError:
            # No such file off Linux: the start of the clock identifies the boot well enough.
            return f"started-{round(time.time() - time.monotonic(), -1):.0f}"
