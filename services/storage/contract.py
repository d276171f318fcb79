"""What Layerline asks of an S3 service, tried out with links as its own services make them."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import httpx

from runtime.settings import StorageSettings
from services.storage.bucket import (
    Bucket,
    ObjectMissing,
    PresignedPut,
    StorageUnavailable,
    open_bucket,
)

SIZE_BYTES: Final = 100_000
PREFIX: Final = "incoming/contract-check-"
SHORT_LIFE_S: Final = 1
EXPIRED_WITHIN_S: Final = 15.0
"""How long an expired link may be taken: clocks differ a little."""
ASK_AGAIN_S: Final = 0.25
REQUEST_TIMEOUT_S: Final = 30.0
STRANGER: Final = "https://stranger.example"
_REFUSED: Final = frozenset({400, 401, 403, 405, 409, 411, 412, 501})


@dataclass(frozen=True)
class Trial:
    """The storage under trial, and some bytes of our own."""

    bucket: Bucket
    http: httpx.AsyncClient
    endpoint: str
    prefix: str
    content: bytes
    origin: str | None

    @property
    def sha256(self) -> str:
        """Return the hash of the bytes."""
        return hashlib.sha256(self.content).hexdigest()

    def key(self, name: str) -> str:
        """Return a key of this trial's own."""
        return f"{self.prefix}/{name}"

    async def link(self, name: str, *, expires_s: int = 600) -> PresignedPut:
        """Return a link to upload the bytes, as the API makes it."""
        return await self.bucket.presign_put(
            self.key(name), size_bytes=len(self.content), sha256=self.sha256, expires_s=expires_s
        )

    async def upload(self, name: str) -> str:
        """Upload the bytes as a browser does; return the key."""
        answer = await self.put(await self.link(name))
        if answer.status_code != httpx.codes.OK:
            raise CaseFailed(f"an upload as the browser makes it was answered {_said(answer)}")
        return self.key(name)

    async def put(
        self,
        link: PresignedPut,
        content: bytes | None = None,
        *,
        url: str | None = None,
        without: str | None = None,
    ) -> httpx.Response:
        """Send bytes to a link, with one thing changed."""
        headers = {name: value for name, value in link.headers.items() if name != without}
        body = self.content if content is None else content
        return await self.http.put(url or link.url, content=body, headers=headers)


class CaseFailed(Exception):
    """The storage did something else; the text says what."""


Outcome = Awaitable[None]


@dataclass(frozen=True)
class Case:
    """One thing that the storage must do."""

    name: str
    title: str
    otherwise: str
    """What it means for Layerline when the storage does something else."""
    attempt: Callable[[Trial], Outcome]
    is_needed: bool = True
    """False: Layerline checks it by itself too, and stays correct without."""


@dataclass(frozen=True)
class Verdict:
    """What came of a case: `trouble` is None when it held."""

    case: Case
    trouble: str | None


async def check_storage(settings: StorageSettings, *, origin: str | None) -> list[Verdict]:
    """Try every case in the bucket and remove what was written.

    Raises ObjectMissing when the bucket isn't there, StorageUnavailable when nobody answers.
    """
    async with _trial(settings, origin) as trial:
        return [await _judge(case, trial) for case in CASES if origin or case.name != "cors"]


@asynccontextmanager
async def _trial(settings: StorageSettings, origin: str | None) -> AsyncIterator[Trial]:
    async with (
        open_bucket(settings) as bucket,
        httpx.AsyncClient(timeout=REQUEST_TIMEOUT_S) as http,
    ):
        prefix = f"{PREFIX}{uuid4()}"
        trial = Trial(
            bucket=bucket,
            http=http,
            endpoint=settings.s3_endpoint.rstrip("/"),
            prefix=prefix,
            content=os.urandom(SIZE_BYTES),
            origin=origin,
        )
        await bucket.check()
        try:
            yield trial
        finally:
            for case in CASES:
                await bucket.delete(trial.key(case.name))
                await bucket.delete(trial.key(f"{case.name}-copy"))


async def _judge(case: Case, trial: Trial) -> Verdict:
    try:
        await case.attempt(trial)
    except CaseFailed as exc:
        return Verdict(case, str(exc))
    except ObjectMissing as exc:
        return Verdict(case, f"{exc}: what was just written isn't found")
    except (httpx.HTTPError, StorageUnavailable) as exc:
        return Verdict(case, f"{type(exc).__name__}: {exc}")
    return Verdict(case, None)


def _said(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.reason_phrase}".strip()


def _must_refuse(answer: httpx.Response) -> None:
    if answer.status_code not in _REFUSED:
        raise CaseFailed(f"it was not refused: {_said(answer)}")


# --- uploads ---


async def _takes_an_upload(trial: Trial) -> None:
    key = await trial.upload("upload")
    if await trial.bucket.sha256_of(key) != trial.sha256:
        raise CaseFailed("other bytes lie there than were sent")


async def _refuses_more(trial: Trial) -> None:
    _must_refuse(await trial.put(await trial.link("longer"), trial.content + b"x"))


async def _refuses_less(trial: Trial) -> None:
    _must_refuse(await trial.put(await trial.link("shorter"), trial.content[:-1]))


async def _refuses_other_bytes(trial: Trial) -> None:
    _must_refuse(await trial.put(await trial.link("other-bytes"), bytes(SIZE_BYTES)))


async def _refuses_without_checksum(trial: Trial) -> None:
    link = await trial.link("no-checksum")
    _must_refuse(await trial.put(link, without="x-amz-checksum-sha256"))


async def _refuses_overwriting(trial: Trial) -> None:
    link = await trial.link("overwriting")
    first = await trial.put(link)
    if first.status_code != httpx.codes.OK:
        raise CaseFailed(f"the first upload was answered {_said(first)}")
    _must_refuse(await trial.put(link))


async def _refuses_unconditional(trial: Trial) -> None:
    _must_refuse(await trial.put(await trial.link("unconditional"), without="If-None-Match"))


async def _refuses_another_key(trial: Trial) -> None:
    link = await trial.link("another-key")
    _must_refuse(await trial.put(link, url=link.url.replace("another-key", "another-key-copy")))


async def _refuses_a_changed_signature(trial: Trial) -> None:
    link = await trial.link("signature")
    head, _, tail = link.url.partition("X-Amz-Signature=")
    flipped = ("1" if tail.startswith("0") else "0") + tail[1:]
    _must_refuse(await trial.put(link, url=f"{head}X-Amz-Signature={flipped}"))


async def _refuses_expired(trial: Trial) -> None:
    key = await trial.upload("expired")
    download = await trial.bucket.presign_get(key, expires_s=SHORT_LIFE_S)
    upload = await trial.link("expired-copy", expires_s=SHORT_LIFE_S)
    try:
        async with asyncio.timeout(EXPIRED_WITHIN_S):
            while True:
                if (await trial.http.get(download.url)).status_code in _REFUSED:
                    break
                await asyncio.sleep(ASK_AGAIN_S)
    except TimeoutError:
        raise CaseFailed(
            f"a link made for {SHORT_LIFE_S} s was still good after {EXPIRED_WITHIN_S:g} s"
        ) from None
    _must_refuse(await trial.put(upload))


# --- who may do what ---


async def _refuses_unsigned(trial: Trial) -> None:
    key = await trial.upload("unsigned")
    root = f"{trial.endpoint}/{trial.bucket.name}"
    _must_refuse(await trial.http.get(f"{root}/{key}"))
    _must_refuse(await trial.http.get(root))
    _must_refuse(await trial.http.put(f"{root}/{trial.key('unsigned-copy')}", content=b"x"))


async def _refuses_another_verb(trial: Trial) -> None:
    key = await trial.upload("verb")
    link = await trial.bucket.presign_get(key)
    _must_refuse(await trial.http.delete(link.url))
    _must_refuse(await trial.http.put(link.url, content=trial.content))


# --- downloads and what services do ---


async def _gives_the_bytes(trial: Trial) -> None:
    link = await trial.bucket.presign_get(await trial.upload("download"))
    answer = await trial.http.get(link.url)
    if answer.status_code != httpx.codes.OK or answer.content != trial.content:
        raise CaseFailed(f"{_said(answer)} with {len(answer.content):,} bytes")


async def _gives_a_part(trial: Trial) -> None:
    link = await trial.bucket.presign_get(await trial.upload("range"))
    answer = await trial.http.get(link.url, headers={"Range": "bytes=50000-"})
    if answer.status_code != httpx.codes.PARTIAL_CONTENT:
        raise CaseFailed(f"asked for the second half, it answered {_said(answer)}")
    if answer.content != trial.content[50_000:]:
        raise CaseFailed("it sent other bytes than the second half")


async def _copies(trial: Trial) -> None:
    key = await trial.upload("copying")
    copy = trial.key("copying-copy")
    await trial.bucket.copy(key, copy)
    if await trial.bucket.sha256_of(copy) != trial.sha256:
        raise CaseFailed("the copy has other bytes")


async def _deletes(trial: Trial) -> None:
    key = await trial.upload("deleting")
    await trial.bucket.delete(key)
    try:
        await trial.bucket.size_of(key)
    except ObjectMissing:
        await trial.bucket.delete(key)  # what is gone may be deleted again
        return
    raise CaseFailed("it is still there")


async def _lets_only_the_app_in(trial: Trial) -> None:
    origin = trial.origin or ""
    allowed = await _preflight(trial, origin)
    if allowed.headers.get("access-control-allow-origin") not in {origin, "*"}:
        raise CaseFailed(f"a browser on {origin} may not upload: {_said(allowed)}")
    stranger = await _preflight(trial, STRANGER)
    if "access-control-allow-origin" in stranger.headers:
        raise CaseFailed("a browser on any other page may upload too")


async def _preflight(trial: Trial, origin: str) -> httpx.Response:
    headers: Mapping[str, str] = {
        "Origin": origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "x-amz-checksum-sha256,if-none-match,content-type",
    }
    url = f"{trial.endpoint}/{trial.bucket.name}/{trial.key('cors')}"
    return await trial.http.options(url, headers=headers)


_REHASHED = "the inspector measures and hashes every file once more, so none gets in; space does"
_REPLACED = "whoever has the link may replace a file before it is checked, for 10 minutes"
_OPEN = "anybody may read or write files"

CASES: Final[tuple[Case, ...]] = (
    Case("upload", "takes an upload", "nobody can upload", _takes_an_upload),
    Case("longer", "refuses more bytes than signed", _REHASHED, _refuses_more, is_needed=False),
    Case("shorter", "refuses fewer bytes than signed", _REHASHED, _refuses_less, is_needed=False),
    Case("other-bytes", "refuses other bytes", _REHASHED, _refuses_other_bytes, is_needed=False),
    Case(
        "no-checksum",
        "refuses an upload without its checksum",
        _REHASHED,
        _refuses_without_checksum,
        is_needed=False,
    ),
    Case(
        "overwriting",
        "refuses a second upload over the first",
        _REPLACED,
        _refuses_overwriting,
        is_needed=False,
    ),
    Case(
        "unconditional",
        "refuses an upload that leaves the condition out",
        _REPLACED,
        _refuses_unconditional,
        is_needed=False,
    ),
    Case("another-key", "refuses another place than signed", _OPEN, _refuses_another_key),
    Case("signature", "refuses a changed signature", _OPEN, _refuses_a_changed_signature),
    Case("expired", "refuses links that have expired", "a link is good for ever", _refuses_expired),
    Case("unsigned", "refuses who has no link", _OPEN, _refuses_unsigned),
    Case("verb", "lets a link to read only read", _OPEN, _refuses_another_verb),
    Case("download", "gives a file back as it was", "nothing can be printed", _gives_the_bytes),
    Case(
        "range",
        "gives the rest of a file",
        "a node whose download broke begins again from the start",
        _gives_a_part,
        is_needed=False,
    ),
    Case("copying", "copies within the bucket", "no upload gets past its check", _copies),
    Case("deleting", "deletes", "refused files stay for ever", _deletes),
    Case(
        "cors",
        "lets browsers of the app's own address upload, and no others",
        "nobody can upload, or every page may try to",
        _lets_only_the_app_in,
    ),
)
