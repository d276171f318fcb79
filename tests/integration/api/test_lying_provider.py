"""Whatever a provider's answer says, only a true ID token for this sign-in lets anybody in."""

import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from joserfc import jwk
from sqlmodel import col, select

from deploy.local.engines.postgres import Postgres
from deploy.local.process import free_port
from services.db.tables.people import Identity
from tests.fixtures.openid import CLIENT_ID, Lies, LyingProvider, run_lying_provider
from tests.integration.api.conftest import run_own_api
from tests.integration.api.people import World
from tests.integration.api.test_canaries import rows_of_all_tables


@dataclass(frozen=True)
class Scene:
    """An API and its only provider."""

    world: World
    provider: LyingProvider

    async def come_back(self, lies: Lies | None = None) -> httpx.Response:
        """Return where a new browser lands after a sign-in with these lies."""
        self.provider.lies = lies or Lies()
        self.provider.subject = uuid4().hex
        browser = await self.world.browser()
        there = await browser.get("/api/auth/signin/oidc")
        if "error=" in there.headers["location"]:
            return there
        back = await browser.get(there.headers["location"])
        return await browser.get(back.headers["location"])

    async def is_known(self) -> bool:
        """Tell whether the last subject was let in."""
        found = select(Identity).where(col(Identity.subject) == self.provider.subject)
        return bool(await self.world.select(found))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lied_to_env(
    api_env: dict[str, str], postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, str]]:
    """The environment of an API whose provider lies."""
    own = {**api_env, "LAYERLINE_OIDC_ISSUER": f"http://127.0.0.1:{free_port()}"}
    own["LAYERLINE_OIDC_CLIENT_ID"] = CLIENT_ID
    log_file = tmp_path_factory.mktemp("lying") / "log"
    async with run_own_api(own, postgres, log_file) as env:
        yield env


@pytest_asyncio.fixture
async def scene(lied_to_env: dict[str, str]) -> AsyncIterator[Scene]:
    """That API and its provider."""
    port = urlsplit(lied_to_env["LAYERLINE_OIDC_ISSUER"]).port
    assert port is not None
    async with run_lying_provider(port) as provider, World.open(lied_to_env) as world:
        yield Scene(world, provider)


@pytest.mark.asvs("V10.1.1")
async def test_the_honest_answer_lets_in_and_its_tokens_stay_here(scene: Scene) -> None:
    landed = await scene.come_back()
    assert landed.headers["location"] == "/"
    assert await scene.is_known()
    assert len(scene.provider.given) == 2
    tables = await rows_of_all_tables(scene.world)
    for token in scene.provider.given:
        assert token not in str(landed.headers)
        assert token not in landed.text
        assert not [name for name, content in tables.items() if token in content]


OTHER_KEY = jwk.RSAKey.generate_key(2048, {"kid": "true"})
NOW = int(time.time())


def _own_key_in_header() -> Lies:
    """Return a token that brings the key which signed it."""
    return Lies(key=OTHER_KEY, headers={"jwk": OTHER_KEY.as_dict(private=False)})


def _public_key_as_secret() -> Lies:
    """Return a token whose MAC is made with the published key, which everybody has."""
    secret = jwk.OctKey.import_key(json.dumps(OTHER_KEY.as_dict(private=False)))
    return Lies(key=secret, headers={"alg": "HS256"})


LIES: dict[str, Callable[[], Lies]] = {
    "another key": lambda: Lies(key=OTHER_KEY),
    "no signature": lambda: Lies(is_unsigned=True),
    "a key of its own": _own_key_in_header,
    "an address of its own key": lambda: Lies(
        key=OTHER_KEY, headers={"jku": "http://127.0.0.1:9/jwks"}
    ),
    "an unknown key": lambda: Lies(key=OTHER_KEY, headers={"kid": "another"}),
    "a MAC": _public_key_as_secret,
    "no token": lambda: Lies(body="nonsense"),
    "three parts of nothing": lambda: Lies(body="a.b.c"),
    "over": lambda: Lies(claims={"iat": NOW - 7200, "exp": NOW - 3600}),
    "not yet good": lambda: Lies(claims={"nbf": NOW + 3600}),
    "without an end": lambda: Lies(claims={"exp": None}),
    "for another program": lambda: Lies(claims={"aud": "somebody-else"}),
    "for nobody": lambda: Lies(claims={"aud": None}),
    "from another issuer": lambda: Lies(claims={"iss": "https://accounts.google.com"}),
    "from no issuer": lambda: Lies(claims={"iss": None}),
    "for another sign-in": lambda: Lies(claims={"nonce": "another"}),
    "for no sign-in": lambda: Lies(claims={"nonce": None}),
    "about nobody": lambda: Lies(claims={"sub": None}),
}


@pytest.mark.asvs("V6.8.2", "V9.1.1", "V9.1.2", "V9.1.3", "V9.2.1", "V9.2.2", "V9.2.3")
@pytest.mark.asvs("V10.5.1", "V10.5.4", "V11.6.1")
@pytest.mark.parametrize("lie", LIES)
async def test_no_other_token_lets_in(scene: Scene, lie: str) -> None:
    landed = await scene.come_back(LIES[lie]())
    assert landed.headers["location"].startswith("/signin?error=")
    assert "layerline=" not in landed.headers.get("set-cookie", "")
    assert not await scene.is_known()


@pytest.mark.asvs("V10.2.2", "V10.1.2", "V10.2.1")
@pytest.mark.parametrize("lie", [{"state": "another"}, {"iss": "https://accounts.google.com"}])
async def test_an_answer_of_somebody_else_is_none(scene: Scene, lie: dict[str, str]) -> None:
    landed = await scene.come_back(Lies(before=lie))
    assert landed.headers["location"].startswith("/signin?error=")
    assert not await scene.is_known()


@pytest.mark.asvs("V10.5.3")
async def test_metadata_of_another_issuer_are_refused(
    scene: Scene, postgres: Postgres, tmp_path: Path
) -> None:
    """Metadata are read once, so that a fresh API is needed to meet false ones."""
    scene.provider.lies = Lies(metadata={"issuer": "https://accounts.google.com"})
    async with (
        run_own_api(dict(scene.world.env), postgres, tmp_path / "log") as env,
        World.open(env) as world,
    ):
        fresh = Scene(world, scene.provider)
        landed = await fresh.come_back(scene.provider.lies)
        assert landed.headers["location"].startswith("/signin?error=")
        assert not await fresh.is_known()


def test_the_unsigned_token_is_what_it_is_called() -> None:
    """The lie is a real one: it would be believed by who believes `alg: none`."""
    provider = LyingProvider("http://127.0.0.1:9", lies=Lies(is_unsigned=True))
    header, _, signature = provider._id_token("n").split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["alg"] == "none"
    assert signature == ""
