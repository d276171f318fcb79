"""Several ways to sign in, and one person behind two of them."""

from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import col, select

from services.db.tables.people import Identity, Session, User
from tests.fixtures.github import FakeGitHub, GitHubAccount
from tests.integration.api.people import Someone, World, now, problem
from tests.integration.api.test_signin import member_subject, sign_in

NUMBERS = iter(range(10_000_000, 20_000_000))


def account(*, email: str | None = None, verified: bool = True) -> GitHubAccount:
    """Return somebody at GitHub with one primary address and another one."""
    address = email or f"{uuid4().hex}@layerline.local"
    return GitHubAccount(
        id=next(NUMBERS),
        login=f"octo-{uuid4().hex[:8]}",
        name="Octo Cat",
        emails=[
            {"email": "second@layerline.local", "primary": False, "verified": True},
            {"email": address, "primary": True, "verified": verified},
        ],
    )


async def sign_in_at_github(browser: httpx.AsyncClient) -> httpx.Response:
    """Return where the browser lands after coming back from GitHub."""
    there = await browser.get("/api/auth/signin/github")
    back = await browser.get(there.headers["location"])
    return await browser.get(back.headers["location"])


async def start_link(someone: Someone) -> httpx.Response:
    """Return where the person lands who adds GitHub."""
    there = await someone.post("/api/auth/link/github")
    back = await someone.http.get(there["url"])
    return await someone.http.get(back.headers["location"])


@pytest.mark.asvs("V10.2.3")
async def test_github_tells_the_verified_primary_address(world: World, github: FakeGitHub) -> None:
    octo = account()
    github.add(octo)
    browser = await world.browser()
    landed = await sign_in_at_github(browser)
    assert landed.headers["location"] == "/"
    me = (await browser.get("/api/me")).json()
    assert (me["email"], me["name"]) == (octo.emails[1]["email"], "Octo Cat")
    identity = select(Identity).where(col(Identity.subject) == str(octo.id))
    (row,) = await world.select(identity)
    assert row.issuer == world.env["LAYERLINE_GITHUB_URL"]


async def test_github_address_that_is_not_verified(world: World, github: FakeGitHub) -> None:
    github.add(account(email="ada@layerline.local", verified=False))
    browser = await world.browser()
    landed = await sign_in_at_github(browser)
    assert landed.headers["location"] == "/signin?error=email_not_verified"
    assert (await browser.get("/api/me")).status_code == 401


@pytest.mark.asvs("V6.8.1")
async def test_new_login_with_the_same_number_is_the_same_person(
    world: World, github: FakeGitHub
) -> None:
    octo = account()
    github.add(octo)
    await sign_in_at_github(await world.browser())
    github.add(GitHubAccount(octo.id, "renamed", octo.emails))
    await sign_in_at_github(await world.browser())
    found = select(Identity).where(col(Identity.subject) == str(octo.id))
    assert len(await world.select(found)) == 1


@pytest.mark.asvs("V10.2.2")
async def test_state_of_one_provider_is_none_at_another(world: World, github: FakeGitHub) -> None:
    github.add(account())
    browser = await world.browser()
    there = await browser.get("/api/auth/signin/github")
    back = await browser.get(there.headers["location"])
    mixed = back.headers["location"].replace("/callback/github", "/callback/oidc")
    assert "error=" in (await browser.get(mixed)).headers["location"]
    assert (await browser.get("/api/me")).status_code == 401


async def test_second_way_in_is_the_same_person(world: World, github: FakeGitHub) -> None:
    octo = account()
    github.add(octo)
    mia = await world.someone()
    assert (await start_link(mia)).headers["location"] == "/settings/account"
    linked = await mia.http.get("/api/me/identities")
    assert [row["issuer"] for row in linked.json()] == [world.env["LAYERLINE_GITHUB_URL"]]
    browser = await world.browser()
    await sign_in_at_github(browser)
    assert UUID((await browser.get("/api/me")).json()["id"]) == mia.id


async def test_identity_of_somebody_else_is_not_taken_over(
    world: World, github: FakeGitHub
) -> None:
    github.add(account())
    await sign_in_at_github(await world.browser())
    mia = await world.someone()
    landed = await start_link(mia)
    assert landed.headers["location"] == "/signin?error=identity_taken"
    assert (await mia.http.get("/api/me/identities")).json() == []


async def test_linking_ends_with_the_session_that_began_it(
    world: World, github: FakeGitHub
) -> None:
    octo = account()
    github.add(octo)
    mia = await world.someone()
    there = await mia.post("/api/auth/link/github")
    back = await mia.http.get(there["url"])
    await mia.post("/api/auth/signout")
    landed = await mia.http.get(back.headers["location"])
    assert landed.headers["location"] == "/signin?error=expired"
    assert await world.select(select(Identity).where(col(Identity.subject) == str(octo.id))) == []


@pytest.mark.asvs("V7.5.1")
async def test_linking_asks_for_a_fresh_sign_in(world: World) -> None:
    mia = await world.someone()
    (row,) = await world.select(select(Session).where(col(Session.user_id) == mia.id))
    row.created_at = now() - timedelta(minutes=16)
    await world.add(row)
    answer = problem(await mia.http.post("/api/auth/link/github", json={}))
    assert answer["type"] == "/problems/sign-in-again"


@pytest.mark.parametrize("is_last", [True, False])
async def test_last_way_in_stays(world: World, github: FakeGitHub, is_last: bool) -> None:
    github.add(account())
    browser = await world.browser()
    await sign_in(world, browser, await member_subject(world))
    if not is_last:
        there = (await browser.post("/api/auth/link/github", json={})).json()
        back = await browser.get(there["url"])
        await browser.get(back.headers["location"])
    identities = (await browser.get("/api/me/identities")).json()
    assert len(identities) == (1 if is_last else 2)
    answer = await browser.delete(f"/api/me/identities/{identities[0]['id']}")
    assert answer.status_code == (409 if is_last else 204)


async def test_same_address_at_two_providers_stays_two_people(
    world: World, github: FakeGitHub
) -> None:
    mia = await world.someone()
    address = (await mia.get("/api/me"))["email"]
    github.add(account(email=address))
    browser = await world.browser()
    await sign_in_at_github(browser)
    assert UUID((await browser.get("/api/me")).json()["id"]) != mia.id
    assert len(await world.select(select(User).where(col(User.email) == address))) == 2
