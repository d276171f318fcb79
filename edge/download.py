"""Fetching artifacts onto the node's disk: resumed, verified, never in memory."""

import asyncio
import hashlib
import shutil
from collections import defaultdict
from pathlib import Path

import aiohttp
import structlog

from contracts.ids import RunId
from contracts.rpc import ArtifactRef
from contracts.sentences import Sentence
from edge.ports import ArtifactChanged, ArtifactUnavailable, NodeStorageFull
from runtime.backoff import backoff

log = structlog.get_logger()

CHUNK_BYTES = 64 * 1024
CONNECT_TIMEOUT_S = 15.0
READ_TIMEOUT_S = 30.0
TRIES = 4
RETRY_INITIAL_S = 0.5
RETRY_MAX_S = 10.0
RESERVE_BYTES = 64 * 1024 * 1024
"""Kept free for the journal: a print whose facts can't be stored is not begun."""
_STALE_STATUS = frozenset({400, 401, 403})
_PART, _WHOLE = ".part", ".3mf"


class _Retry(Exception):
    """What went wrong may not do so again."""


class ArtifactCache:
    """Files by SHA-256 in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._users: defaultdict[str, set[RunId]] = defaultdict(set)
        folder.mkdir(parents=True, exist_ok=True)

    async def fetch(self, artifact: ArtifactRef, run_id: RunId) -> Path:
        """Return the verified file, resuming where an earlier try stopped.

        It stays until `run_id` drops it. Raises ArtifactUnavailable, ArtifactChanged or
        NodeStorageFull.
        """
        self._users[artifact.sha256].add(run_id)
        async with self._locks[artifact.sha256]:
            return await self._fetch(artifact)

    async def _fetch(self, artifact: ArtifactRef) -> Path:
        whole = self._folder / f"{artifact.sha256}{_WHOLE}"
        if whole.exists() and await asyncio.to_thread(_sha256, whole) == artifact.sha256:
            return whole
        part = self._folder / f"{artifact.sha256}{_PART}"
        self._check_space(artifact, part)
        waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
        reason = ""
        for _ in range(TRIES):
            try:
                await self._download(artifact, part)
                await self._verify(artifact, part)
            except (_Retry, aiohttp.ClientError, TimeoutError) as exc:
                # An address with its signature may stand in an error's text: only ours is told.
                reason = str(exc) if isinstance(exc, _Retry) else type(exc).__name__
                log.info("download_interrupted", sha256=artifact.sha256, reason=reason)
                await asyncio.sleep(next(waits))
            else:
                return part.replace(whole)
        raise ArtifactUnavailable(Sentence.NOT_FETCHED.say(why=reason))

    def drop(self, sha256: str, run_id: RunId) -> None:
        """Remove the file, whole or in part, unless another run needs it."""
        self._users[sha256].discard(run_id)
        if self._users[sha256]:
            return
        del self._users[sha256]
        for suffix in (_PART, _WHOLE):
            (self._folder / f"{sha256}{suffix}").unlink(missing_ok=True)

    def sweep(self, keep: frozenset[str]) -> None:
        """Remove every file but these."""
        for path in self._folder.iterdir():
            if path.stem not in keep:
                path.unlink(missing_ok=True)

    def _check_space(self, artifact: ArtifactRef, part: Path) -> None:
        have = part.stat().st_size if part.exists() else 0
        free = shutil.disk_usage(self._folder).free
        if free < artifact.size_bytes - have + RESERVE_BYTES:
            raise NodeStorageFull(Sentence.NODE_DISK_FULL)

    async def _download(self, artifact: ArtifactRef, part: Path) -> None:
        have = part.stat().st_size if part.exists() else 0  # noqa: ASYNC240 - one stat
        if have > artifact.size_bytes:
            part.unlink()  # noqa: ASYNC240
            have = 0
        if have == artifact.size_bytes:
            return
        headers = {"Range": f"bytes={have}-"} if have else {}
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=READ_TIMEOUT_S
        )
        async with (
            aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
            session.get(artifact.url, headers=headers, allow_redirects=False) as response,
        ):
            _check_status(response.status)
            is_rest = have and response.status == 206
            with part.open("ab" if is_rest else "wb") as file:
                room = artifact.size_bytes - (have if is_rest else 0)
                async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                    room -= len(chunk)
                    if room < 0:
                        break
                    file.write(chunk)
        if room < 0:
            part.unlink()  # noqa: ASYNC240
            raise ArtifactChanged(Sentence.LONGER_THAN_APPROVED)
        if room > 0:
            raise _Retry("the connection ended early")

    async def _verify(self, artifact: ArtifactRef, part: Path) -> None:
        found = await asyncio.to_thread(_sha256, part)
        if found != artifact.sha256:
            part.unlink()  # noqa: ASYNC240
            log.error("artifact_changed", expected=artifact.sha256, found=found)
            raise ArtifactChanged(Sentence.NOT_THE_APPROVED)


def _check_status(status: int) -> None:
    if status in {200, 206}:
        return
    if status in _STALE_STATUS:
        raise ArtifactUnavailable(Sentence.STORAGE_REFUSED.say(status=status), is_url_stale=True)
    if status >= 500 or status in {408, 416, 429}:
        raise _Retry(f"the storage answered {status}")
    raise ArtifactUnavailable(Sentence.STORAGE_LACKS_FILE.say(status=status))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
