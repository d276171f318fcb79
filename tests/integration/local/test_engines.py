"""The foreign servers: started, stopped, killed, and started again on what they kept."""

import json
import os
import signal
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest
from nats.js import JetStreamContext

from contracts.subjects import JOBS
from deploy.local.engines.nats import Nats, run_nats
from deploy.local.engines.oidc import ADMIN, MEMBERS, OpenIDProvider
from deploy.local.engines.postgres import Postgres, run_postgres
from deploy.local.engines.seaweedfs import SeaweedFS, run_seaweedfs
from deploy.local.process import ChildProcess, StartFailed
from services.provision.bucket import ensure_bucket
from services.provision.keys import Keys
from services.provision.streams import ensure_streams
from services.storage.bucket import open_bucket
from tests.eventually import eventually
from tests.integration.provision.listening import visiting

ORIGIN = "http://127.0.0.1:8000"


async def _kill(process: ChildProcess) -> None:
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()


def _listens_at(process: ChildProcess) -> set[str]:
    connections = psutil.Process(process.pid).net_connections("inet")
    return {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}


class TestPostgres:
    async def _insert(self, postgres: Postgres, value: int) -> list[int]:
        connection = await asyncpg.connect(postgres.url())
        try:
            await connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
            await connection.execute("INSERT INTO kept VALUES ($1)", value)
            return [row["value"] for row in await connection.fetch("SELECT * FROM kept")]
        finally:
            await connection.close()

    async def test_data_outlives_a_stop_and_a_kill(self, open_dir: Path) -> None:
        async with run_postgres(open_dir / "pg") as postgres:
            assert await self._insert(postgres, 1) == [1]
            assert _listens_at(postgres.process) == {"127.0.0.1"}
        async with run_postgres(open_dir / "pg") as postgres:
            assert await self._insert(postgres, 2) == [1, 2]
            await _kill(postgres.process)
        async with run_postgres(open_dir / "pg") as postgres:
            assert await self._insert(postgres, 3) == [1, 2, 3]

    async def test_writes_are_flushed_and_strangers_refused(self, postgres: Postgres) -> None:
        connection = await asyncpg.connect(postgres.url("postgres"))
        try:
            assert await connection.fetchval("SHOW fsync") == "on"
            assert await connection.fetchval("SHOW synchronous_commit") == "on"
        finally:
            await connection.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(postgres.url("postgres").replace(postgres.password, "guess"))

    async def test_initialising_that_was_cut_off_is_done_again(self, open_dir: Path) -> None:
        unfinished = open_dir / "pg" / "data.new"
        unfinished.mkdir(parents=True)
        (unfinished / "PG_VERSION").write_text("18")
        async with run_postgres(open_dir / "pg") as postgres:
            assert await self._insert(postgres, 1) == [1]

    async def test_taken_port_is_told_not_waited_for(
        self, open_dir: Path, postgres: Postgres
    ) -> None:
        with pytest.raises(StartFailed, match="postgres ended with exit code"):
            async with run_postgres(open_dir / "pg", port=postgres.port):
                pass


class TestNats:
    async def _publish(self, server: Nats, keys: Keys, msg_id: str) -> bool:
        """Publish with this id; return whether the broker knew it already."""
        async with visiting(server.url, keys.service_creds("relay")) as relay:
            ack = await relay.client.jetstream().publish(
                "job.approved.main.x", b"", headers={"Nats-Msg-Id": msg_id}
            )
        return bool(ack.duplicate)

    async def _stream(self, js: JetStreamContext) -> int:
        return (await js.stream_info(JOBS.name)).state.messages

    async def test_messages_and_their_ids_outlive_a_stop_and_a_kill(self, tmp_path: Path) -> None:
        keys = Keys(tmp_path / "keys")
        creds = keys.service_creds("provision")
        async with run_nats(tmp_path / "nats", keys.trust()) as server:
            assert _listens_at(server.process) == {"127.0.0.1"}
            async with visiting(server.url, creds) as provision:
                await ensure_streams(provision.client.jetstream())
            assert not await self._publish(server, keys, "one")
        async with run_nats(tmp_path / "nats", keys.trust()) as server:
            assert await self._publish(server, keys, "one")
            assert not await self._publish(server, keys, "two")
            await _kill(server.process)
        async with run_nats(tmp_path / "nats", keys.trust()) as server:
            assert await self._publish(server, keys, "two")
            async with visiting(server.url, creds) as provision:
                assert await self._stream(provision.client.jetstream()) == 2

    async def test_every_message_is_flushed(self, tmp_path: Path) -> None:
        keys = Keys(tmp_path / "keys")
        async with run_nats(tmp_path / "nats", keys.trust()) as server, httpx.AsyncClient() as http:
            answer = await http.get(f"{server.monitor_url}/jsz", params={"config": "true"})
        assert answer.json()["config"]["sync_always"] is True

    async def test_taken_port_is_told_not_waited_for(self, tmp_path: Path) -> None:
        keys = Keys(tmp_path / "keys")
        async with run_nats(tmp_path / "a", keys.trust()) as server:
            with pytest.raises(StartFailed, match="nats ended"):
                async with run_nats(tmp_path / "b", keys.trust(), port=server.port):
                    pass


class TestSeaweedFS:
    async def _put(self, storage: SeaweedFS, key: str) -> None:
        async with open_bucket(storage.settings()) as bucket:
            await bucket.client.put_object(Bucket=bucket.name, Key=key, Body=b"bytes" * 1000)

    async def _has(self, storage: SeaweedFS, key: str) -> bool:
        async with open_bucket(storage.settings()) as bucket:
            return await bucket.size_of(key) == 5000

    async def test_objects_outlive_a_stop_and_a_kill(self, tmp_path: Path) -> None:
        async with run_seaweedfs(tmp_path / "s") as storage:
            await ensure_bucket(storage.settings(), origin=ORIGIN)
            await self._put(storage, "blob/1")
        async with run_seaweedfs(tmp_path / "s") as storage:
            assert await eventually(lambda: self._has(storage, "blob/1"), within_s=10)
            await self._put(storage, "blob/2")
            await _kill(storage.process)
        async with run_seaweedfs(tmp_path / "s") as storage:
            assert await self._has(storage, "blob/1")
            assert await self._has(storage, "blob/2")

    async def test_everything_is_on_loopback_and_nothing_is_left_behind(
        self, tmp_path: Path
    ) -> None:
        async with run_seaweedfs(tmp_path / "s") as storage:
            assert _listens_at(storage.process) == {"127.0.0.1"}
            leavings = storage.process.command.leavings
            assert any(path.exists() for path in leavings)
            strays = {
                c.laddr
                for c in psutil.Process(storage.process.pid).net_connections("unix")
                if c.laddr.startswith("/tmp/")  # noqa: S108 - where strays would be
            } - {str(path) for path in leavings}
            assert strays == set()
        assert [path for path in leavings if path.exists()] == []

    async def test_two_run_side_by_side_with_long_paths(self, tmp_path: Path) -> None:
        folder = tmp_path / ("long-" * 20)
        async with run_seaweedfs(folder / "a") as one, run_seaweedfs(folder / "b") as two:
            for storage in (one, two):
                await ensure_bucket(storage.settings(), origin=ORIGIN)
                await self._put(storage, "blob/1")
            assert one.access_key != two.access_key


class TestOpenIDProvider:
    async def test_is_discovered_on_loopback(self, openid_provider: OpenIDProvider) -> None:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{openid_provider.issuer}/.well-known/openid-configuration")
        assert answer.json()["issuer"].rstrip("/") == openid_provider.issuer
        assert _listens_at(openid_provider.process) == {"127.0.0.1"}

    def test_demo_users_have_verified_addresses(self, openid_provider: OpenIDProvider) -> None:
        argv = list(openid_provider.process.command.argv)
        claims = [
            json.loads(argv[at + 1]) for at, flag in enumerate(argv) if flag == "--user-claims"
        ]
        assert [claim["email"] for claim in claims] == [user.email for user in (ADMIN, *MEMBERS)]
        assert all(claim["email_verified"] for claim in claims)
