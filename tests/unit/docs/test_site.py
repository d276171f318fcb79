"""The documentation's pages: all there, every link leads somewhere, complete references."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from deploy.dev.site import ROOT, build, pages


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.leads_to: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        for name in ("href", "src"):
            if named.get(name):
                self.leads_to.append(str(named[name]))
        if named.get("id"):
            self.anchors.add(str(named["id"]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build(folder)
    return folder


def _read(path: Path) -> _Links:
    links = _Links()
    links.feed(path.read_text())
    return links


def test_every_page_is_there(site: Path) -> None:
    for page in pages():
        assert (site / page.with_suffix(".html")).is_file()


def test_every_link_between_pages_leads_somewhere(site: Path) -> None:
    read = {path: _read(path) for path in site.rglob("*.html")}
    lost = []
    for path, links in read.items():
        for link in links.leads_to:
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            in_repository = ROOT / target.relative_to(site.resolve())
            if target.suffix == ".html" and target.exists():
                if anchor and anchor not in read[target].anchors:
                    lost.append(f"{path.relative_to(site)}: {link}")
            elif not (target.exists() or in_repository.exists()):
                lost.append(f"{path.relative_to(site)}: {link}")
    assert lost == []


def test_the_references_are_complete(site: Path) -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    anchors = _read(site / "reference/http.html").anchors
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "operationId" in operation:
                assert operation["operationId"] in anchors
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= anchors
    messages = (site / "reference/messages.html").read_text()
    for name in ("job.approved", "edge.", "rpc."):
        assert name in messages


def test_every_page_is_found_from_the_front() -> None:
    front = (ROOT / "docs/README.md").read_text() + (ROOT / "README.md").read_text()
    written = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {name for name in written if not re.search(rf"\((docs/)?{name}\)", front)} == set()


def test_the_index_of_decisions_names_every_one() -> None:
    index = (ROOT / "docs/adr/README.md").read_text()
    assert [p.name for p in (ROOT / "docs/adr").glob("0*.md") if f"({p.name})" not in index] == []
