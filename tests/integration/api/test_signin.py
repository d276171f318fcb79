"""Coming in, staying in, going out."""

import hashlib
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, select

from services.api.auth.sessions import ABSOLUTE, IDLE, RECENT
from services.db.tables.people import Audit, Identity, Session, User
from tests.integration.api.people import World, now, problem

ROOT = Path(__file__).resolve().parents[3]


async def sign_in(
    world: World, browser: httpx.AsyncClient, subject: str, next_path: str = "/"
) -> httpx.Response:
    """Return where the browser lands after choosing `subject` at the provider."""
    form = await browser.get(
        "/api/auth/signin/oidc", params={"next": next_path}, follow_redirects=True
    )
    assert form.is_success, form.text
    back = await browser.post(form.url, data={"sub": subject})
    assert back.status_code == 302
    return await browser.get(back.headers["location"])


async def known_at_provider(world: World, **claims: object) -> str:
    """Return the subject of a new account at the provider."""
    subject = uuid4().hex
    async with httpx.AsyncClient() as http:
        answer = await http.put(
            f"{world.env['LAYERLINE_OIDC_ISSUER']}/users/{subject}", json=claims
        )
        answer.raise_for_status()
    return subject


async def member_subject(world: World) -> str:
    return await known_at_provider(
        world, name="Kim", email=f"{uuid4().hex}@layerline.local", email_verified=True
    )


async def test_providers_are_public(world: World) -> None:
    browser = await world.browser()
    answer = await browser.get("/api/auth/providers")
    assert answer.json() == [
        {"id": "github", "name": "GitHub"},
        {"id": "oidc", "name": "test accounts"},
    ]


async def test_member_comes_in_and_lands_where_they_wanted(world: World) -> None:
    browser = await world.browser()
    landed = await sign_in(world, browser, await member_subject(world), "/jobs?status=done")
    assert landed.status_code == 302
    assert landed.headers["location"] == "/jobs?status=done"
    me = (await browser.get("/api/me")).json()
    assert me["name"] == "Kim"
    assert me["is_admin"] is False


async def test_verified_admin_address_makes_an_admin(world: World) -> None:
    browser = await world.browser()
    await sign_in(world, browser, "ada")
    assert (await browser.get("/api/me")).json()["is_admin"] is True


@pytest.mark.asvs("V10.2.1", "V10.5.1")
async def test_request_to_the_provider_has_pkce_state_and_nonce(world: World) -> None:
    browser = await world.browser()
    answer = await browser.get("/api/auth/signin/oidc")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"{world.url}/api/auth/callback/oidc"]
    assert {"code_challenge", "state", "nonce"} <= set(query)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.asvs("V3.3.2", "V3.3.4", "V7.2.2", "V7.2.3")
async def test_session_cookie_is_hidden_and_stored_hashed(world: World) -> None:
    browser = await world.browser()
    landed = await sign_in(world, browser, await member_subject(world))
    cookies = [value for value in landed.headers.get_list("set-cookie") if "layerline=" in value]
    assert len(cookies) == 1
    assert "httponly" in cookies[0].lower()
    assert "samesite=lax" in cookies[0].lower()
    session_id = browser.cookies["layerline"]
    assert len(session_id) >= 43
    stored = await world.row(Session, hashlib.sha256(session_id.encode()).digest())
    assert stored.expires_at - stored.created_at == timedelta(days=30)


@pytest.mark.asvs("V7.2.4")
async def test_signing_in_again_gives_a_new_session_and_ends_the_old(world: World) -> None:
    browser = await world.browser()
    subject = await member_subject(world)
    await sign_in(world, browser, subject)
    old = browser.cookies["layerline"]
    await sign_in(world, browser, subject)
    assert browser.cookies["layerline"] != old
    thief = await world.browser()
    thief.cookies.set("layerline", old)
    assert (await thief.get("/api/me")).status_code == 401


@pytest.mark.asvs("V6.8.1", "V10.5.2", "V16.3.1")
async def test_same_identity_is_one_person(world: World) -> None:
    subject = await member_subject(world)
    for _ in range(2):
        await sign_in(world, await world.browser(), subject)
    identities = await world.select(select(Identity).where(col(Identity.subject) == subject))
    assert len(identities) == 1
    trail = select(Audit).where(col(Audit.user_id) == identities[0].user_id)
    assert [row.action for row in await world.select(trail)] == ["user.sign_in"] * 2


@pytest.mark.asvs("V6.8.1", "V10.5.2")
async def test_same_address_at_another_identity_is_another_person(world: World) -> None:
    email = f"{uuid4().hex}@layerline.local"
    for _ in range(2):
        subject = await known_at_provider(world, email=email, email_verified=True)
        await sign_in(world, await world.browser(), subject)
    assert len(await world.select(select(User).where(col(User.email) == email))) == 2


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"email": "x@elsewhere.example", "email_verified": True}, "not_allowed"),
        ({"email": "x@notlayerline.local", "email_verified": True}, "not_allowed"),
        ({"email": "ada@layerline.local", "email_verified": False}, "email_not_verified"),
        ({"email": "ada@layerline.local"}, "email_not_verified"),
        ({"name": "nobody"}, "email_not_verified"),
    ],
)
@pytest.mark.asvs("V6.3.4")
async def test_who_is_not_admitted_learns_why(
    world: World, claims: dict[str, object], error: str
) -> None:
    browser = await world.browser()
    landed = await sign_in(world, browser, await known_at_provider(world, **claims))
    assert landed.headers["location"] == f"/signin?error={error}"
    assert "layerline" not in browser.cookies


@pytest.mark.asvs("V10.1.2", "V10.2.1")
async def test_callback_of_another_browser_is_refused(world: World) -> None:
    mine, other = await world.browser(), await world.browser()
    form = await mine.get("/api/auth/signin/oidc", follow_redirects=True)
    back = await mine.post(form.url, data={"sub": await member_subject(world)})
    landed = await other.get(back.headers["location"])
    assert landed.headers["location"] == "/signin?error=expired"
    assert "layerline" not in other.cookies


@pytest.mark.asvs("V10.1.2")
async def test_callback_works_once(world: World) -> None:
    browser = await world.browser()
    form = await browser.get("/api/auth/signin/oidc", follow_redirects=True)
    back = await browser.post(form.url, data={"sub": await member_subject(world)})
    assert (await browser.get(back.headers["location"])).headers["location"] == "/"
    again = await browser.get(back.headers["location"])
    assert again.headers["location"] == "/signin?error=expired"


async def test_denied_at_the_provider(world: World) -> None:
    browser = await world.browser()
    form = await browser.get("/api/auth/signin/oidc", follow_redirects=True)
    back = await browser.post(form.url, data={"action": "deny"})
    landed = await browser.get(back.headers["location"])
    assert landed.headers["location"] == "/signin?error=denied"


@pytest.mark.asvs("V3.7.2")
async def test_foreign_next_leads_to_the_front_page(world: World) -> None:
    browser = await world.browser()
    landed = await sign_in(world, browser, await member_subject(world), "//evil.example/x")
    assert landed.headers["location"] == "/"


async def test_unknown_provider(world: World) -> None:
    browser = await world.browser()
    answer = problem(await browser.get("/api/auth/signin/nobody"))
    assert answer["type"] == "/problems/no-such-provider"


@pytest.mark.asvs("V7.4.1")
async def test_signing_out_ends_the_session_everywhere(world: World) -> None:
    mia = await world.someone()
    session_id = mia.http.cookies["layerline"]
    assert (await mia.http.post("/api/auth/signout")).status_code == 204
    copy = await world.browser()
    copy.cookies.set("layerline", session_id)
    assert problem(await copy.get("/api/me"))["status"] == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"last_used_at": timedelta(days=-7, seconds=-1)},
        {"expires_at": timedelta(seconds=-1)},
    ],
)
@pytest.mark.asvs("V7.3.1", "V7.3.2")
async def test_old_session_is_over(world: World, changes: dict[str, timedelta]) -> None:
    mia = await world.someone()
    key = hashlib.sha256(mia.http.cookies["layerline"].encode()).digest()
    row = await world.row(Session, key)
    for name, offset in changes.items():
        setattr(row, name, now() + offset)
    await world.add(row)
    assert (await mia.http.get("/api/me")).status_code == 401


@pytest.mark.asvs("V7.4.2", "V8.3.2")
async def test_disabled_person_is_out_at_once(world: World) -> None:
    mia = await world.someone()
    user = await world.row(User, mia.id)
    user.disabled_at = now()
    await world.add(user)
    assert (await mia.http.get("/api/me")).status_code == 401


async def test_use_of_a_session_is_noted(world: World) -> None:
    mia = await world.someone()
    key = hashlib.sha256(mia.http.cookies["layerline"].encode()).digest()
    row = await world.row(Session, key)
    row.last_used_at = now() - timedelta(hours=1)
    await world.add(row)
    await mia.get("/api/me")
    assert (await world.row(Session, key)).last_used_at > now() - timedelta(minutes=1)


@pytest.mark.asvs("V7.6.2")
async def test_link_on_a_foreign_page_signs_nobody_in(world: World) -> None:
    browser = await world.browser(says_so=False)
    path, headers = "/api/auth/signin/oidc", {"Sec-Fetch-Site": "cross-site"}
    answer = await browser.get(path, params={"next": "/jobs"}, headers=headers)
    assert answer.headers["location"] == "/signin?next=%2Fjobs"
    assert "set-cookie" not in answer.headers
    foreign = await browser.get(path, params={"next": "//evil.example"}, headers=headers)
    assert foreign.headers["location"] == "/signin?next=%2F"


@pytest.mark.asvs("V7.1.1", "V7.1.3", "V7.6.1", "V6.1.3", "V6.8.4")
def test_times_of_sessions_are_told() -> None:
    told = " ".join((ROOT / "docs" / "security.md").read_text().split())
    assert f"after {IDLE.days} days without use, after {ABSOLUTE.days} days at most" in told
    assert f"last {RECENT.seconds // 60} minutes" in told
    assert "Signing out here leaves the provider's own session alone" in told
    assert "counts as one factor" in told
