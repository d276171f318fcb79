"""The lock that updates wait for: held while the order to start is out and nothing seen of it."""

import fcntl
import os
from pathlib import Path

LOCK_FILE = "starting.lock"


class StartLock:
    """One printer's share of the lock; who updates the node takes the whole of it.

    `flock(1)` on the same file is the other side. A process that ends lets go by itself.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Hold it; return False while an update is under way. Taking it twice does no harm."""
        if self._descriptor is not None:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def let_go(self) -> None:
        """Let an update happen; it need not be held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
