"""What a Raspberry Pi installs: wheels for its processor, or sources that need no compiler."""

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

LOCK = Path(__file__).resolve().parents[3] / "deploy" / "edge" / "requirements.lock"
UV = Path(sys.executable).with_name("uv")
SOURCES = ("nkeys",)
"""Are published as sources alone."""
PYTHONS = [pytest.param("3.11", id="bookworm"), pytest.param("3.13", id="trixie")]


def _resolve(python: str, target: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            *(str(UV), "pip", "install", "--dry-run", "--require-hashes", "--no-build-isolation"),
            *("--python", sys.executable, "--target", str(target), "--only-binary", ":all:"),
            *("--python-platform", "aarch64-manylinux_2_36", "--python-version", python),
            *more,
            *("-r", str(LOCK)),
        ],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.parametrize("python", PYTHONS)
def test_every_package_has_a_wheel_for_aarch64(python: str, tmp_path: Path) -> None:
    sources = [part for name in SOURCES for part in ("--no-binary", name)]
    done = _resolve(python, tmp_path, *sources)
    assert done.returncode == 0, done.stderr
    assert "+ cryptography==" in done.stderr


def test_a_package_without_a_wheel_would_be_noticed(tmp_path: Path) -> None:
    done = _resolve("3.11", tmp_path)
    assert done.returncode != 0
    assert f"{SOURCES[0]}==" in done.stderr


@pytest.mark.parametrize("name", SOURCES)
def test_what_comes_as_source_needs_no_compiler(name: str) -> None:
    files = distribution(name).files or []
    assert files
    assert [file for file in files if file.suffix in {".so", ".pyd", ".c"}] == []
