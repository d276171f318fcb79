"""An object written piece by piece: never more of it in memory than one part."""

from typing import Any, Final, Self

import structlog

from services.storage.bucket import CONTENT_TYPE, Bucket, StorageUnavailable, translated

log = structlog.get_logger()

PART_BYTES: Final = 5 * 1024 * 1024
"""The least that S3 takes for a part that is not the last."""


class ObjectWriter:
    """Writes one object; leave the block by an exception and nothing of it stays.

    Raises StorageUnavailable.
    """

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket, self._key = bucket, key
        self._client = bucket.client
        self._held = bytearray()
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []
        self._is_written = False

    async def __aenter__(self) -> Self:
        return self

    async def write(self, piece: bytes) -> None:
        """Take some bytes."""
        self._held += piece
        while len(self._held) >= PART_BYTES:
            await self._send(bytes(self._held[:PART_BYTES]))
            del self._held[:PART_BYTES]

    async def finish(self) -> None:
        """Make the object be there."""
        if self._upload_id is None:
            await self._bucket.put(self._key, bytes(self._held), CONTENT_TYPE)
        else:
            if self._held:
                await self._send(bytes(self._held))
            with translated(self._key):
                await self._client.complete_multipart_upload(
                    **self._place(), MultipartUpload={"Parts": self._parts}
                )
        self._held.clear()
        self._upload_id, self._is_written = None, True

    async def __aexit__(self, kind: object, *_: object) -> None:
        try:
            if self._upload_id is not None:
                with translated(self._key):
                    await self._client.abort_multipart_upload(**self._place())
            elif kind is not None and self._is_written:
                await self._bucket.delete(self._key)
        except StorageUnavailable as exc:
            log.warning("object_left_over", key=self._key, error=str(exc))

    async def _send(self, content: bytes) -> None:
        with translated(self._key):
            if self._upload_id is None:
                begun = await self._client.create_multipart_upload(
                    Bucket=self._bucket.name, Key=self._key, ContentType=CONTENT_TYPE
                )
                self._upload_id = str(begun["UploadId"])
            number = len(self._parts) + 1
            sent = await self._client.upload_part(**self._place(), PartNumber=number, Body=content)
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    def _place(self) -> dict[str, Any]:
        return {"Bucket": self._bucket.name, "Key": self._key, "UploadId": self._upload_id}
