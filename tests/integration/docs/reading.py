"""The documentation's pages and the commands in them."""

import re
from dataclasses import dataclass
from pathlib import Path

from deploy.dev.site import ROOT, pages

_BLOCK = re.compile(
    r"(?:^[ ]*<!-- (?P<mark>[^\n]+?) -->\n)?^(?P<indent>[ ]*)```(?:sh|bash|shell|console)\n"
    r"(?P<text>.*?)^[ ]*```",
    re.MULTILINE | re.DOTALL,
)
_INLINE = re.compile(r"`((?:layerline(?:-edge|-simulator)?|make) [^`\n]+)`")


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
