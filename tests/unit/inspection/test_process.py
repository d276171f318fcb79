"""The check as a process: what it may take."""

import subprocess
import sys
from pathlib import Path

from services.inspection.__main__ import cpu_limit_s
from services.inspector.limited import CPU_LIMIT_S
from tests.builders import threemf

_ASK = (
    "import resource, sys; from services.inspection.__main__ import main; main(sys.argv[1:]); "
    "print(resource.getrlimit(resource.RLIMIT_CPU)[0])"
)


def test_more_inside_may_take_longer_up_to_a_limit() -> None:
    assert [cpu_limit_s(size) for size in (0, 2**29, 2**30, 2**40)] == [20, 50, 80, 80]
    assert cpu_limit_s(2**40) == CPU_LIMIT_S


def test_check_takes_the_limit_of_what_its_file_lists(tmp_path: Path) -> None:
    path = tmp_path / "a.3mf"
    path.write_bytes(threemf.bomb(size_bytes=200 * threemf.MEGABYTE))
    done = subprocess.run(
        [sys.executable, "-c", _ASK, str(path)], check=True, capture_output=True, text=True
    )
    assert "zip_bomb" in done.stdout
    assert done.stdout.endswith(f"}}{cpu_limit_s(200 * threemf.MEGABYTE)}\n")
