"""Labels name functions that are there, and what dies there dies there."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.arming import Arm, Files
from tests.chaos.labels import LABELS, Label, find, labels_of
from tests.chaos.launch import FOLDER

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = {"api", "dispatch", "relay", "projector", "inspector", "edge"}
WITHIN_S = 60
PROGRAM = """
import asyncio, sys
from pathlib import Path
from tests.chaos import launch
from tests.chaos.arming import Files

async def mark():
    return 1

files = Files(Path(sys.argv[1]), "relay")
wrapped = launch._wrapped(mark, "services.relay.outbox:mark_published", {"before"}, files)

async def main():
    for _ in range(3):
        await wrapped()

asyncio.run(main())
"""


def test_there_are_enough_in_every_process_and_none_twice() -> None:
    assert len(LABELS) >= 40
    assert len({(label.process, label.name) for label in LABELS}) == len(LABELS)
    assert {label.process for label in LABELS} == PROCESSES
    assert all(labels_of(process) for process in PROCESSES)


@pytest.mark.parametrize("label", LABELS, ids=lambda label: f"{label.process} {label.name}")
def test_each_names_a_function_that_can_be_wrapped(label: Label) -> None:
    find(label.function)


def test_a_generator_is_no_place_to_die() -> None:
    with pytest.raises(TypeError):
        find("edge.journal.ledger:Ledger.transaction")
    with pytest.raises(AttributeError):
        find("edge.journal.ledger:Ledger.nothing")


def launch(folder: Path) -> int:
    """Run the edge's own `--help` as `launch` runs a process; return its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.launch", "edge", "node-1", "edge.cli:main", "--help"],
        env={**os.environ, FOLDER: str(folder)},
        cwd=ROOT,
        check=False,
        timeout=WITHIN_S,
        capture_output=True,
    )
    return done.returncode


def test_a_launched_process_is_the_process(tmp_path: Path) -> None:
    assert launch(tmp_path) == 0


def test_it_dies_where_it_is_told_and_only_as_often(tmp_path: Path) -> None:
    files = Files(tmp_path, "relay")
    point = "services.relay.outbox:mark_published:before"
    files.arm(Arm(point, nth=2, lives=2))
    codes = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM, tmp_path], cwd=ROOT, check=False, timeout=WITHIN_S
        ).returncode
        for _ in range(3)
    ]
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
    assert [death.point for death in files.deaths()] == [point, point]
    assert files.hits() == {point}
