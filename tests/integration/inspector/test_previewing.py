"""Pictures, toolpaths and models of real files, in a real bucket."""

import asyncio
import io
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from contracts.lifecycle import ArtifactState
from services.inspector import limited
from services.inspector.previewing import MAX_ATTEMPTS, Previewer
from services.preview.names import derived_key
from services.storage.bucket import blob_key
from tests.builders import threemf
from tests.corpus.build import FOLDER as HONEST
from tests.eventually import eventually
from tests.integration.inspector.bench import Bench

LIMIT = 4 * 1024 * 1024


async def test_pictures_are_there_before_the_file_is_ready(bench: Bench) -> None:
    content = (HONEST / "two-plates.gcode.3mf").read_bytes()
    artifact = await bench.check(await bench.upload(content))
    assert artifact.state == ArtifactState.READY
    assert artifact.pictures == ["plate_1.png", "plate_2.png"]
    for name in artifact.pictures:
        drawn = await bench.bucket.whole(derived_key(artifact.id, name), LIMIT)
        with Image.open(io.BytesIO(drawn)) as picture:
            assert picture.format == "PNG"
            assert max(picture.size) <= 512


async def test_toolpaths_follow_in_the_background(bench: Bench) -> None:
    previewer = Previewer(bench.sessions, bench.bucket)
    running = asyncio.create_task(previewer.run())
    try:
        content = (HONEST / "two-plates.gcode.3mf").read_bytes()
        artifact = await bench.check(await bench.upload(content))
        previewer.wake()

        async def made() -> list[str] | None:
            return (await bench.row(artifact)).paths

        assert await eventually(made, within_s=60) == ["plate_1.toolpath", "plate_2.toolpath"]
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    toolpath = await bench.bucket.whole(derived_key(artifact.id, "plate_1.toolpath"), LIMIT)
    assert toolpath.startswith(b"LLTP")


async def test_a_file_without_a_picture_is_ready_without_one(bench: Bench) -> None:
    artifact = await bench.check(await bench.upload(threemf.good()))
    assert artifact.state == ArtifactState.READY
    assert [name for name in artifact.pictures if not name.endswith(".png")] == []


async def test_a_preview_that_crashes_refuses_nothing_and_is_given_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = await bench.check(await bench.upload(threemf.good()))
    monkeypatch.setattr(limited, "MEMORY_LIMIT_BYTES", 40 * 1024 * 1024)
    previewer = Previewer(bench.sessions, bench.bucket)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        await previewer.make(await bench.row(artifact))
        row = await bench.row(artifact)
        assert row.paths_attempts == attempt
        assert row.paths == ([] if attempt == MAX_ATTEMPTS else None)
    assert row.state == ArtifactState.READY


async def test_bytes_that_are_gone_are_given_up(bench: Bench) -> None:
    artifact = await bench.check(await bench.upload(threemf.good()))
    await bench.bucket.delete(blob_key(artifact.sha256))
    previewer = Previewer(bench.sessions, bench.bucket)
    for _ in range(MAX_ATTEMPTS):
        await previewer.make(await bench.row(artifact))
    assert (await bench.row(artifact)).paths == []


async def test_what_a_preview_may_write_is_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.3mf"
    path.write_bytes((HONEST / "two-plates.gcode.3mf").read_bytes())
    monkeypatch.setattr(limited, "MAX_PREVIEW_BYTES", 10)
    with pytest.raises(limited.CheckCrashed):
        await limited.preview_limited("pictures", path, tmp_path)
