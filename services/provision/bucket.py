"""The bucket: made once, open to PUT and GET from the app's own origin."""

from typing import Any

import aioboto3
import structlog
from botocore.config import Config
from botocore.exceptions import ClientError

from runtime.settings import StorageSettings

log = structlog.get_logger()

CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 30
INCOMING_PREFIX = "incoming/"
INCOMING_DAYS = 2
"""Dispatch sweeps unfinished uploads after 24 h; this is for what it never heard of."""
_ALREADY_THERE = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}
_UNSUPPORTED = {405, 501}


async def ensure_bucket(settings: StorageSettings, *, origin: str) -> None:
    """Make the bucket, its CORS rule and, where supported, its sweeping of unfinished uploads.

    Raises botocore's errors when storage refuses or does not answer.
    """
    session = aioboto3.Session(
        aws_access_key_id=settings.s3_access_key.get_secret_value(),
        aws_secret_access_key=settings.s3_secret_key.get_secret_value(),
        region_name=settings.s3_region,
    )
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
    )
    async with session.client("s3", endpoint_url=settings.s3_endpoint, config=config) as client:
        await _make(client, settings.s3_bucket)
        await _allow_origin(client, settings.s3_bucket, origin)
        await _sweep_incoming(client, settings.s3_bucket)


async def _make(client: Any, bucket: str) -> None:
    try:
        await client.create_bucket(Bucket=bucket)
    except ClientError as exc:
        if exc.response["Error"]["Code"] not in _ALREADY_THERE:
            raise


async def _allow_origin(client: Any, bucket: str, origin: str) -> None:
    rule = {
        "AllowedOrigins": [origin],
        "AllowedMethods": ["PUT", "GET"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 600,
    }
    await client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})


async def _sweep_incoming(client: Any, bucket: str) -> None:
    rule = {
        "ID": "unfinished-uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": INCOMING_PREFIX},
        "Expiration": {"Days": INCOMING_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": INCOMING_DAYS},
    }
    try:
        await client.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": [rule]}
        )
    except ClientError as exc:
        if exc.response["ResponseMetadata"]["HTTPStatusCode"] not in _UNSUPPORTED:
            raise
        log.warning("bucket_lifecycle_unsupported", bucket=bucket)
