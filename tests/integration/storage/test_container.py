"""The storage's container: its own command line, on addresses of this test's own."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from pydantic import SecretStr

from deploy.local.process import Command, http_answers, start, tool
from runtime.settings import StorageSettings
from services.provision.bucket import ensure_bucket
from services.provision.handout import handout, write_handout
from services.provision.keys import Keys
from services.storage.contract import check_storage

DOCKERFILE = Path(__file__).resolve().parents[3] / "deploy" / "images" / "storage.Dockerfile"
ORIGIN = "http://localhost:8000"
_NET = f"127.{64 + os.getpid() % 190}.{1 + os.getpid() // 190 % 250}"
INSIDE, OUTSIDE = f"{_NET}.1", f"{_NET}.2"
"""The container's loopback and its address in the network; both are this machine's loopback."""


@pytest_asyncio.fixture
async def settings(tmp_path: Path) -> AsyncIterator[StorageSettings]:
    """What a service needs, while the storage runs as its container would have it."""
    write_handout(handout(Keys(tmp_path / "keys"), database_host="postgres"), tmp_path)
    text = DOCKERFILE.read_text()
    said = [json.loads(found) for found in re.findall(r"(?m)^(?:ENTRYPOINT|CMD) (.*)$", text)]
    arguments = [part for parts in said for part in parts][1:]
    places = {
        "/data": str(tmp_path / "data"),
        "/run/layerline": str(tmp_path / "storage"),
        "127.0.0.1": INSIDE,
        "0.0.0.0": OUTSIDE,
    }
    for place, here in places.items():
        arguments = [part.replace(place, here) for part in arguments]
    (tmp_path / "data").mkdir()
    command = Command(name="storage", argv=[tool("weed"), *arguments], cwd=tmp_path / "data")
    process = await start(command, tmp_path / "log")
    try:
        await process.wait_healthy(
            lambda: http_answers(f"http://{OUTSIDE}:8333/healthz"), within_s=50
        )
        credentials = tmp_path / "api"
        yield StorageSettings(
            s3_endpoint=f"http://{OUTSIDE}:8333",
            s3_region="us-east-1",
            s3_access_key=SecretStr((credentials / "layerline_s3_access_key").read_text()),
            s3_secret_key=SecretStr((credentials / "layerline_s3_secret_key").read_text()),
        )
    finally:
        await process.stop()


async def test_it_does_what_is_asked_and_shows_nothing_but_s3(settings: StorageSettings) -> None:
    await ensure_bucket(settings, origin=ORIGIN)
    verdicts = await check_storage(settings, origin=ORIGIN)
    assert [verdict.case.name for verdict in verdicts if verdict.trouble] == []
    for port in (9333, 8080, 8888):
        assert await port_answers(port, INSIDE), "it is there, but only inside"
        assert not await port_answers(port, OUTSIDE)


async def port_answers(port: int, host: str) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
