"""Every command in the documentation is run here, by the test that it names, or can't be here."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.dev.site import ROOT
from edge.cli import main as edge_main
from edge.simulator.cli import main as simulator_main
from services.cli.main import main as services_main
from tests.integration.docs.reading import (
    Block,
    blocks,
    inline_commands,
    with_helpers,
    words_to_run,
)

NEEDS = frozenset({"needs: hardware", "needs: cloud", "needs: docker"})
RUN_HERE = [block for block in blocks() if block.mark is None]
PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    "layerline": services_main,
    "layerline-edge": edge_main,
    "layerline-simulator": simulator_main,
}
_TARGETS = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text())
_PLACEHOLDER = re.compile(r"[A-Z]{3,}|…|\.\.\.|^[\[<({|]|^-|^#|=|/|\d|^\W+$")


def test_there_are_commands_and_most_pages_have_some() -> None:
    assert len(blocks()) >= 20
    assert len(RUN_HERE) >= 5
    assert len(inline_commands()) >= 40


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.place)
def test_a_block_is_run_or_says_why_not(block: Block) -> None:
    if block.mark is None or block.mark in NEEDS:
        return
    said = re.fullmatch(r"run by: (\S+)", block.mark)
    assert said is not None, f"{block.mark} is no known mark"
    assert (ROOT / said[1]).is_file(), f"{said[1]} is not there"
    text = with_helpers(ROOT / said[1])
    missing = [word for word in words_to_run(block.text) if f'"{word}"' not in text]
    assert not missing, f"{said[1]} does not run {missing}"


def test_a_block_whose_test_does_not_run_it_would_be_noticed() -> None:
    text = with_helpers(Path(__file__).parents[2] / "e2e" / "test_embedded_stack.py")
    assert words_to_run("make up\nlayerline admin grant NAME  # words") == ["up", "admin", "grant"]
    assert '"up"' in text
    assert '"grant"' not in text


@pytest.mark.timeout(300)
@pytest.mark.parametrize("block", RUN_HERE, ids=lambda block: block.place)
def test_a_block_without_a_mark_runs(block: Block, database_url: str, tmp_path: Path) -> None:
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text],
        cwd=tmp_path,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "LAYERLINE_DATABASE_URL": database_url,
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, f"{block.place}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize(
    ("page", "command"), inline_commands(), ids=lambda part: str(part).replace("/", " ")[:60]
)
def test_a_command_in_a_sentence_is_one(
    page: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = shlex.split(command.replace("|", " | ").replace("'", ""))
    if words[0] == "make":
        assert words[1] in _TARGETS, page
        return
    named: list[str] = []
    for word in words[1:]:
        if _PLACEHOLDER.search(word):
            break
        named.append(word)
    program = PROGRAMS[words[0]]
    for length in range(min(len(named), 2), 0, -1):
        try:
            program([*named[:length], "--help"])
        except SystemExit as ended:
            if ended.code == 0:
                assert f"{words[0]} {named[0]}" in capsys.readouterr().out
                return
    assert not named, f"{page}: there is no command {command!r}"


def test_options_in_sentences_exist(capsys: pytest.CaptureFixture[str]) -> None:
    for page, command in inline_commands():
        words = command.split()
        options = re.findall(r"(?<!\S)--[a-z-]+", command)
        if words[0] not in {"layerline", "layerline-edge"} or not options:
            continue
        names = [word for word in words[1:] if not _PLACEHOLDER.search(word)][:2]
        said = "".join(
            _help(PROGRAMS[words[0]], names[:length], capsys) for length in range(1, len(names) + 1)
        )
        assert [option for option in options if option not in said] == [], f"{page}: {command}"


def _help(
    program: Callable[[list[str]], None], names: list[str], capsys: pytest.CaptureFixture[str]
) -> str:
    with pytest.raises(SystemExit):
        program([*names, "--help"])
    return capsys.readouterr().out
