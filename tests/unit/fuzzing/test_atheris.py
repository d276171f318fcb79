"""The long tier: coverage-guided noise, each target for a while."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import threemf
from tests.unit.fuzzing.targets import TARGETS
from tests.unit.fuzzing.test_payloads import GOLDEN

SECONDS = 30
ROOT = Path(__file__).resolve().parents[3]
OPTIONS = ["-timeout=20", "-rss_limit_mb=512", "-max_len=65536", "-verbosity=0"]

pytestmark = [pytest.mark.long, pytest.mark.timeout(SECONDS * 5)]


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_no_crash_no_hang_no_flood(target: str, tmp_path: Path) -> None:
    # atheris has wheels for this one machine type; elsewhere hypothesis stands alone.
    if platform.machine() != "x86_64":
        return
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for path in GOLDEN:
        (corpus / path.name).write_bytes(path.read_bytes())
    (corpus / "good.3mf").write_bytes(threemf.good())
    (corpus / "good.gcode").write_bytes(threemf.program())
    done = subprocess.run(
        [
            # A program inherits the peak of memory of what it was started from, and libFuzzer
            # goes by the peak: `timeout` stands between, which forks and is small.
            "timeout",
            str(SECONDS * 4),
            sys.executable,
            "-m",
            "tests.unit.fuzzing.fuzzer",
            target,
            f"-max_total_time={SECONDS}",
            f"-artifact_prefix={tmp_path}/",
            *OPTIONS,
            str(corpus),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
