"""What the storage's clients are made of."""

from services.storage.bucket import session


async def test_session_knows_where_s3_is_and_no_other_service() -> None:
    assert "eu-central-1" in await session().get_available_regions("s3")
    assert await session().get_available_regions("ec2") == []
