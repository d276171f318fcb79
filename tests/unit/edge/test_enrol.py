"""Enrolment on the node: files that are whole or absent, and renewal by scaled time."""

import asyncio
import base64
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.enrol.client import ApiAway, NodeApi, checked_url
from edge.enrol.files import Enrolment, NodeFiles, NotEnrolled, make_seed, public_key
from edge.enrol.renewing import LOOK_EVERY_S, Renewing
from services.trust.nats_jwt import is_user_key

DAY_S = 86_400
ENROLMENT = Enrolment(node="pi-1", nats_url="nats://127.0.0.1:1", api_url="http://127.0.0.1:1")


class FakeClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.wall, self.boot_s = datetime(2026, 5, 1, tzinfo=UTC), 100.0

    def now(self) -> datetime:
        return self.wall

    def boottime(self) -> float:
        return self.boot_s

    def boot_id(self) -> str:
        return "boot"

    def move(self, days: float) -> None:
        self.wall += timedelta(days=days)
        self.boot_s += days * DAY_S


def jwt_of(issued_at: datetime, days: float | None) -> str:
    """Return what looks like a JWT: the node doesn't check who signed it."""
    claims = {"iat": int(issued_at.timestamp())}
    if days is not None:
        claims["exp"] = claims["iat"] + int(days * DAY_S)
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"h.{body}.s"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def files(tmp_path: Path) -> NodeFiles:
    return NodeFiles(tmp_path / "node")


async def nothing() -> None:
    return None


def renewing(files: NodeFiles, clock: FakeClock) -> Renewing:
    return Renewing(files, ENROLMENT.api_url, clock, nothing)


class TestFiles:
    def test_what_is_kept_is_read_back_and_private(self, files: NodeFiles, tmp_path: Path) -> None:
        seed = files.key_to_enrol()
        jwt = jwt_of(datetime.now(UTC), 30)
        files.keep(ENROLMENT, jwt, seed)
        assert files.enrolment() == ENROLMENT
        assert (files.credentials().jwt, files.credentials().seed) == (jwt, seed)
        made = list((tmp_path / "node").iterdir())
        assert sorted(path.name for path in made) == ["enrolment.json", "node.creds"]
        assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}

    def test_key_under_way_survives_a_crash(self, files: NodeFiles, tmp_path: Path) -> None:
        assert files.key_to_enrol() == NodeFiles(tmp_path / "node").key_to_enrol()

    def test_enrolled_node_enrols_with_its_own_key(self, files: NodeFiles) -> None:
        seed = files.key_to_enrol()
        files.keep(ENROLMENT, jwt_of(datetime.now(UTC), 30), seed)
        assert files.key_to_enrol() == seed

    def test_new_key_leaves_the_old_credentials_until_it_is_let_in(self, files: NodeFiles) -> None:
        seed = files.key_to_enrol()
        files.keep(ENROLMENT, jwt_of(datetime.now(UTC), 30), seed)
        assert files.new_key() != seed
        assert files.credentials().seed == seed

    @pytest.mark.parametrize(
        "text",
        ["", "\0", "-----BEGIN NATS USER JWT-----\n", "a\nb", "-----BEGIN NATS USER JWT-----\nx"],
    )
    def test_damaged_credentials_are_told(
        self, files: NodeFiles, tmp_path: Path, text: str
    ) -> None:
        (tmp_path / "node").mkdir()
        files.creds.write_text(text)
        with pytest.raises(NotEnrolled, match="enrol the node again"):
            files.credentials()

    def test_damaged_enrolment_is_told(self, files: NodeFiles, tmp_path: Path) -> None:
        (tmp_path / "node").mkdir()
        (tmp_path / "node" / "enrolment.json").write_text("{")
        with pytest.raises(NotEnrolled):
            files.enrolment()

    def test_nobody_is_enrolled_in_an_empty_folder(self, files: NodeFiles) -> None:
        assert files.enrolment() is None

    def test_key_is_a_users(self) -> None:
        key = public_key(make_seed())
        assert is_user_key(key)
        assert not is_user_key(key[:-1] + ("A" if key[-1] != "A" else "B"))
        with pytest.raises(NotEnrolled):
            public_key("SUNONSENSE")


class TestWhenRenewalIsDue:
    def test_after_a_third_of_its_life(self, files: NodeFiles, clock: FakeClock) -> None:
        files.keep(ENROLMENT, jwt_of(clock.now(), 30), make_seed())
        renewal = renewing(files, clock)
        assert renewal.due_in_s() == pytest.approx(10 * DAY_S)
        clock.move(9)
        assert renewal.due_in_s() == pytest.approx(DAY_S)
        clock.move(2)
        assert renewal.due_in_s() <= 0

    def test_after_two_months_offline(self, files: NodeFiles, clock: FakeClock) -> None:
        files.keep(ENROLMENT, jwt_of(clock.now(), 30), make_seed())
        clock.move(60)
        assert renewing(files, clock).due_in_s() <= 0

    def test_clock_from_before_the_jwt_is_not_believed(
        self, files: NodeFiles, clock: FakeClock
    ) -> None:
        files.keep(ENROLMENT, jwt_of(clock.now(), 30), make_seed())
        clock.wall = datetime(1970, 1, 1, tzinfo=UTC)
        assert renewing(files, clock).due_in_s() <= 0

    def test_jwt_without_an_end_is_never_renewed(self, files: NodeFiles, clock: FakeClock) -> None:
        files.keep(ENROLMENT, jwt_of(clock.now(), None), make_seed())
        clock.move(10_000)
        assert renewing(files, clock).due_in_s() == LOOK_EVERY_S


@pytest.mark.parametrize(
    "url",
    ["http://print.example.org", "ftp://x", "print.example.org", "", "https://", "http://10.0.0.2"],
)
def test_code_is_never_sent_in_the_clear(url: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        checked_url(url)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://print.example.org/", "https://print.example.org"),
        ("http://127.0.0.1:8000/nodes", "http://127.0.0.1:8000"),
        (" http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_address_is_kept_without_its_path(url: str, kept: str) -> None:
    assert checked_url(url) == kept


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """Serve these bytes to whoever connects."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\noops",
    ],
)
async def test_nonsense_from_the_api_is_the_api_being_away(answer: bytes) -> None:
    async with answering(answer) as url, NodeApi(url) as api:
        with pytest.raises(ApiAway):
            await api.enrol("code", make_seed())
