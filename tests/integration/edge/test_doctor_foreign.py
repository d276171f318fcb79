"""The doctor's look at FTPS, against a server that is not ours: vsftpd."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from edge.doctor.dialect import TEST_BYTES, find_dialect, needs_session_reuse, send_test_file
from edge.doctor.patience import Patience
from tests.fixtures.vsftpd import Server, running_vsftpd

PATIENCE = Patience(order_s=1.0)


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """It insists on session reuse and shakes hands after the command."""
    async with running_vsftpd(tmp_path) as running:
        yield running


async def test_its_dialect_is_found_out(server: Server) -> None:
    (server.root / "a-file").write_bytes(b"x")
    dialect = await find_dialect(server.client(), PATIENCE)
    assert await needs_session_reuse(server.client(), PATIENCE) is True
    assert dialect.shakes_hands_at_accept is False
    assert "vsFTPd" in dialect.greeting


async def test_the_test_file_arrives_and_is_gone(server: Server) -> None:
    sent = await send_test_file(server.client(), PATIENCE)
    assert sent.arrived_bytes == TEST_BYTES
    assert str(sent.end_reply).startswith("226")
    assert sent.listed_at is not None
    assert sent.is_deleted
    assert list(server.root.iterdir()) == []
