"""What somebody might try who wants in, or wants more than they were given."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, select

from services.db.tables.people import Audit, Identity, Invitation, Session, User
from tests.integration.api.listening import listening
from tests.integration.api.people import Someone, World, now, problem
from tests.integration.api.test_signin import known_at_provider, member_subject, sign_in

TABS = 4


@pytest.fixture
async def ada(world: World) -> Someone:
    return await world.someone(is_admin=True, name="Ada")


async def on_the_way_back(browser: httpx.AsyncClient, subject: str) -> str:
    """Return the address at which the provider sends the browser back."""
    form = await browser.get("/api/auth/signin/oidc", follow_redirects=True)
    return str((await browser.post(form.url, data={"sub": subject})).headers["location"])


async def script_of(world: World, someone: Someone, *scopes: str) -> httpx.AsyncClient:
    """Return a client that shows a new access token of the person."""
    body = {"name": "x", "scopes": list(scopes), "days": 1}
    made = await someone.post("/api/me/tokens", body)
    script = await world.browser(says_so=False)
    script.headers["Authorization"] = f"Bearer {made['secret']}"
    return script


@pytest.mark.asvs("V2.3.4", "V15.4.2", "V6.4.1")
async def test_an_invitation_lets_one_in_of_several_at_once(world: World, ada: Someone) -> None:
    email = f"{uuid4().hex}@elsewhere.example"
    await ada.post("/api/invitations", {"email": email, "role": "approver"})
    browsers = [await world.browser() for _ in range(TABS)]
    subjects = [await known_at_provider(world, email=email, email_verified=True) for _ in browsers]
    ways = [
        await on_the_way_back(browser, subject)
        for browser, subject in zip(browsers, subjects, strict=True)
    ]
    landed = await asyncio.gather(
        *(browser.get(way) for browser, way in zip(browsers, ways, strict=True))
    )
    places = sorted(answer.headers["location"] for answer in landed)
    assert places == ["/", *["/signin?error=not_allowed"] * (TABS - 1)]
    (user,) = await world.select(select(User).where(col(User.email) == email))
    assert user.is_approver
    (invitation,) = await world.select(select(Invitation).where(col(Invitation.email) == email))
    assert invitation.accepted_by == user.id


async def test_two_tabs_of_one_invited_person_both_come_in(world: World, ada: Someone) -> None:
    email = f"{uuid4().hex}@elsewhere.example"
    await ada.post("/api/invitations", {"email": email})
    subject = await known_at_provider(world, email=email, email_verified=True)
    browsers = [await world.browser() for _ in range(TABS)]
    ways = [await on_the_way_back(browser, subject) for browser in browsers]
    landed = await asyncio.gather(
        *(browser.get(way) for browser, way in zip(browsers, ways, strict=True))
    )
    assert {answer.headers["location"] for answer in landed} == {"/"}
    assert len(await world.select(select(User).where(col(User.email) == email))) == 1


@pytest.mark.asvs("V8.3.2", "V7.2.4", "V16.2.1")
async def test_a_setting_that_makes_an_admin_ends_sessions_and_is_noted(world: World) -> None:
    subject = await known_at_provider(
        world, email="ada@layerline.local", email_verified=True, name="Ada again"
    )
    browser = await world.browser()
    await sign_in(world, browser, subject)
    (identity,) = await world.select(select(Identity).where(col(Identity.subject) == subject))
    user = await world.row(User, identity.user_id)
    assert user.is_admin
    user.is_admin = False
    await world.add(user)
    elsewhere = await world.browser()
    await sign_in(world, elsewhere, subject)
    assert (await browser.get("/api/me")).status_code == 401
    assert (await elsewhere.get("/api/me")).json()["is_admin"] is True
    trail = select(Audit).where(col(Audit.user_id) == user.id, col(Audit.action) == "user.role")
    told = [row.detail for row in await world.select(trail)]
    assert told == ["admin: LAYERLINE_ADMIN_EMAILS"] * 2


@pytest.mark.asvs("V10.1.2", "V7.2.4")
async def test_copied_cookie_of_a_finished_sign_in_signs_nobody_in(world: World) -> None:
    browser, thief = await world.browser(), await world.browser()
    way = await on_the_way_back(browser, await member_subject(world))
    thief.cookies.update(browser.cookies)
    assert (await browser.get(way)).headers["location"] == "/"
    landed = await thief.get(way)
    assert landed.headers["location"].startswith("/signin?error=")
    assert (await thief.get("/api/me")).status_code == 401
    assert (await browser.get("/api/me")).status_code == 200


@pytest.mark.asvs("V7.2.4", "V3.3.4")
async def test_a_session_id_that_somebody_planted_is_never_taken(world: World) -> None:
    browser, planted = await world.browser(), uuid4().hex * 2
    browser.cookies.set("layerline", planted, domain="127.0.0.1")
    await sign_in(world, browser, await member_subject(world))
    thief = await world.browser()
    thief.cookies.set("layerline", planted)
    assert (await thief.get("/api/me")).status_code == 401
    values = [cookie.value for cookie in browser.cookies.jar if cookie.name == "layerline"]
    assert planted not in values


@pytest.mark.asvs("V8.2.1", "V8.3.1")
async def test_a_token_never_makes_more_of_itself(world: World, ada: Someone) -> None:
    script = await script_of(world, ada, "read", "submit", "operate")
    mia = await world.someone()
    tries = [
        ("POST", "/api/me/tokens", {"name": "y", "scopes": ["read"], "days": 365}),
        ("PUT", f"/api/people/{mia.id}/role", {"role": "admin"}),
        ("POST", "/api/invitations", {"email": "x@elsewhere.example"}),
        ("POST", "/api/nodes", {"name": "n-by-token"}),
        ("POST", "/api/auth/link/github", {}),
        ("DELETE", "/api/me/sessions", None),
        ("GET", "/api/people", None),
        ("GET", "/api/audit", None),
        ("GET", "/api/audit.csv", None),
        ("GET", "/api/me/sessions", None),
        ("GET", "/api/me/identities", None),
        ("GET", "/api/nodes", None),
    ]
    for method, path, body in tries:
        answer = await script.request(method, path, json=body)
        assert problem(answer)["type"] == "/problems/token-scope", path
    assert (await ada.http.get("/api/me")).status_code == 200


@pytest.mark.asvs("V8.3.2")
async def test_a_token_has_no_more_rights_than_its_person_has_now(
    world: World, ada: Someone
) -> None:
    script = await script_of(world, ada, "operate")
    other = await world.someone(is_admin=True)
    await other.http.put(f"/api/people/{ada.id}/role", json={"role": "member"})
    answer = await script.post(f"/api/jobs/{uuid4()}/approve", json={"version": 1})
    assert problem(answer)["type"] == "/problems/not-allowed"


@pytest.mark.asvs("V7.4.2")
async def test_what_a_disabled_person_held_stays_void(world: World, ada: Someone) -> None:
    mia = await world.someone()
    script = await script_of(world, mia, "read")
    await ada.post(f"/api/people/{mia.id}/disable")
    await ada.post(f"/api/people/{mia.id}/enable")
    assert (await script.get("/api/me")).status_code == 401
    assert (await mia.http.get("/api/me")).status_code == 401


ENDS = {
    "disabled": ("POST", "/api/people/{id}/disable"),
    "signed out by an admin": ("POST", "/api/people/{id}/signout"),
    "another role": ("PUT", "/api/people/{id}/role"),
}


@pytest.mark.asvs("V7.4.2", "V8.3.2")
@pytest.mark.parametrize("end", ENDS)
async def test_open_feeds_end_at_once(world: World, ada: Someone, end: str) -> None:
    mia = await world.someone()
    method, path = ENDS[end]
    async with listening(mia.http) as feed, listening(ada.http) as others:
        await asyncio.gather(feed.next(), others.next())
        body = {"role": "approver"} if method == "PUT" else {}
        await ada.http.request(method, path.format(id=mia.id), json=body)
        assert await feed.ends()
        assert (await ada.http.get("/api/me")).status_code == 200


@pytest.mark.asvs("V7.4.1")
async def test_open_feed_of_another_browser_ends_when_signed_out_there(world: World) -> None:
    mia = await world.someone()
    async with listening(mia.http) as feed:
        await feed.next()
        await mia.http.delete("/api/me/sessions")
        assert await feed.ends()


@pytest.mark.asvs("V3.5.1")
async def test_what_a_browser_says_of_itself_opens_no_session(world: World) -> None:
    """Forged by a script, the headers let it in to nothing: the cookie is what counts."""
    script = await world.browser(says_so=False)
    forged = {"Sec-Fetch-Site": "same-origin", "Origin": world.url, "X-Forwarded-For": "127.0.0.1"}
    for path in ("/api/uploads", "/api/me/tokens", "/api/nodes", "/api/auth/signout"):
        assert (await script.post(path, json={}, headers=forged)).status_code == 401


@pytest.mark.asvs("V7.5.1")
async def test_reauthentication_is_not_bought_by_using_a_session(world: World) -> None:
    """The last use moves, the sign-in doesn't: what is sensitive looks at the sign-in."""
    ada = await world.someone(is_admin=True)
    (row,) = await world.select(select(Session).where(col(Session.user_id) == ada.id))
    row.created_at = row.created_at.replace(year=row.created_at.year - 1)
    row.last_used_at = now()
    await world.add(row)
    await ada.get("/api/me")
    answer = await ada.http.post("/api/nodes", json={"name": "too-late"})
    assert problem(answer)["type"] == "/problems/sign-in-again"
