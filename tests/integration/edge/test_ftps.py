"""The upload path against a foreign server: vsftpd, which insists on session reuse."""

import asyncio
import filecmp
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local.process import free_port
from edge.bambu.tls import PrinterTrust
from edge.printer import (
    AccessCodeRefused,
    CertificateMismatch,
    PrinterUnreachable,
    StorageRefused,
)
from tests.fixtures.vsftpd import SERIAL, Server, running_vsftpd
from tests.integration.edge.certificates import make_certificates


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """vsftpd with implicit TLS, sessions reused, a card in a folder."""
    async with running_vsftpd(tmp_path) as running:
        yield running


async def test_an_upload_is_byte_identical_and_counted(server: Server, tmp_path: Path) -> None:
    source = tmp_path / "job.gcode.3mf"
    source.write_bytes(os.urandom(3_000_001))
    counts: list[int] = []

    await server.client().upload(source, "layerline-7.gcode.3mf", counts.append)

    assert (server.root / "layerline-7.gcode.3mf").read_bytes() == source.read_bytes()
    assert counts == sorted(counts)
    assert counts[-1] == 3_000_001


@pytest.mark.long
async def test_100_mb_arrive_byte_identical(server: Server, tmp_path: Path) -> None:
    source = tmp_path / "large.gcode.3mf"
    source.write_bytes(random.Random(7).randbytes(100_000_000))
    await server.client().upload(source, "layerline-8.gcode.3mf", lambda _: None)
    assert filecmp.cmp(server.root / "layerline-8.gcode.3mf", source, shallow=False)


async def test_files_are_listed_and_deleted(server: Server) -> None:
    for name in ("layerline-1.gcode.3mf", "other.3mf"):
        (server.root / name).write_bytes(b"x")
    client = server.client()

    await client.delete_file("layerline-1.gcode.3mf")
    await client.delete_file("layerline-1.gcode.3mf")

    assert await client.list_files() == ("other.3mf",)


async def test_a_card_that_cannot_be_written_refuses(server: Server, tmp_path: Path) -> None:
    source = tmp_path / "job"
    source.write_bytes(b"content")
    with pytest.raises(StorageRefused, match="553"):
        await server.client().upload(source, "missing/layerline-7.gcode.3mf", lambda _: None)


async def test_a_wrong_login_is_told(server: Server) -> None:
    with pytest.raises(AccessCodeRefused):
        await server.client(user="bblp").list_files()


async def test_cancelling_stops_the_transfer(server: Server, tmp_path: Path) -> None:
    source = tmp_path / "job"
    source.write_bytes(bytes(40_000_000))
    begun = asyncio.Event()
    client = server.client()
    upload = asyncio.create_task(client.upload(source, "big", lambda _: begun.set()))
    await begun.wait()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload

    assert (server.root / "big").stat().st_size < 40_000_000
    assert "big" in await client.list_files()


class TestTrust:
    async def test_the_issuer_is_trusted_on_first_use_and_kept(self, server: Server) -> None:
        await server.client().list_files()
        kept = server.folder / "edge" / "trust" / f"{SERIAL}.pem"
        assert kept.read_text().strip() == server.ca.read_text().strip()

    async def test_another_serial_is_never_trusted(self, server: Server) -> None:
        with pytest.raises(CertificateMismatch, match="01P00A391800001"):
            await server.client(serial="01P00A000000002").list_files()

    async def test_another_issuer_is_refused_with_the_cure(self, server: Server) -> None:
        other = make_certificates(server.folder / "other", SERIAL)
        with pytest.raises(CertificateMismatch, match="CA file"):
            await server.client(ca=other.ca).list_files()

    async def test_the_right_issuer_and_another_name_is_refused(self, server: Server) -> None:
        with pytest.raises(CertificateMismatch, match="made out to"):
            await server.client(serial="01P00A000000002", ca=server.ca).list_files()

    async def test_nobody_there_is_unreachable(self, server: Server) -> None:
        trust = PrinterTrust(
            host="127.0.0.1", port=free_port(), serial=SERIAL, folder=server.folder, ca_file=None
        )
        with pytest.raises(PrinterUnreachable):
            await trust.context()
