"""What the whole stack is given in confidence stays out of every log, capture, message and row."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest

from deploy.local.state import read_settings
from tests.e2e.conftest import Stack, layerline

_IN_CONFIDENCE = re.compile(r"(SECRET|PASSWORD|ACCESS_CODE|SECRET_KEY|SECRETS_KEY|_TOKEN)$")
_SEED = re.compile(r"S[UAON][A-Z2-7]{50,}")
_CODE = re.compile(r'access_code = "([^"]+)"')
_LEAST_CHARS = 8


def environments(stack: Stack) -> Iterator[Mapping[str, str]]:
    """Yield the environment of every program of the stack, and what its services are told."""
    yield read_settings(stack.data_dir)
    for process in psutil.Process(stack.state.pid).children(recursive=True):
        yield process.environ()


def in_confidence(stack: Stack) -> dict[str, str]:
    """Return every secret of the stack by where it was found."""
    found = {}
    for environment in environments(stack):
        for name, value in environment.items():
            if _IN_CONFIDENCE.search(name) and value:
                found[name] = value
            elif name == "LAYERLINE_DATABASE_URL":
                found[name] = urlsplit(value).password or ""
    for path in (stack.data_dir / "keys").iterdir():
        seeds = _SEED.findall(path.read_text()) if path.is_file() else []
        if path.suffix == ".secret":
            seeds.append(path.read_text())
        found |= {f"{path.name} {number}": seed for number, seed in enumerate(seeds)}
    for path in (stack.data_dir / "nodes").rglob("printers.toml"):
        codes = _CODE.findall(path.read_text())
        found |= {f"{path.parent.name} {number}": code for number, code in enumerate(codes)}
    return found


def kept_by_processes(stack: Stack) -> Iterator[Path]:
    """Yield the files to which processes write what they say, heard and stored."""
    yield from (stack.data_dir / "logs").iterdir()
    yield from (stack.data_dir / "nats").rglob("*.blk")
    yield from (path for path in (stack.data_dir / "nodes").rglob("*.jsonl*"))
    yield from (stack.data_dir / "nodes").rglob("journal.db*")


async def rows(stack: Stack) -> dict[str, str]:
    """Return every table as text; bytes stand there in hex."""
    urls = {env.get("LAYERLINE_DATABASE_URL", "") for env in environments(stack)} - {""}
    connection = await asyncpg.connect(urls.pop())
    try:
        names = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        return {
            f"table {name}": "\n".join(
                row[0] for row in await connection.fetch(f'SELECT t::text FROM "{name}" t')
            )
            for (name,) in names
        }
    finally:
        await connection.close()


@pytest.mark.timeout(240)
@pytest.mark.asvs("V16.2.5", "V14.2.4", "V13.3.1")
async def test_no_secret_is_in_any_log_message_or_row(stack: Stack) -> None:
    demo = layerline(stack.data_dir, "demo")
    assert demo.returncode == 0, demo.stdout + demo.stderr
    secrets = in_confidence(stack)
    known = {"LAYERLINE_S3_SECRET_KEY", "LAYERLINE_SECRETS_KEY", "BAMBU_ACCESS_CODE"}
    assert secrets.keys() >= {*known, "session.secret 0", "app.seed 0", "node-1 0"}
    assert len(secrets) > 20
    assert [name for name, value in secrets.items() if len(value) < _LEAST_CHARS] == []

    places = {str(path): path.read_bytes() for path in kept_by_processes(stack)}
    assert {Path(name).suffix for name in places} >= {".log", ".blk", ".jsonl", ".db"}
    tables = await rows(stack)
    assert tables["table event_log"].count("\n") > 10
    places |= {name: content.encode() for name, content in tables.items()}
    leaks = [
        f"{name} in {place}"
        for name, value in secrets.items()
        for place, content in places.items()
        if value.encode() in content or value.encode().hex().encode() in content
    ]
    assert leaks == []
