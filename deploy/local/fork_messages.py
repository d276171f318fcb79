"""What the forkserver is asked for, and what it tells.

Apart from `forking`, so that the forkserver and all its forks carry nothing that only the other
side needs.
"""

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel


class ForkWanted(BaseModel, frozen=True):
    """A process that is asked for."""

    name: str
    target: str
    """`module:function`, as in Entry."""
    arguments: Sequence[str]
    env: Mapping[str, str]
    log_file: Path
    cwd: Path | None
    death_signal: signal.Signals
    """What it gets when the forkserver dies."""


class ForkTold(BaseModel, frozen=True):
    """A process was made, or it has ended."""

    pid: int
    exit_code: int | None
    """None: it was made. Below zero: by which signal it ended."""
