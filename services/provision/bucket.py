"""The bucket: made once, open to PUT and GET from the app's own origin."""

import aioboto3
from botocore.config import Config
from botocore.exceptions import ClientError

from runtime.settings import StorageSettings

_ALREADY_THERE = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


async def ensure_bucket(settings: StorageSettings, *, origin: str) -> None:
    """Make the bucket and its CORS rule; raise botocore's errors when storage refuses."""
    session = aioboto3.Session(
        aws_access_key_id=settings.s3_access_key.get_secret_value(),
        aws_secret_access_key=settings.s3_secret_key.get_secret_value(),
        region_name=settings.s3_region,
    )
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
    )
    async with session.client("s3", endpoint_url=settings.s3_endpoint, config=config) as client:
        try:
            await client.create_bucket(Bucket=settings.s3_bucket)
        except ClientError as exc:
            if exc.response["Error"]["Code"] not in _ALREADY_THERE:
                raise
        await client.put_bucket_cors(
            Bucket=settings.s3_bucket,
            CORSConfiguration={
                "CORSRules": [
                    {
                        "AllowedOrigins": [origin],
                        "AllowedMethods": ["PUT", "GET"],
                        "AllowedHeaders": ["*"],
                        "ExposeHeaders": ["ETag"],
                        "MaxAgeSeconds": 600,
                    }
                ]
            },
        )
