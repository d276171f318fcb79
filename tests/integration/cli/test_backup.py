"""The drill: a backup under load, everything wiped, restored; the print under way ends rightly."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from contracts.events import PrinterOnline
from deploy.local.engines.postgres import Postgres
from deploy.local.engines.seaweedfs import BUCKET, REGION, SeaweedFS
from runtime.clock import SystemClock
from services.db.engine import make_engine, make_sessions
from services.projector.projecting import project
from services.projector.projection import Waits
from services.projector.rebuilding import rebuild
from services.storage.bucket import open_bucket
from tests.builders.events import claimed_event
from tests.builders.facts import BENCH_JOURNAL, NodeJournal, RunIds, message_of, messages_of
from tests.builders.rows import Workshop
from tests.integration.projector.conftest import settings_of

_CLI = "import sys; from services.cli.main import main; main(sys.argv[1:])"
TIMEOUT_S = 240


def cli(env: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `layerline` and return what it said."""
    return subprocess.run(
        [sys.executable, "-c", _CLI, *arguments],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


async def layerline(env: Mapping[str, str], *arguments: str) -> str:
    """Return what `layerline` printed; fail when it failed."""
    done = await asyncio.to_thread(cli, env, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def env(database_url: str, storage: SeaweedFS) -> dict[str, str]:
    """What the commands need to know."""
    return {
        "LAYERLINE_DATABASE_URL": database_url,
        "LAYERLINE_S3_ENDPOINT": storage.endpoint,
        "LAYERLINE_S3_REGION": REGION,
        "LAYERLINE_S3_BUCKET": BUCKET,
        "LAYERLINE_S3_ACCESS_KEY": storage.access_key,
        "LAYERLINE_S3_SECRET_KEY": storage.secret_key,
    }


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with the broker's keys."""
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "operator.seed").write_text("SO-not-to-be-lost")
    return folder


@pytest_asyncio.fixture
async def claimed(database_url: str) -> AsyncIterator[RunIds]:
    """A run that a node has claimed."""
    engine = make_engine(settings_of(database_url), pool_size=2)
    async with make_sessions(engine)() as session:
        shop = await Workshop(session).open()
        printer_id, job_id = await shop.printer(), await shop.job()
        run = await shop.run(printer_id, job_id)
    yield run
    await engine.dispose()


async def connected(url: str) -> asyncpg.Connection:
    """Return a connection as the projector has it."""
    connection = await asyncpg.connect(url)
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )
    return connection


async def wipe(postgres: Postgres, url: str) -> None:
    """Leave an empty database of this name."""
    name = urlsplit(url).path[1:]
    admin = await asyncpg.connect(postgres.url("postgres"))
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()


async def state_of(connection: asyncpg.Connection, run_id: UUID) -> str:
    return str(await connection.fetchval("SELECT state FROM run WHERE id = $1", run_id))


async def replayed(connection: asyncpg.Connection, run_id: UUID) -> tuple[str, int]:
    """Return what the log alone says of a run."""
    run = (await rebuild(connection, Waits())).runs[run_id]
    return str(run.state), run.percent


async def backed_up_under_load(
    connection: asyncpg.Connection, env: Mapping[str, str], keys: Path, key_file: Path, file: Path
) -> int:
    """Back up while another node talks; return how many facts it said."""
    other, is_over = NodeJournal(node="other"), asyncio.Event()

    async def load() -> int:
        said = 0
        while not is_over.is_set():
            fact = other.fact(PrinterOnline, uuid4())
            await project(connection, [message_of(fact)], SystemClock(), Waits())
            said += 1
        return said

    talking = asyncio.create_task(load())
    recipient = (await layerline(env, "backup-key", str(key_file))).strip()
    wanted = ("--keys", str(keys), "--recipient", recipient)
    made = await layerline(env, "backup", str(file), *wanted)
    is_over.set()
    assert "1 keys" in made
    assert not _holds(file, b"SO-not-to-be-lost")
    return await talking


def _holds(file: Path, words: bytes) -> bool:
    return words in file.read_bytes()


async def put_objects(storage: SeaweedFS) -> None:
    """Put something into the bucket that stays, and something that does not."""
    async with open_bucket(storage.settings()) as bucket:
        for key in ("blob/kept", "blob/lost"):
            await bucket.put(key, b"x", "application/octet-stream")


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_drill(
    postgres: Postgres,
    storage: SeaweedFS,
    database_url: str,
    env: dict[str, str],
    keys: Path,
    tmp_path: Path,
    claimed: RunIds,
) -> None:
    await put_objects(storage)
    node = NodeJournal(journal_id=BENCH_JOURNAL)
    facts = node.whole_print(claimed, range(0, 101, 10))
    begun, rest = facts[:6], facts[6:]
    connection = await connected(database_url)
    claim = claimed_event(claimed, node)
    await project(connection, messages_of([claim, *begun]), SystemClock(), Waits())
    assert await state_of(connection, claimed.run_id) == "printing"

    key_file, file = tmp_path / "backup.key", tmp_path / "backup.age"
    said = await backed_up_under_load(connection, env, keys, key_file, file)
    await project(connection, messages_of(rest[:3]), SystemClock(), Waits())
    await connection.close()

    await wipe(postgres, database_url)
    async with open_bucket(storage.settings()) as bucket:
        await bucket.delete("blob/lost")
    restored_keys, settings = tmp_path / "restored", tmp_path / "settings.env"
    told = await layerline(
        env,
        *("restore", str(file), "--identity", str(key_file)),
        *("--keys", str(restored_keys), "--settings", str(settings)),
    )
    assert "missing in the bucket: blob/lost" in told
    assert (restored_keys / "operator.seed").read_text() == "SO-not-to-be-lost"
    assert f"LAYERLINE_S3_BUCKET={BUCKET}" in settings.read_text()

    connection = await connected(database_url)
    kept = await connection.fetchval("SELECT count(*) FROM event_log WHERE node = 'other'")
    assert 0 < kept <= said
    watermark = await connection.fetchval(
        "SELECT contiguous_seq FROM edge_watermark WHERE journal_id = $1", BENCH_JOURNAL
    )
    assert watermark == len(begun)
    assert await replayed(connection, claimed.run_id) == ("printing", 20)
    # The node asks for the watermark when it is back, and says again all that stands above.
    await project(connection, messages_of(facts[watermark:]), SystemClock(), Waits())
    assert await state_of(connection, claimed.run_id) == "done"
    assert await replayed(connection, claimed.run_id) == ("done", 100)
    await connection.close()
    assert "schema" in await layerline(env, "status")


@pytest.mark.timeout(300)
async def test_backup_says_what_is_wrong(env: dict[str, str], tmp_path: Path, keys: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("not a backup")
    not_open = tmp_path / "no.key"
    not_open.write_text("AGE-SECRET-KEY-NOT")
    for arguments, sentence in (
        (("backup", str(taken)), "there already"),
        (("backup", str(tmp_path / "new"), "--recipient", "nobody"), "begins with age1"),
        (("restore", str(tmp_path / "none")), "there is no file"),
        (("restore", str(taken)), "no backup of Layerline"),
    ):
        done = await asyncio.to_thread(cli, env, *arguments)
        assert done.returncode == 2, done.stdout
        assert sentence in done.stderr
    assert not (tmp_path / "new").exists()
