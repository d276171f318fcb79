"""An embedded stack of one's own, for what would be hard on others."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from deploy.local.demo.client import Json, Person
from deploy.local.leftovers import read_record
from deploy.local.process import local_env
from deploy.local.state import RECORD_FILE, StackState, read_settings
from services.storage.bucket import Bucket
from tests.e2e.conftest import CUBE
from tests.eventually import eventually

CLI_WITHIN_S = 240


@dataclass(frozen=True)
class Operator:
    """Who has a shell beside the stack."""

    data: Path
    state: StackState

    @property
    def settings(self) -> Mapping[str, str]:
        """What `make up` wrote for the shell."""
        return read_settings(self.data)

    def find(self, name: str) -> psutil.Process | None:
        """Return a process of the stack by its name, None while it is down."""
        recorded = read_record(self.data / RECORD_FILE).get(name)
        return recorded.find() if recorded else None

    async def layerline(self, *arguments: str) -> str:
        """Return what `layerline` printed; fail when it failed."""
        done = await asyncio.to_thread(self._run, arguments)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def _run(self, arguments: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
        program = Path(sys.executable).with_name("layerline")
        return subprocess.run(
            [str(program), *arguments],
            env={**local_env(os.environ), **self.settings},
            capture_output=True,
            text=True,
            timeout=CLI_WITHIN_S,
            check=False,
        )

    async def database(self, name: str = "layerline") -> asyncpg.Connection:
        """Return a connection to a database of the stack."""
        return await asyncpg.connect(
            host="127.0.0.1",
            port=self.state.ports["postgres"],
            user="postgres",
            password=(self.data / "postgres" / "password").read_text().strip(),
            database=name,
        )


async def checked_cube(mia: Person, content: bytes) -> Json:
    """Return an uploaded artifact once it has passed its check."""
    artifact = await mia.upload(CUBE.name, content)

    async def checked() -> bool:
        return bool((await mia.get(f"/api/artifacts/{artifact['id']}"))["state"] == "ready")

    await eventually(checked, within_s=30, every_s=0.1)
    return artifact


async def submit_cubes(mia: Person, content: bytes, copies: int = 1) -> list[Json]:
    """Return jobs that wait for approval."""
    artifact = await checked_cube(mia, content)
    submission = await mia.post(
        "/api/submissions",
        {
            "artifact_id": artifact["id"],
            "plates": [{"plate": 1, "copies": copies}],
            "note": "a drill",
            "queue": "main",
        },
    )
    jobs: list[Json] = submission["jobs"]
    return jobs


async def contents_of(bucket: Bucket) -> dict[str, bytes]:
    """Return every object, as a copy of the bucket would hold it."""
    keys = [key async for key in bucket.list_keys()]
    return {key: b"".join([part async for part in bucket.chunks(key)]) for key in keys}


def digest_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def lines_of(log: Path) -> list[Json]:
    """Return the lines of a log that are JSON."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
