"""Artifacts: verified, resumed, bounded."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp import web

from contracts.ids import RunId
from contracts.rpc import ArtifactRef
from edge.download import ArtifactCache
from edge.ports import ArtifactChanged, ArtifactUnavailable
from tests.unit.edge.builders import NOON

CONTENT = bytes(range(256)) * 1000
RUN, OTHER = RunId(uuid4()), RunId(uuid4())
DIGEST = sha256(CONTENT).hexdigest()


class Store:
    """A storage that can cut, refuse and change."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.statuses: list[int] = []
        self.cut_at: int | None = None
        self.ranges: list[str] = []
        self.knows_ranges = True
        self.port = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        wanted = request.headers.get("Range", "")
        self.ranges.append(wanted)
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        start = int(wanted[6:-1]) if wanted and self.knows_ranges else 0
        body = self.content[start:]
        response = web.StreamResponse(status=206 if start else 200)
        response.content_length = len(body)
        await response.prepare(request)
        if self.cut_at is not None:
            await response.write(body[: self.cut_at])
            self.cut_at = None
            assert request.transport is not None
            request.transport.close()
            return response
        await response.write(body)
        return response

    def artifact(self, **changes: object) -> ArtifactRef:
        base = ArtifactRef(
            sha256=DIGEST,
            size_bytes=len(CONTENT),
            url=f"http://127.0.0.1:{self.port}/x",
            url_expires_at=NOON,
        )
        return base.model_copy(update=changes)


@pytest_asyncio.fixture
async def store() -> AsyncIterator[Store]:
    """A storage on loopback."""
    made = Store()
    app = web.Application()
    app.add_routes([web.get("/x", made.serve)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@pytest.fixture
def cache(tmp_path: Path) -> ArtifactCache:
    """An empty cache."""
    return ArtifactCache(tmp_path)


def names(folder: Path) -> list[str]:
    return [path.stem for path in folder.iterdir()]


async def test_a_file_is_fetched_once_and_kept(store: Store, cache: ArtifactCache) -> None:
    first = await cache.fetch(store.artifact(), RUN)
    assert first.read_bytes() == CONTENT
    assert await cache.fetch(store.artifact(), RUN) == first
    assert len(store.ranges) == 1


async def test_a_cut_download_goes_on_where_it_stopped(store: Store, cache: ArtifactCache) -> None:
    store.cut_at = 65_536 * 2
    assert (await cache.fetch(store.artifact(), RUN)).read_bytes() == CONTENT
    assert store.ranges[0] == ""
    assert store.ranges[1].startswith("bytes=")
    assert 0 < int(store.ranges[1][6:-1]) < len(CONTENT)


async def test_a_storage_without_ranges_starts_over(store: Store, cache: ArtifactCache) -> None:
    store.cut_at, store.knows_ranges = 65_536, False
    assert (await cache.fetch(store.artifact(), RUN)).read_bytes() == CONTENT


async def test_a_busy_storage_is_asked_again(store: Store, cache: ArtifactCache) -> None:
    store.statuses = [503]
    assert (await cache.fetch(store.artifact(), RUN)).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"x", CONTENT + b"x"])
async def test_I21_other_bytes_are_refused_and_not_kept(
    store: Store, cache: ArtifactCache, tmp_path: Path, content: bytes
) -> None:
    store.content = content
    with pytest.raises(ArtifactChanged):
        await cache.fetch(store.artifact(), RUN)
    assert names(tmp_path) == []


@pytest.mark.parametrize(("status", "is_stale"), [(403, True), (400, True), (404, False)])
async def test_a_refusal_tells_whether_a_fresh_address_may_help(
    store: Store, cache: ArtifactCache, status: int, is_stale: bool
) -> None:
    store.statuses = [status]
    with pytest.raises(ArtifactUnavailable) as caught:
        await cache.fetch(store.artifact(), RUN)
    assert caught.value.is_url_stale is is_stale


async def test_what_no_run_needs_is_swept(
    store: Store, cache: ArtifactCache, tmp_path: Path
) -> None:
    await cache.fetch(store.artifact(), RUN)
    (tmp_path / "old.part").write_bytes(b"x")
    cache.sweep(frozenset({DIGEST}))
    assert names(tmp_path) == [DIGEST]
    cache.drop(DIGEST, RUN)
    assert names(tmp_path) == []


async def test_two_runs_share_a_download_and_the_last_drops_it(
    store: Store, cache: ArtifactCache, tmp_path: Path
) -> None:
    await asyncio.gather(cache.fetch(store.artifact(), RUN), cache.fetch(store.artifact(), OTHER))
    assert len(store.ranges) == 1
    cache.drop(DIGEST, RUN)
    assert names(tmp_path) == [DIGEST]
    cache.drop(DIGEST, OTHER)
    assert names(tmp_path) == []
