"""Dying with the process that started this one (on Linux)."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def dying_with(parent: int, sig: signal.Signals) -> Callable[[], None]:
    """Return what a new child of `parent` calls, to get the signal when that dies."""
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None)

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(sig))
        if os.getppid() != parent:
            os.kill(os.getpid(), sig)

    return arrange
