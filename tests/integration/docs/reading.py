"""The documentation's pages and the commands in them."""

import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from deploy.dev.site import ROOT, pages

_BLOCK = re.compile(
    r"(?:^[ ]*<!-- (?P<mark>[^\n]+?) -->\n)?^(?P<indent>[ ]*)```(?:sh|bash|shell|console)\n"
    r"(?P<text>.*?)^[ ]*```",
    re.MULTILINE | re.DOTALL,
)
_PROGRAMS = frozenset({"layerline", "layerline-edge", "make"})
_WORD = re.compile(r"[a-z][a-z-]*")
_INLINE = re.compile(r"`((?:layerline(?:-edge|-simulator)?|make) [^`\n]+)`")


MAX_WORDS = 2
"""`layerline node add`: what follows is what to do it to."""


@dataclass(frozen=True)
class Block:
    """A fenced block of commands, and what its mark says about who runs it."""

    page: Path
    mark: str | None
    text: str

    @property
    def place(self) -> str:
        """Return the page and the first command."""
        return f"{self.page}: {self.text.strip().splitlines()[0][:60]}"


def blocks() -> list[Block]:
    """Return every block of commands."""
    return [
        Block(page, found["mark"], found["text"])
        for page in pages()
        for found in _BLOCK.finditer((ROOT / page).read_text())
    ]


def words_to_run(text: str) -> list[str]:
    """Return the words that say what our programs are to do in a block."""
    words: list[str] = []
    for line in text.splitlines():
        program, *arguments = line.partition("#")[0].split() or [""]
        if program in _PROGRAMS and arguments[:1] != ["test"]:  # what runs this runs it
            words += [*takewhile(_WORD.fullmatch, arguments)][:MAX_WORDS]
    return words


def with_helpers(test: Path) -> str:
    """Return the text of a test and of what it imports from beside it, or its fixtures."""
    modules = re.findall(r"(?m)^from (tests\.[a-z0-9_.]+) import", test.read_text())
    imported = [ROOT / f"{module.replace('.', '/')}.py" for module in modules]
    beside = [test, test.parent / "conftest.py", *imported]
    return "".join(path.read_text() for path in beside if path.is_file())


def inline_commands() -> list[tuple[Path, str]]:
    """Return every command that stands in a sentence."""
    return [
        (page, found[1])
        for page in pages()
        for found in _INLINE.finditer(_without_what_is_open(page))
        if page.name != "CHANGELOG.md"
    ]


def _without_what_is_open(page: Path) -> str:
    """Return the page; of the guarantees without the last column: what is not there yet."""
    text = (ROOT / page).read_text()
    if page.name != "guarantees.md":
        return text
    return re.sub(r"(?m)^(\|.*\|)[^|]*\|$", r"\1", text)
