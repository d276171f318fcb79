"""The bucket that holds the artifacts: presigned URLs, and the few calls services make."""

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote

import aioboto3
from aiobotocore.session import AioSession
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from runtime.settings import StorageSettings

PUT_EXPIRES_S = 600
GET_EXPIRES_S = 900
CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 30
CHUNK_BYTES = 64 * 1024
CONTENT_TYPE = "application/octet-stream"


class StorageUnavailable(Exception):
    """The S3 service did not answer, or answered with an error of its own."""


class ObjectMissing(Exception):
    """There is no object under this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"no object {key}")
        self.key = key


@dataclass(frozen=True)
class PresignedPut:
    """Where and how to PUT the bytes; other lengths, other bytes and overwriting are refused."""

    url: str
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True)
class PresignedGet:
    """Where to GET the bytes until `expires_at`."""

    url: str
    expires_at: datetime


def incoming_key(upload_id: object) -> str:
    """Return where an upload lands before it was checked."""
    return f"incoming/{upload_id}"


def blob_key(sha256: str) -> str:
    """Return where checked bytes lie: content-addressed, never overwritten."""
    return f"blob/{sha256}"


class Bucket:
    """One bucket; make it with `open_bucket`."""

    def __init__(self, client: Any, settings: StorageSettings) -> None:
        self.client = client
        self.name = settings.s3_bucket
        self._url = f"{settings.s3_endpoint.rstrip('/')}/{settings.s3_bucket}"
        self._region = settings.s3_region
        self._credentials = Credentials(
            settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value()
        )

    async def presign_put(
        self, key: str, *, size_bytes: int, sha256: str, expires_s: int = PUT_EXPIRES_S
    ) -> PresignedPut:
        """Return a URL that takes exactly these bytes, once."""
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        url = await self.client.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self.name,
                "Key": key,
                "ContentLength": size_bytes,
                "ContentType": CONTENT_TYPE,
                "ChecksumSHA256": checksum,
                "IfNoneMatch": "*",
            },
            ExpiresIn=expires_s,
        )
        headers = {
            "Content-Type": CONTENT_TYPE,
            "If-None-Match": "*",
            "x-amz-checksum-sha256": checksum,
        }
        return PresignedPut(url, headers, _in(expires_s))

    async def presign_get(self, key: str, *, expires_s: int = GET_EXPIRES_S) -> PresignedGet:
        """Return a URL that gives the bytes for some minutes.

        Signed without the client, whose way to the same URL takes four times as long: a node
        waits for this one.
        """
        request = AWSRequest(method="GET", url=f"{self._url}/{quote(key)}")
        signer = S3SigV4QueryAuth(self._credentials, "s3", self._region, expires=expires_s)
        signer.add_auth(request)
        return PresignedGet(request.url, _in(expires_s))

    async def size_of(self, key: str) -> int:
        """Return the object's size; raise ObjectMissing or StorageUnavailable."""
        with translated(key):
            head = await self.client.head_object(Bucket=self.name, Key=key)
        return int(head["ContentLength"])

    async def chunks(self, key: str) -> AsyncIterator[bytes]:
        """Yield the object's bytes in chunks; raise ObjectMissing or StorageUnavailable."""
        with translated(key):
            answer = await self.client.get_object(Bucket=self.name, Key=key)
            body = answer["Body"]
            async with body:
                while chunk := await body.read(CHUNK_BYTES):
                    yield chunk

    async def sha256_of(self, key: str) -> str:
        """Return the SHA-256 of the object as it lies there, read in chunks."""
        digest = hashlib.sha256()
        async for chunk in self.chunks(key):
            digest.update(chunk)
        return digest.hexdigest()

    async def put(self, key: str, content: bytes, content_type: str) -> None:
        """Put a small object there, over what is; raise StorageUnavailable."""
        with translated(key):
            await self.client.put_object(
                Bucket=self.name, Key=key, Body=content, ContentType=content_type
            )

    async def whole(self, key: str, limit: int) -> bytes:
        """Return a small object; raise ObjectMissing, StorageUnavailable, or ValueError if more."""
        content = bytearray()
        async for chunk in self.chunks(key):
            content += chunk
            if len(content) > limit:
                raise ValueError(f"object {key} has more than {limit} bytes")
        return bytes(content)

    async def copy(self, source: str, target: str) -> None:
        """Copy within the bucket; raise ObjectMissing or StorageUnavailable."""
        with translated(source):
            await self.client.copy_object(
                Bucket=self.name, Key=target, CopySource={"Bucket": self.name, "Key": source}
            )

    async def delete(self, key: str) -> None:
        """Delete the object; it need not be there."""
        with translated(key):
            await self.client.delete_object(Bucket=self.name, Key=key)

    async def list_keys(self) -> AsyncIterator[str]:
        """Yield the key of every object; raise StorageUnavailable."""
        with translated(self.name):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
            async for page in pages:
                for entry in page.get("Contents", ()):
                    yield str(entry["Key"])

    async def check(self) -> None:
        """Raise StorageUnavailable unless the bucket answers."""
        with translated(self.name):
            await self.client.head_bucket(Bucket=self.name)


@asynccontextmanager
async def open_bucket(settings: StorageSettings) -> AsyncIterator[Bucket]:
    """Yield the bucket of these settings."""
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"max_attempts": 2},
    )
    client = session().client(
        "s3",
        aws_access_key_id=settings.s3_access_key.get_secret_value(),
        aws_secret_access_key=settings.s3_secret_key.get_secret_value(),
        region_name=settings.s3_region,
        endpoint_url=settings.s3_endpoint,
        # To verify, it reads every certificate of the system: 16 MB that plain HTTP has no use for.
        verify=not settings.s3_endpoint.startswith("http://"),
        config=config,
    )
    async with client as opened:
        yield Bucket(opened, settings)


async def read_description() -> None:
    """Read what describes S3, which every client needs: 0.1 s and 6 MB, once for the process."""
    async with session().client("s3", region_name="us-east-1"):
        pass


@cache
def session() -> aioboto3.Session:
    """Return what keeps the description that it has read, of no other service: they take 7 MB."""
    core = AioSession()
    known = core.get_component("data_loader").load_data("endpoints")
    for partition in known["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in services.keys() & {"s3"}}
    return aioboto3.Session(botocore_session=core)


class translated:  # noqa: N801 - reads as a verb at the call
    """Turn botocore's errors into ours: ObjectMissing and StorageUnavailable."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, exc: BaseException | None, __: object) -> None:
        if isinstance(exc, ClientError):
            code = str(exc.response.get("Error", {}).get("Code", ""))
            if code in {"404", "NoSuchKey", "NotFound"}:
                raise ObjectMissing(self._key) from exc
            raise StorageUnavailable(f"storage answered {code}") from exc
        if isinstance(exc, BotoCoreError | OSError | TimeoutError):
            raise StorageUnavailable(f"storage did not answer: {type(exc).__name__}") from exc


def _in(seconds: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
