"""The bucket: made once, open to one origin only."""

import httpx
import pytest

from deploy.local.engines.seaweedfs import SeaweedFS
from services.provision.bucket import ensure_bucket
from services.storage.bucket import open_bucket

APP, STRANGER = "http://127.0.0.1:8000", "https://elsewhere.example"


async def _preflight(storage: SeaweedFS, origin: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.options(
            f"{storage.endpoint}/{storage.settings().s3_bucket}/incoming/x",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "x-amz-checksum-sha256",
            },
        )


async def test_only_the_app_may_upload_from_a_browser(storage: SeaweedFS) -> None:
    await ensure_bucket(storage.settings(), origin=APP)
    allowed = await _preflight(storage, APP)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == APP
    refused = await _preflight(storage, STRANGER)
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers


async def test_a_second_run_keeps_the_objects_and_follows_the_origin(storage: SeaweedFS) -> None:
    settings = storage.settings()
    await ensure_bucket(settings, origin=APP)
    async with open_bucket(settings) as bucket:
        await bucket.client.put_object(Bucket=bucket.name, Key="blob/kept", Body=b"kept")
        await ensure_bucket(settings, origin="http://127.0.0.1:8001")
        assert await bucket.size_of("blob/kept") == 4
        await bucket.delete("blob/kept")
    assert (await _preflight(storage, APP)).status_code == 403
    assert (await _preflight(storage, "http://127.0.0.1:8001")).status_code == 200
    await ensure_bucket(settings, origin=APP)


async def test_unfinished_uploads_are_swept(storage: SeaweedFS) -> None:
    await ensure_bucket(storage.settings(), origin=APP)
    async with open_bucket(storage.settings()) as bucket:
        found = await bucket.client.get_bucket_lifecycle_configuration(Bucket=bucket.name)
    (rule,) = found["Rules"]
    assert (rule["Filter"], rule["Expiration"]) == ({"Prefix": "incoming/"}, {"Days": 2})


@pytest.mark.parametrize("path", ["/layerline", "/layerline/blob/x"])
@pytest.mark.asvs("V5.3.1", "V13.2.2")
async def test_nobody_reads_without_a_signature(storage: SeaweedFS, path: str) -> None:
    await ensure_bucket(storage.settings(), origin=APP)
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{storage.endpoint}{path}")).status_code == 403
        assert (await client.put(f"{storage.endpoint}{path}", content=b"x")).status_code == 403
