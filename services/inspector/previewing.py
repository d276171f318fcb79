"""Pictures with the check, toolpaths and models after it; a failure of these refuses nothing."""

import asyncio
import hashlib
import tempfile
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlmodel import col, select

from contracts.lifecycle import ArtifactState
from runtime.backoff import backoff
from services.db.engine import DATABASE_AWAY, Sessions
from services.db.tables.work import Artifact
from services.inspector.limited import CheckCrashed, Previews, preview_limited
from services.preview.names import derived_key
from services.storage.bucket import Bucket, ObjectMissing, StorageUnavailable, blob_key

log = structlog.get_logger()

MAX_ATTEMPTS = 2
_TYPES = {".png": "image/png"}
_AWAY = (StorageUnavailable, *DATABASE_AWAY)


async def draw(bucket: Bucket, artifact_id: UUID, path: Path) -> list[str]:
    """Make the plates' pictures of a file and return their names; none when it can't be done."""
    try:
        return await _make("pictures", bucket, artifact_id, path)
    except CheckCrashed as exc:
        log.warning("pictures_crashed", artifact_id=artifact_id, error=str(exc))
        return []


class Previewer:
    """Makes toolpaths and models of ready artifacts, one after the other, newest first."""

    def __init__(self, sessions: Sessions, bucket: Bucket) -> None:
        self._sessions, self._bucket = sessions, bucket
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Say that an artifact has become ready."""
        self._wake.set()

    async def run(self) -> None:
        """Make what is missing, now and whenever woken, for ever."""
        waits = backoff(initial_s=1, max_s=30)
        while True:
            self._wake.clear()
            try:
                while (artifact := await self._next()) is not None:
                    await self.make(artifact)
            except _AWAY as exc:
                log.warning("previews_postponed", error=f"{type(exc).__name__}: {exc}")
                await asyncio.sleep(next(waits))
                continue
            waits = backoff(initial_s=1, max_s=30)
            await self._wake.wait()

    async def make(self, artifact: Artifact) -> None:
        """Make the previews of one artifact; raise StorageUnavailable or a database error."""
        with tempfile.TemporaryDirectory(prefix="layerline-preview-") as folder:
            path = Path(folder) / "artifact.3mf"
            made: list[str] | None
            try:
                await fetch(self._bucket, blob_key(artifact.sha256), path)
                made = await _make("paths", self._bucket, artifact.id, path)
            except (CheckCrashed, ObjectMissing) as exc:
                log.warning("previews_crashed", artifact_id=artifact.id, error=str(exc))
                made = [] if artifact.paths_attempts + 1 >= MAX_ATTEMPTS else None
        attempts = artifact.paths_attempts + 1
        async with self._sessions() as session, session.begin():
            await session.exec(
                update(Artifact)
                .where(col(Artifact.id) == artifact.id)
                .values(paths=made, paths_attempts=attempts)
            )
        log.info("previews_made", artifact_id=artifact.id, count=len(made or ()))

    async def _next(self) -> Artifact | None:
        waiting = (
            select(Artifact)
            .where(col(Artifact.state) == ArtifactState.READY, col(Artifact.paths).is_(None))
            .order_by(col(Artifact.checked_at).desc())
            .limit(1)
        )
        async with self._sessions() as session:
            return (await session.exec(waiting)).first()


async def fetch(bucket: Bucket, key: str, path: Path) -> str:
    """Write an object into a file and return its SHA-256; raise as Bucket.chunks does."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        async for chunk in bucket.chunks(key):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


async def _make(what: Previews, bucket: Bucket, artifact_id: UUID, path: Path) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="layerline-drawn-") as folder:
        names = await preview_limited(what, path, Path(folder))
        for name in names:
            content_type = _TYPES.get(Path(name).suffix, "application/octet-stream")
            content = (Path(folder) / name).read_bytes()
            await bucket.put(derived_key(artifact_id, name), content, content_type)
    return names
