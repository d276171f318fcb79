"""Roles, invitations, the first admin, sessions, tokens and the trail."""

import csv
import io
from uuid import uuid4

import pytest
from sqlmodel import col, select

from services.db.tables.people import AccessToken, Audit, User
from services.jobs.people import make_first_admin_code
from tests.integration.api.people import Someone, World, now, problem
from tests.integration.api.test_jobs import submitted
from tests.integration.api.test_signin import known_at_provider, sign_in


@pytest.fixture
async def ada(world: World) -> Someone:
    return await world.someone(is_admin=True, name="Ada")


async def deeds(world: World, thing_id: object) -> list[str]:
    """Return what the trail says was done to a thing."""
    found = select(Audit.action).where(col(Audit.thing_id) == str(thing_id))
    return await world.select(found.order_by(col(Audit.id)))


@pytest.mark.asvs("V8.3.2", "V7.2.4")
async def test_new_role_counts_at_once_with_a_new_session(world: World, ada: Someone) -> None:
    mia = await world.someone()
    path = f"/api/people/{mia.id}/role"
    assert (await ada.http.put(path, json={"role": "approver"})).json()["role"] == "approver"
    assert (await mia.http.get("/api/me")).status_code == 401
    assert (await world.row(User, mia.id)).is_approver
    assert await deeds(world, mia.id) == ["user.role"]


@pytest.mark.asvs("V7.4.2", "V7.4.5")
async def test_disabled_person_is_out_everywhere(world: World, ada: Someone) -> None:
    mia = await world.someone()
    made = await mia.post("/api/me/tokens", {"name": "x", "scopes": ["read"], "days": 1})
    await ada.post(f"/api/people/{mia.id}/disable")
    script = await world.browser(says_so=False)
    script.headers["Authorization"] = f"Bearer {made['secret']}"
    assert (await mia.http.get("/api/me")).status_code == 401
    assert (await script.get("/api/me")).status_code == 401


async def test_approver_decides_on_everybody_s_jobs(world: World) -> None:
    pia, mia = await world.someone(), await world.someone()
    user = await world.row(User, pia.id)
    user.is_approver = True
    await world.add(user)
    (job,) = await submitted(world, mia)
    me = await pia.get("/api/me")
    assert (me["role"], me["is_admin"]) == ("approver", False)
    body = {"version": job["version"], "reason": "Too tall."}
    assert (await pia.post(f"/api/jobs/{job['id']}/reject", body))["status"] == "rejected"
    assert (await pia.http.get("/api/people")).status_code == 403


@pytest.mark.asvs("V6.4.1", "V2.3.1")
async def test_invited_person_comes_in_once(world: World, ada: Someone) -> None:
    email = f"{uuid4().hex}@elsewhere.example"
    made = await ada.post("/api/invitations", {"email": email.upper(), "role": "approver"})
    subject = await known_at_provider(world, email=email, email_verified=True)
    browser = await world.browser()
    assert (await sign_in(world, browser, subject)).headers["location"] == "/"
    assert (await browser.get("/api/me")).json()["role"] == "approver"
    again = await known_at_provider(world, email=email, email_verified=True)
    landed = await sign_in(world, await world.browser(), again)
    assert landed.headers["location"] == "/signin?error=not_allowed"
    answer = await ada.http.delete(f"/api/invitations/{made['id']}")
    assert problem(answer)["type"] == "/problems/invitation-taken"


async def test_withdrawn_invitation_lets_nobody_in(world: World, ada: Someone) -> None:
    email = f"{uuid4().hex}@elsewhere.example"
    made = await ada.post("/api/invitations", {"email": email})
    assert (await ada.http.delete(f"/api/invitations/{made['id']}")).status_code == 204
    subject = await known_at_provider(world, email=email, email_verified=True)
    landed = await sign_in(world, await world.browser(), subject)
    assert landed.headers["location"] == "/signin?error=not_allowed"


@pytest.mark.asvs("V7.4.1", "V7.5.2", "V7.2.1", "V7.4.3")
async def test_sessions_are_listed_and_ended(world: World) -> None:
    mia = await world.someone()
    (mine,) = (await mia.http.get("/api/me/sessions")).json()
    assert mine["is_this"] is True
    other = await world.someone()
    answer = await other.http.delete(f"/api/me/sessions/{mine['id']}")
    assert problem(answer)["type"] == "/problems/no-such-session"
    assert (await mia.http.delete("/api/me/sessions")).status_code == 204
    assert (await mia.http.get("/api/me")).status_code == 401
    assert await deeds(world, mia.id) == ["session.end_all"]


@pytest.mark.asvs("V11.5.1", "V13.3.1")
async def test_token_is_shown_once_and_stored_hashed(world: World) -> None:
    mia = await world.someone()
    made = await mia.post("/api/me/tokens", {"name": "slicer", "scopes": ["read"], "days": 7})
    secret = made["secret"]
    assert len(secret) >= 43
    row = await world.row(AccessToken, made["token"]["id"])
    assert secret.encode() not in row.secret_sha256
    assert secret not in (await mia.http.get("/api/me/tokens")).text
    script = await world.browser(says_so=False)
    script.headers["Authorization"] = f"Bearer {secret}"
    assert (await script.get("/api/jobs")).status_code == 200
    refused = problem(await script.post("/api/uploads", json={}))
    assert refused["type"] == "/problems/token-scope"
    assert problem(await script.get("/api/me/tokens"))["type"] == "/problems/token-scope"
    assert (await mia.http.delete(f"/api/me/tokens/{row.id}")).status_code == 204
    assert (await script.get("/api/jobs")).status_code == 401
    assert await deeds(world, row.id) == ["token.make", "token.revoke"]


async def test_bad_token_is_not_saved_by_a_cookie(world: World) -> None:
    mia = await world.someone()
    for value in ("Bearer llt_x", "Bearer", "Basic eDp5", "x"):
        answer = await mia.http.get("/api/me", headers={"Authorization": value})
        assert answer.status_code == 401


async def test_token_that_is_over(world: World) -> None:
    mia = await world.someone()
    made = await mia.post("/api/me/tokens", {"name": "x", "scopes": ["read"], "days": 1})
    row = await world.row(AccessToken, made["token"]["id"])
    row.expires_at = now()
    await world.add(row)
    script = await world.browser()
    script.headers["Authorization"] = f"Bearer {made['secret']}"
    assert (await script.get("/api/me")).status_code == 401


async def test_there_is_no_code_once_there_is_an_admin(world: World, ada: Someone) -> None:
    async with world.sessions() as session, session.begin():
        assert await make_first_admin_code(session, now()) is None


@pytest.mark.asvs("V1.2.10", "V16.2.1", "V5.4.1")
async def test_trail_is_read_and_exported_by_admins(world: World, ada: Someone) -> None:
    email = f"={uuid4().hex}@elsewhere.example"
    await ada.post("/api/invitations", {"email": email})
    (newest, *_) = (await ada.get("/api/audit"))["deeds"]
    assert (newest["action"], newest["user_id"]) == ("invitation.make", str(ada.id))
    assert newest["ip"] == "127.0.0.1"
    answer = await ada.http.get("/api/audit.csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0][:3] == ["id", "at", "user_id"]
    assert f"'{email} member" in [row[-1] for row in rows]


async def test_trail_is_sought_by_person_kind_and_time(world: World, ada: Someone) -> None:
    other = await world.someone(is_admin=True)
    await other.post("/api/invitations", {"email": f"{uuid4().hex}@elsewhere.example"})
    await ada.post("/api/invitations", {"email": f"{uuid4().hex}@elsewhere.example"})

    async def deeds(**query: str) -> list[tuple[str, str]]:
        found = (await ada.get("/api/audit", who=str(other.id), **query))["deeds"]
        return [(deed["action"], deed["user_id"]) for deed in found]

    assert await deeds(what="invitation") == [("invitation.make", str(other.id))]
    assert await deeds(what="invitatio") == []
    assert await deeds(what="node") == []
    assert await deeds(until="2020-01-01T00:00:00Z") == []
    assert len(await deeds(since="2020-01-01T00:00:00Z")) >= 1
    table = (await ada.http.get(f"/api/audit.csv?who={other.id}")).text
    assert str(other.id) in table
    assert str(ada.id) not in table


@pytest.mark.asvs("V15.2.2", "V2.4.1")
async def test_pending_uploads_are_bounded(world: World) -> None:
    mia = await world.someone()
    for number in range(20):
        await mia.post("/api/uploads", _file(number))
    answer = await mia.http.post("/api/uploads", json=_file(20))
    assert problem(answer)["status"] == 429
    assert int(answer.headers["Retry-After"]) > 0


def _file(number: int) -> dict[str, object]:
    sha256 = f"{number:064x}"
    return {"filename": "a.gcode.3mf", "size_bytes": 10, "sha256": sha256}
