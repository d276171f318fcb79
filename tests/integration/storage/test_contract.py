"""`layerline storage check`: what a good storage, a careless one and none at all are told."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import SecretStr

from deploy.local.engines.seaweedfs import SeaweedFS
from deploy.local.process import free_port
from runtime.settings import StorageSettings
from services.cli.main import main
from services.storage.bucket import ObjectMissing, StorageUnavailable, open_bucket
from services.storage.contract import CASES, PREFIX, check_storage
from tests.fixtures.processes import storage_env
from tests.fixtures.storage import ORIGIN

CARELESS_ABOUT = frozenset(
    {
        *("longer", "shorter", "other-bytes", "no-checksum", "overwriting", "unconditional"),
        *("another-key", "signature", "expired", "unsigned", "verb", "range", "copying"),
        *("deleting", "cors"),
    }
)


@dataclass
class Careless:
    """A server of S3's shape that believes everybody, knows no ranges and forgets to delete."""

    port: int
    objects: dict[str, bytes] = field(default_factory=dict)

    async def answer(self, request: web.Request) -> web.Response:
        path = request.path
        if request.method == "PUT":
            self.objects[path] = await request.read()
            copy = "<CopyObjectResult><ETag>x</ETag></CopyObjectResult>"
            return web.Response(text=copy if "x-amz-copy-source" in request.headers else "")
        if request.method == "OPTIONS":
            return web.Response(headers={"Access-Control-Allow-Origin": "*"})
        if request.method in {"GET", "HEAD"}:
            return web.Response(body=self.objects.get(path, b""))
        return web.Response(status=204)

    def settings(self) -> StorageSettings:
        return StorageSettings(
            s3_endpoint=f"http://127.0.0.1:{self.port}",
            s3_bucket="layerline",
            s3_access_key=SecretStr("key"),
            s3_secret_key=SecretStr("secret"),
        )


@pytest_asyncio.fixture
async def careless() -> AsyncIterator[Careless]:
    server = Careless(free_port())
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", server.port).start()
        yield server
    finally:
        await runner.cleanup()


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 11


async def test_seaweedfs_holds_them_all_and_nothing_is_left(storage: SeaweedFS) -> None:
    verdicts = await check_storage(storage.settings(), origin=ORIGIN)
    assert {verdict.case.name: verdict.trouble for verdict in verdicts} == dict.fromkeys(
        case.name for case in CASES
    )
    async with open_bucket(storage.settings()) as bucket:
        left = await bucket.client.list_objects_v2(Bucket=bucket.name, Prefix=PREFIX)
    assert left["KeyCount"] == 0


async def test_every_case_but_the_plain_ones_fails_on_a_careless_storage(
    careless: Careless, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.storage.contract.EXPIRED_WITHIN_S", 2.0)
    verdicts = await check_storage(careless.settings(), origin=ORIGIN)
    failed = {verdict.case.name for verdict in verdicts if verdict.trouble}
    assert failed == CARELESS_ABOUT


async def test_a_bucket_or_a_storage_that_is_not_there_is_told(storage: SeaweedFS) -> None:
    settings = storage.settings()
    with pytest.raises(ObjectMissing):
        await check_storage(settings.model_copy(update={"s3_bucket": "nowhere"}), origin=None)
    nobody = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(StorageUnavailable):
        await check_storage(settings.model_copy(update={"s3_endpoint": nobody}), origin=None)


class TestCommand:
    """In a process that has no loop."""

    @pytest.fixture(autouse=True)
    def environment(self, storage: SeaweedFS, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in storage_env(storage).items():
            monkeypatch.setenv(name, value)

    def test_says_in_plain_words_what_holds(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("LAYERLINE_PUBLIC_URL", ORIGIN)
        main(["storage", "check"])
        said = capsys.readouterr().out
        assert "✓ refuses other bytes\n" in said
        assert said.endswith("all 17 hold: Layerline can use this storage\n")

    def test_a_missing_rule_for_browsers_fails_with_its_consequence(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("LAYERLINE_PUBLIC_URL", "https://print.example.org")
        with pytest.raises(SystemExit) as ended:
            main(["storage", "check"])
        said = capsys.readouterr().out
        assert ended.value.code == 1
        assert "✗ lets browsers of the app's own address upload, and no others\n" in said
        assert "    that means: nobody can upload" in said
        assert said.endswith("16 of 17 hold: Layerline can't use this storage\n")

    def test_tells_programs_the_same(self, capsys: pytest.CaptureFixture[str]) -> None:
        main(["storage", "check", "--json"])
        told = json.loads(capsys.readouterr().out)
        assert told["usable"] is True
        assert [case["name"] for case in told["cases"]] == [
            case.name for case in CASES if case.name != "cors"
        ]
        assert all(case["held"] and case["trouble"] is None for case in told["cases"])

    def test_a_bucket_that_is_not_there_is_named(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["storage", "check", "--bucket", "nowhere"])
        assert ended.value.code == 2
        assert "there is no bucket nowhere at http://127.0.0.1" in capsys.readouterr().err
