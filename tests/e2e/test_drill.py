"""The drill on the whole stack: backed up under load, wiped, restored, while a printer prints."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.local.demo.client import DemoFailed, Json, Person, open_browser, sign_in
from deploy.local.process import Command
from deploy.local.stack import StackOptions, running_stack
from runtime.settings import StorageSettings
from services.storage.bucket import Bucket, open_bucket
from tests.e2e.conftest import CUBE
from tests.e2e.own_stack import (
    Operator,
    contents_of,
    digest_of,
    submit_cubes,
)
from tests.eventually import eventually
from tests.fixtures.folders import open_to_postgres

SPEED = 4.0
"""So that the cube is still being printed when the backup is made."""
STOPPED = ("api", "dispatch", "relay", "projector", "inspector", "notify", "warden")
LOST = "blob/lost"
NOT_THERE = (httpx.HTTPError, DemoFailed)
_WAITING = 'while [ -e "$0" ]; do sleep 0.1; done; exec "$@"'
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Drill:
    """A stack whose services can be stopped while its node and its printer go on."""

    operator: Operator
    hold: Path
    mia: Person
    ada: Person

    async def stop_services(self) -> None:
        """Stop every service and have none start again."""
        self.hold.touch()
        for name in STOPPED:
            process = self.operator.find(name)
            assert process is not None, name
            process.terminate()
            await eventually(partial(self._is_another, name, process), within_s=30, every_s=0.1)

    async def _is_another(self, name: str, before: psutil.Process) -> bool:
        found = self.operator.find(name)
        return found is not None and found != before

    async def start_services(self) -> None:
        """Let them start; return once they serve."""
        self.hold.unlink()
        async with httpx.AsyncClient() as http:

            async def serves() -> bool:
                try:
                    answer = await http.get(f"{self.operator.state.url}/readyz")
                except httpx.HTTPError:
                    return False
                return answer.is_success

            await eventually(serves, within_s=90, every_s=0.2)

    async def status(self, job: Json) -> str:
        """Return what people see of a job; nothing while nobody answers."""
        with contextlib.suppress(*NOT_THERE):
            return str((await self.mia.get(f"/api/jobs/{job['id']}"))["status"])
        return ""

    async def until(self, job: Json, status: str, *, within_s: float) -> None:
        """Return once people see the job so."""

        async def is_so() -> bool:
            return await self.status(job) == status

        await eventually(is_so, within_s=within_s, every_s=0.3)

    async def approve(self, job: Json) -> None:
        await self.ada.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})

    async def clear_bed(self) -> None:
        """Take the part off and say so."""
        (simulated,) = self.operator.state.printers
        async with httpx.AsyncClient() as control:
            await control.post(f"{simulated.control_url}/plate/clear")

        async def asks() -> list[Json]:
            printers: list[Json] = await self.ada.get("/api/printers")
            return [one for one in printers if "clear_bed" in one["allowed_actions"]]

        (printer,) = await eventually(asks, within_s=60, every_s=0.2)
        bed = {"bed_seq": printer["bed"]["seq"]}
        await self.ada.post(f"/api/printers/{printer['id']}/clear-bed", bed)

    async def starts(self) -> dict[str, int]:
        """Return how often the printer started each print."""
        (simulated,) = self.operator.state.printers
        async with httpx.AsyncClient() as control:
            counted: Json = (await control.get(f"{simulated.control_url}/counters")).json()
        assert counted["collisions"] == 0
        found: dict[str, int] = counted["starts_by_name"]
        return found


@asynccontextmanager
async def _running_drill(folder: Path) -> AsyncIterator[Drill]:
    data, hold = folder / "stack", folder / "hold"
    data.mkdir()
    open_to_postgres(data)

    def amend(command: Command) -> Command:
        if command.name not in STOPPED:
            return command
        return replace(command, argv=["sh", "-c", _WAITING, str(hold), *command.argv], entry=None)

    options = StackOptions(data, speed=SPEED, amend=amend)
    async with (
        running_stack(options, print) as state,
        open_browser(state.url) as mias,
        open_browser(state.url) as adas,
    ):
        mia, ada = await sign_in(mias, "mia"), await sign_in(adas, "ada")
        yield Drill(Operator(data, state), hold, mia, ada)


async def _back_up_under_load(drill: Drill, file: Path, *more: str) -> int:
    """Back up while people send things in; return how many jobs they sent meanwhile."""
    is_over, sent = asyncio.Event(), 0

    async def send() -> None:
        nonlocal sent
        while not is_over.is_set():
            sent += len(await submit_cubes(drill.mia, CUBE.read_bytes(), copies=3))

    sending = asyncio.create_task(send())
    keys = drill.operator.settings["LAYERLINE_KEYS_DIR"]
    await drill.operator.layerline("backup", str(file), "--keys", keys, *more)
    is_over.set()
    await sending
    return sent


async def _wipe(operator: Operator, bucket: Bucket) -> None:
    """Leave nothing of database, broker's store, keys and bucket."""
    admin = await operator.database("postgres")
    await admin.execute("DROP DATABASE layerline WITH (FORCE)")
    await admin.execute("CREATE DATABASE layerline")
    await admin.close()
    broker = operator.find("nats")
    assert broker is not None
    shutil.rmtree(operator.data / "nats" / "js")
    broker.kill()
    shutil.rmtree(operator.settings["LAYERLINE_KEYS_DIR"])
    for key in await contents_of(bucket):
        await bucket.delete(key)
    assert await contents_of(bucket) == {}


async def _broker_is_back(operator: Operator, before: psutil.Process) -> None:
    async def is_back() -> bool:
        found = operator.find("nats")
        if found is None or found == before:
            return False
        async with httpx.AsyncClient() as http:
            try:
                port = operator.state.ports["nats-monitor"]
                return (await http.get(f"http://127.0.0.1:{port}/healthz")).is_success
            except httpx.HTTPError:
                return False

    await eventually(is_back, within_s=30, every_s=0.1)


def _bucket_of(operator: Operator) -> StorageSettings:
    fields = {
        name.removeprefix("LAYERLINE_").lower(): value
        for name, value in operator.settings.items()
        if name.startswith("LAYERLINE_S3_")
    }
    return StorageSettings.model_validate(fields)


async def test_wiped_and_restored_while_it_prints(tmp_path: Path) -> None:
    async with _running_drill(tmp_path) as drill:
        operator = drill.operator
        (printing, waiting) = await submit_cubes(drill.mia, CUBE.read_bytes(), copies=2)
        await drill.clear_bed()
        await drill.approve(printing)
        await drill.until(printing, "printing", within_s=60)
        await drill.approve(waiting)

        async with open_bucket(_bucket_of(operator)) as bucket:
            await bucket.put(LOST, b"x", "application/octet-stream")
        key_file, file = tmp_path / "backup.key", tmp_path / "backup.age"
        recipient = (await operator.layerline("backup-key", str(key_file))).strip()
        sent = await _back_up_under_load(drill, file, "--recipient", recipient)
        assert sent > 0
        assert await drill.status(printing) == "printing"
        (too_late,) = await submit_cubes(drill.mia, CUBE.read_bytes())

        keys = Path(operator.settings["LAYERLINE_KEYS_DIR"])
        digests, broker = digest_of(keys), operator.find("nats")
        assert broker is not None
        await drill.stop_services()
        async with open_bucket(_bucket_of(operator)) as bucket:
            copy = await contents_of(bucket)
            await _wipe(operator, bucket)
            # The copy of the bucket comes back, but for what it had not got yet.
            del copy[LOST]
            for key, content in copy.items():
                await bucket.put(key, content, "application/octet-stream")
        await _broker_is_back(operator, broker)
        told = await operator.layerline(
            *("restore", str(file), "--identity", str(key_file)),
            *("--keys", str(keys), "--settings", str(tmp_path / "settings.env")),
        )
        assert f"missing in the bucket: {LOST}" in told
        assert digest_of(keys) == digests
        await operator.layerline("release")
        await drill.start_services()

        await _ends_rightly(drill, printing, waiting, too_late)
        rebuilt = await operator.layerline("rebuild", "--check")
        assert "DIFFERENT" not in rebuilt


async def _ends_rightly(drill: Drill, printing: Json, waiting: Json, too_late: Json) -> None:
    """The run under way ends, the queue goes on, and nothing is printed twice."""
    await drill.until(printing, "done", within_s=300)
    assert await drill.status(waiting) == "queued"
    assert await drill.status(too_late) == ""  # sent after the backup: gone
    assert list((await drill.starts()).values()) == [1]
    await drill.clear_bed()

    async def has_begun() -> bool:
        return len(await drill.starts()) == 2

    await eventually(has_begun, within_s=120, every_s=0.3)
    assert list((await drill.starts()).values()) == [1, 1]
    page = await drill.ada.get("/api/jobs", scope="all", limit="100")
    assert {job["status"] for job in page["items"]} == {"done", "printing", "submitted"}


async def test_the_commands_of_getting_started(tmp_path: Path) -> None:
    async with _running_drill(tmp_path) as drill:
        operator = drill.operator
        assert "P1S 1" in await operator.layerline("status")
        keys = operator.settings["LAYERLINE_KEYS_DIR"]
        made = await operator.layerline("backup", str(tmp_path / "b"), "--keys", keys)
        assert "keys" in made
        assert "✗" not in await operator.layerline("storage", "check")
