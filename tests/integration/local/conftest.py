"""Folders that Postgres's own user may reach, children that misbehave."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.process import Command

IMPORTS = "import sys, time; "
READY = "print('ready', flush=True); "


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A folder outside pytest's own, which each pytest closes to others."""
    with tempfile.TemporaryDirectory(prefix="layerline-test-") as folder:
        yield Path(folder)


def python(name: str, code: str, *, before_ready: str = "", stop_grace_s: float = 5.0) -> Command:
    """Return a command that says `ready` between the two pieces of code."""
    program = IMPORTS + before_ready + READY + code
    return Command(name=name, argv=[sys.executable, "-c", program], stop_grace_s=stop_grace_s)


def said_ready(log_file: Path, times: int = 1) -> bool:
    """Return whether the command started that often."""
    return log_file.exists() and log_file.read_text().count("ready") >= times
