"""`python -m deploy.dev.site FOLDER`: the documentation and the references as HTML pages."""

import html
import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
EXTRA = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "deploy/edge/README.md",
    "samples/README.md",
)
METHODS = ("get", "post", "put", "patch", "delete")
_STYLE = """\
body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
body{color:#1c2126}
pre{background:#f3f4f6;padding:.8rem;overflow-x:auto}code{font-size:.9em}img{max-width:100%}
table{border-collapse:collapse}td,th{border:1px solid #d5d9de;padding:.3rem .6rem}
td,th{text-align:left;vertical-align:top}
nav{border-bottom:1px solid #d5d9de;margin-bottom:1rem}a{color:#0b5cad}
"""
_PAGE = """\
<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title} · Layerline</title><style>{style}</style>
<nav><a href="{up}docs/README.html">Layerline</a> · <a href="{up}reference/http.html">HTTP API</a> ·
<a href="{up}reference/messages.html">Messages</a></nav>
<main>{body}</main></html>
"""


def pages() -> list[Path]:
    """Return every page's source, relative to the repository."""
    written = sorted(path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md"))
    return [*written, *(Path(name) for name in EXTRA)]


def build(target: Path) -> None:
    """Write the site into `target`; what was there of it goes."""
    shutil.rmtree(target, ignore_errors=True)
    for page in pages():
        text = (ROOT / page).read_text()
        _write(target, page.with_suffix(".html"), _title(text), render(text))
    shutil.copytree(ROOT / "docs" / "images", target / "docs" / "images")
    for name in ("openapi.json", "asyncapi.yaml"):
        shutil.copy(ROOT / "docs" / name, target / "docs" / name)
    openapi = json.loads((ROOT / "docs" / "openapi.json").read_text())
    _write(target, Path("reference/http.html"), "HTTP API", "".join(http_reference(openapi)))
    asyncapi = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text())
    _write(target, Path("reference/messages.html"), "Messages", "".join(messages(asyncapi)))


def render(text: str) -> str:
    """Return a page's HTML: headings have anchors, links between pages lead to pages."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = parser.parse(text)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor(tokens[index + 1].content))
        for inner in token.children or ():
            _relink(inner)
    rendered: str = parser.renderer.render(tokens, parser.options, {})
    return rendered


def anchor(heading: str) -> str:
    """Return a heading's anchor, as code hosts make it."""
    words = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).strip().lower())
    return words.replace(" ", "-")


def _relink(token: Token) -> None:
    href = token.attrGet("href") if token.type == "link_open" else None
    if isinstance(href, str) and "://" not in href:
        token.attrSet("href", re.sub(r"\.md(?=#|$)", ".html", href))


def _title(text: str) -> str:
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else "Layerline"


def _write(target: Path, name: Path, title: str, body: str) -> None:
    path = target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    up = "../" * (len(name.parts) - 1)
    path.write_text(_PAGE.format(title=html.escape(title), style=_STYLE, up=up, body=body))


# --- the references ---


def http_reference(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the HTTP API's reference: every operation, then every schema."""
    yield "<h1>HTTP API</h1>"
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield from _operation(method, path, item[method])
    yield "<h2>Schemas</h2>"
    yield from _schemas(document["components"]["schemas"])


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    name = html.escape(f"{method.upper()} {path}")
    yield f'<h2 id="{operation["operationId"]}"><code>{name}</code></h2>'
    yield f"<p>{html.escape(operation.get('description') or operation.get('summary', ''))}</p>"
    rows = [
        (p["name"], p["in"], _type(p.get("schema", {})), p.get("description", ""))
        for p in operation.get("parameters", ())
    ]
    if rows:
        yield _table(("parameter", "in", "type", ""), rows)
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body ({html.escape(kind)}): {_type(content.get('schema', {}))}</p>"
    answers = [
        (status, answer.get("description", ""), _content(answer))
        for status, answer in operation["responses"].items()
    ]
    yield _table(("answer", "", "body"), answers)


def _content(answer: Mapping[str, Any]) -> str:
    return ", ".join(_type(part.get("schema", {})) for part in answer.get("content", {}).values())


def messages(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the reference of what travels on the broker."""
    yield f"<h1>{html.escape(document['info']['title'])}</h1>"
    yield "<h2>Channels</h2>"
    for name, channel in document["channels"].items():
        address = html.escape(channel["address"] or name)
        yield f'<h3 id="{html.escape(name)}"><code>{address}</code></h3>'
        yield f"<p>{html.escape(channel.get('description', ''))}</p>"
        carried = (ref.get("$ref", "").rsplit("/", 1)[-1] for ref in channel["messages"].values())
        yield f"<p>Messages: {', '.join(f'<code>{html.escape(one)}</code>' for one in carried)}</p>"
    yield "<h2>Operations</h2>"
    rows = [
        (name, operation["action"], operation["channel"]["$ref"].rsplit("/", 1)[-1])
        for name, operation in document["operations"].items()
    ]
    yield _table(("operation", "", "channel"), rows)
    yield "<h2>Schemas</h2>"
    yield from _schemas(document["components"]["schemas"])


def _schemas(schemas: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, schema in schemas.items():
        yield f'<h3 id="schema-{html.escape(name)}">{html.escape(name)}</h3>'
        yield f"<p>{html.escape(schema.get('description', ''))}</p>"
        fields = [
            (field, _type(part), part.get("description", ""))
            for field, part in schema.get("properties", {}).items()
        ]
        if fields:
            yield _table(("field", "type", ""), fields)
        elif "enum" in schema:
            yield f"<p>{html.escape(', '.join(map(str, schema['enum'])))}</p>"


def _type(schema: Any) -> str:
    """Return a schema in a few words, linked where it has a name."""
    if not isinstance(schema, Mapping):
        return "anything" if schema else "nothing"
    if "$ref" in schema:
        name = html.escape(str(schema["$ref"]).rsplit("/", 1)[-1])
        return f'<a href="#schema-{name}">{name}</a>'
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " or ".join(_type(part) for part in schema[word])
    if "const" in schema:
        return f"<code>{html.escape(json.dumps(schema['const']))}</code>"
    kind = html.escape(str(schema.get("type", "anything")))
    return f"{kind} of {_type(schema['items'])}" if "items" in schema else kind


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{html.escape(word)}</th>" for word in head)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(part)}</td>' for part in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _cell(part: str) -> str:
    return part if part.startswith(("<a ", "<code>")) or " of <a " in part else html.escape(part)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
