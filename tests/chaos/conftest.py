"""A place for a stack."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def a_folder() -> Iterator[Path]:
    """Yield a folder that the user of Postgres can reach."""
    made = Path(tempfile.mkdtemp(prefix="layerline-chaos-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield such a folder for one test."""
    with a_folder() as made:
        yield made
