"""Every operation that changes something leaves a row in the trail: who, what, when, from where."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from contracts.enrolment import CODE_HEADER, SIGNATURE_HEADER, signed_text
from contracts.lifecycle import BedState, RunState
from edge.enrol.files import make_seed, public_key, signature
from services.api.permissions import PERMISSIONS, Door
from services.db.tables.people import Audit, Identity
from services.db.tables.work import Artifact
from tests.integration.api.people import Json, Someone, World, now
from tests.integration.api.rows import announced_printer, dead_letter, ready_artifact
from tests.integration.api.test_jobs import queued, submitted
from tests.integration.api.test_permissions import CHANGES, ROUTES
from tests.integration.api.test_printers import running
from tests.integration.api.test_uploads import described, put

CHANGE_NOTHING: Mapping[str, str] = {
    "show_first_admin_code": "the code is kept in the browser's cookie until it signs in",
    "link_identity": "only leads to the provider; coming back is what links, and is noted",
    "challenge_node": "a challenge is signed, not stored",
    "renew_upload_url": "an address for the same bytes of the same file",
}


@dataclass(frozen=True)
class Scene:
    """An API and the people of one test."""

    world: World
    ada: Someone
    mia: Someone

    async def node(self) -> Json:
        """Return a new node with its code."""
        return await self.ada.post("/api/nodes", {"name": f"n{uuid4().hex[:8]}"})

    async def job(self) -> Json:
        """Return a job that waits for approval."""
        (job,) = await submitted(self.world, self.mia)
        return job

    async def printer(self, **changes: object) -> UUID:
        """Return a printer that has spoken."""
        return (await announced_printer(self.world, **changes)).printer_id


Knock = tuple[httpx.AsyncClient, httpx.Request]
Act = Callable[[Scene], Awaitable[Knock]]
"""Brings everything about and returns the one request that is still to be sent."""


def knock(http: httpx.AsyncClient, method: str, path: str, **how: Any) -> Knock:
    """Return a request that is not sent yet."""
    return http, http.build_request(method, path, **how)


async def _unlink(scene: Scene) -> Knock:
    rows = [
        Identity(
            id=uuid4(),
            user_id=scene.mia.id,
            issuer=f"https://{name}.example",
            subject=uuid4().hex,
            email=None,
            created_at=now(),
            last_used_at=now(),
        )
        for name in ("one", "two")
    ]
    await scene.world.add(*rows)
    return knock(scene.mia.http, "DELETE", f"/api/me/identities/{rows[0].id}")


async def _end_session(scene: Scene) -> Knock:
    (this,) = (await scene.mia.http.get("/api/me/sessions")).json()
    return knock(scene.mia.http, "DELETE", f"/api/me/sessions/{this['id']}")


async def _revoke_token(scene: Scene) -> Knock:
    made = await scene.mia.post("/api/me/tokens", {"name": "x", "scopes": ["read"], "days": 1})
    return knock(scene.mia.http, "DELETE", f"/api/me/tokens/{made['token']['id']}")


async def _withdraw_invitation(scene: Scene) -> Knock:
    made = await scene.ada.post("/api/invitations", {"email": f"{uuid4().hex}@else.example"})
    return knock(scene.ada.http, "DELETE", f"/api/invitations/{made['id']}")


async def _complete_upload(scene: Scene) -> Knock:
    content = uuid4().bytes
    upload = await scene.mia.post("/api/uploads", described(content))
    assert (await put(upload, content)).status_code == 200
    path = f"/api/uploads/{upload['artifact']['id']}/complete"
    return knock(scene.mia.http, "POST", path, json={})


async def _send_from_slicer(scene: Scene) -> Knock:
    files = {"file": ("a.gcode.3mf", uuid4().bytes)}
    return knock(scene.mia.http, "POST", "/api/files/local", files=files)


async def _submit(scene: Scene) -> Knock:
    artifact = await ready_artifact(scene.world, scene.mia.id)
    body = {"artifact_id": str(artifact.id), "plates": [{"plate": 1, "copies": 1}]}
    return knock(scene.mia.http, "POST", "/api/submissions", json=body)


def _decides(word: str, *, by_ada: bool = True, **body: object) -> Act:
    async def act(scene: Scene) -> Knock:
        job = await scene.job()
        who = scene.ada if by_ada else scene.mia
        return knock(
            who.http,
            "POST",
            f"/api/jobs/{job['id']}/{word}",
            json={"version": job["version"], **body},
        )

    return act


async def _cancel(scene: Scene) -> Knock:
    job = await queued(scene.world, scene.mia, scene.ada)
    return knock(scene.mia.http, "POST", f"/api/jobs/{job['id']}/cancel", json={})


async def _resubmit(scene: Scene) -> Knock:
    job = await scene.job()
    body = {"version": job["version"], "comment": "Turn it over."}
    back = await scene.ada.post(f"/api/jobs/{job['id']}/return", body)
    path = f"/api/jobs/{job['id']}/resubmit"
    return knock(scene.mia.http, "POST", path, json={"version": back["version"]})


async def _take_back(scene: Scene) -> Knock:
    job = await queued(scene.world, scene.mia, scene.ada)
    path = f"/api/jobs/{job['id']}/take-back-approval"
    return knock(scene.ada.http, "POST", path, json={"version": job["version"]})


def _wishes(word: str, state: RunState, **body: object) -> Act:
    async def act(scene: Scene) -> Knock:
        job, _, _ = await running(scene.world, scene.mia, state)
        artifact = await scene.world.row(Artifact, job.artifact_id)
        objects = [{"id": number, "name": f"cube {number}"} for number in (12, 40)]
        plates = [{**plate, "objects": objects} for plate in artifact.inspection["plates"]]
        artifact.inspection = {"plates": plates}
        await scene.world.add(artifact)
        return knock(scene.ada.http, "POST", f"/api/jobs/{job.id}/{word}", json=body)

    return act


async def _resolve(scene: Scene) -> Knock:
    _, run, _ = await running(scene.world, scene.mia, RunState.ATTENTION, reason="Not seen.")
    body = {"outcome": "released", "reason": "The plate is empty."}
    return knock(scene.ada.http, "POST", f"/api/runs/{run.id}/resolve", json=body)


def _at_a_printer(word: str, body: Json, **state: object) -> Act:
    async def act(scene: Scene) -> Knock:
        printer = await scene.printer(**state)
        return knock(scene.ada.http, "POST", f"/api/printers/{printer}/{word}", json=body)

    return act


def _on_a_person(method: str, word: str, body: Json | None = None) -> Act:
    async def act(scene: Scene) -> Knock:
        kim = await scene.world.someone(name="Kim")
        path = f"/api/people/{kim.id}/{word}"
        if word == "enable":
            await scene.ada.post(f"/api/people/{kim.id}/disable")
        return knock(scene.ada.http, method, path, json=body or {})

    return act


def _mine(method: str, path: str, body: Json | None = None) -> Act:
    async def act(scene: Scene) -> Knock:
        return knock(scene.mia.http, method, path, json=body)

    return act


def _ours(method: str, path: str, body: Json) -> Act:
    async def act(scene: Scene) -> Knock:
        return knock(scene.ada.http, method, path, json=body)

    return act


async def _change_settings(scene: Scene) -> Knock:
    settings = await scene.ada.get("/api/settings")
    return knock(scene.ada.http, "PUT", "/api/settings", json=settings)


def _on_a_letter(word: str) -> Act:
    async def act(scene: Scene) -> Knock:
        letter = dead_letter()
        await scene.world.add(letter)
        return knock(scene.ada.http, "POST", f"/api/dead-letters/{letter.id}/{word}", json={})

    return act


async def _comment(scene: Scene) -> Knock:
    job = await scene.job()
    path = f"/api/jobs/{job['id']}/comments"
    return knock(scene.mia.http, "POST", path, json={"text": "for the door"})


async def _decide_many(scene: Scene) -> Knock:
    job = await scene.job()
    seen = [{"job_id": job["id"], "version": job["version"]}]
    body = {"decision": "approve", "jobs": seen}
    return knock(scene.ada.http, "POST", "/api/decisions", json=body)


async def _new_queue(scene: Scene) -> Json:
    name = f"q{uuid4().hex[:8]}"
    made = await scene.ada.put(f"/api/queues/{name}", {"title": "Test"})
    queue: Json = made["queue"]
    return queue


async def _move(scene: Scene) -> Knock:
    queue = await _new_queue(scene)
    job = await queued(scene.world, scene.mia, scene.ada)
    body = {"queue": queue["name"], "queue_version": queue["version"], "before": None}
    return knock(scene.ada.http, "POST", f"/api/jobs/{job['id']}/move", json=body)


async def _switch_queue(scene: Scene) -> Knock:
    queue = await _new_queue(scene)
    body = {"is_held": True, "version": queue["version"]}
    return knock(scene.ada.http, "POST", f"/api/queues/{queue['name']}/switch", json=body)


async def _name_queue(scene: Scene) -> Knock:
    queue = await _new_queue(scene)
    return knock(scene.ada.http, "PUT", f"/api/queues/{queue['name']}", json={"title": "Other"})


async def _remove_queue(scene: Scene) -> Knock:
    queue = await _new_queue(scene)
    return knock(scene.ada.http, "DELETE", f"/api/queues/{queue['name']}")


async def _place_printer(scene: Scene) -> Knock:
    queue = await _new_queue(scene)
    body = {"name": "Left", "queue": queue["name"], "is_enabled": True}
    return knock(scene.ada.http, "PUT", f"/api/printers/{await scene.printer()}", json=body)


def _on_a_node(word: str) -> Act:
    async def act(scene: Scene) -> Knock:
        name = (await scene.node())["node"]["name"]
        return knock(scene.ada.http, "POST", f"/api/nodes/{name}/{word}", json={})

    return act


async def _enrol(scene: Scene) -> Knock:
    return await _enrolled(scene, make_seed())


async def _enrolled(scene: Scene, seed: str) -> Knock:
    node = await scene.world.browser()
    headers = {CODE_HEADER: (await scene.node())["code"]}
    body = {"public_key": public_key(seed)}
    return knock(node, "POST", "/api/nodes/enroll", json=body, headers=headers)


async def _renew(scene: Scene) -> Knock:
    seed = make_seed()
    http, request = await _enrolled(scene, seed)
    assert (await http.send(request)).is_success
    node, body = await scene.world.browser(), {"public_key": public_key(seed)}
    asked = (await node.post("/api/nodes/challenge", json=body)).json()
    headers = {SIGNATURE_HEADER: signature(seed, signed_text(asked["challenge"]))}
    return knock(node, "POST", "/api/nodes/renew", json=body | asked, headers=headers)


_TARGET = {"form": "channel", "name": "Chat", "address": "discord://1/x", "kinds": ["done"]}


def _at_a_target(method: str, word: str, body: Json | None = None) -> Act:
    async def act(scene: Scene) -> Knock:
        target = (await scene.ada.post("/api/notice-targets", _TARGET))["target"]
        return knock(scene.ada.http, method, f"/api/notice-targets/{target['id']}{word}", json=body)

    return act


def _follows(method: str) -> Act:
    async def act(scene: Scene) -> Knock:
        job = await scene.job()
        return knock(scene.ada.http, method, f"/api/jobs/{job['id']}/follow")

    return act


ACTS: Mapping[str, Act] = {
    "choose_notices": _mine("PUT", "/api/me/notices", {"language": "en", "ways": []}),
    "follow_job": _follows("PUT"),
    "unfollow_job": _follows("DELETE"),
    "add_notice_target": _ours("POST", "/api/notice-targets", _TARGET),
    "change_notice_target": _at_a_target("PUT", "", {"kinds": [], "is_enabled": False}),
    "remove_notice_target": _at_a_target("DELETE", ""),
    "try_notice_target": _at_a_target("POST", "/try", {}),
    "sign_out": _mine("POST", "/api/auth/signout", {}),
    "unlink_identity": _unlink,
    "sign_out_everywhere": _mine("DELETE", "/api/me/sessions"),
    "end_one_session": _end_session,
    "make_token": _mine("POST", "/api/me/tokens", {"name": "x", "scopes": ["read"], "days": 1}),
    "revoke_token": _revoke_token,
    "change_role": _on_a_person("PUT", "role", {"role": "approver"}),
    "disable_person": _on_a_person("POST", "disable"),
    "enable_person": _on_a_person("POST", "enable"),
    "sign_person_out": _on_a_person("POST", "signout"),
    "invite": _ours("POST", "/api/invitations", {"email": "kim@else.example"}),
    "withdraw_invitation": _withdraw_invitation,
    "create_upload": _mine("POST", "/api/uploads", described(b"some bytes")),
    "complete_upload": _complete_upload,
    "send_from_slicer": _send_from_slicer,
    "create_submission": _submit,
    "approve_job": _decides("approve"),
    "reject_job": _decides("reject", reason="Too tall."),
    "return_job": _decides("return", comment="Turn it over."),
    "resubmit_job": _resubmit,
    "withdraw_job": _decides("withdraw", by_ada=False),
    "take_back_approval": _take_back,
    "cancel_job": _cancel,
    "pause_job": _wishes("pause", RunState.PRINTING),
    "resume_job": _wishes("resume", RunState.PAUSED),
    "set_speed": _wishes("speed", RunState.PRINTING, level=3),
    "skip_objects": _wishes("skip", RunState.PRINTING, object_ids=[12]),
    "resolve_run": _resolve,
    "clear_bed": _at_a_printer("clear-bed", {"bed_seq": 7}),
    "unclear_bed": _at_a_printer("unclear-bed", {"bed_seq": 7}, bed=BedState.CLEAR),
    "switch_light": _at_a_printer("light", {"on": True}),
    "clear_error": _at_a_printer("clear-error", {}, code="0300-8004"),
    "change_settings": _change_settings,
    "replay_dead_letter": _on_a_letter("replay"),
    "drop_dead_letter": _on_a_letter("drop"),
    "comment_on_job": _comment,
    "decide_jobs": _decide_many,
    "move_job": _move,
    "switch_queue": _switch_queue,
    "name_queue": _name_queue,
    "remove_queue": _remove_queue,
    "place_printer": _place_printer,
    "change_quota": _on_a_person("PUT", "quota", {"limits": {"grams": 10, "hours": None}}),
    "add_node": _ours("POST", "/api/nodes", {"name": f"n{uuid4().hex[:8]}"}),
    "make_node_code": _on_a_node("code"),
    "revoke_node": _on_a_node("revoke"),
    "enrol_node": _enrol,
    "renew_node": _renew,
}


@pytest.fixture
async def scene(world: World) -> Scene:
    """Ada, who is admin, and Mia."""
    ada = await world.someone(is_admin=True, name="Ada")
    return Scene(world, ada, await world.someone(name="Mia"))


def test_every_changing_operation_is_known_here() -> None:
    changing = {name for name, (method, _) in ROUTES.items() if method in CHANGES}
    assert changing == ACTS.keys() | CHANGE_NOTHING.keys()
    assert not ACTS.keys() & CHANGE_NOTHING.keys()


@pytest.mark.asvs("V16.2.1", "V16.3.3")
@pytest.mark.parametrize("operation", sorted(ACTS))
async def test_what_was_done_stands_in_the_trail(scene: Scene, operation: str) -> None:
    newest = select(Audit).order_by(col(Audit.id).desc()).limit(1)
    http, request = await ACTS[operation](scene)
    before = [row.id for row in await scene.world.select(newest)]
    answer = await http.send(request)
    assert answer.is_success, answer.text
    (last,) = await scene.world.select(newest)
    assert [last.id] != before
    assert now() - last.at < timedelta(seconds=20)
    assert last.ip == "127.0.0.1"
    by_node = PERMISSIONS[operation].door is Door.NODE
    assert last.user_id in ({None} if by_node else {scene.ada.id, scene.mia.id})
    assert last.action
    assert last.thing
    assert last.thing_id


@pytest.mark.parametrize("operation", sorted(CHANGE_NOTHING))
async def test_what_changes_nothing_needs_no_row(scene: Scene, operation: str) -> None:
    upload = await scene.mia.post("/api/uploads", described(uuid4().bytes))
    bodies: Mapping[str, Json] = {
        "show_first_admin_code": {"code": "no-such-code"},
        "challenge_node": {"public_key": public_key(make_seed())},
    }
    method, path = ROUTES[operation]
    path = path.format(provider="github", artifact_id=upload["artifact"]["id"])
    before = await everything(scene.world)
    answer = await scene.mia.http.request(method, path, json=bodies.get(operation, {}))
    assert answer.status_code < 500
    assert await everything(scene.world) == before


READ_WITH_A_TRACE = {"export_audit", "start_signin", "finish_signin", "get_feed"}
"""An export is noted; a sign-in is bound to its browser; the feed has no end."""


@pytest.mark.asvs("V3.5.3")
@pytest.mark.parametrize(
    "operation",
    sorted(n for n, (m, _) in ROUTES.items() if m == "get" and n not in READ_WITH_A_TRACE),
)
async def test_reading_changes_nothing(scene: Scene, operation: str) -> None:
    (job,) = await submitted(scene.world, scene.mia)
    ids = {"job_id": job["id"], "artifact_id": job["artifact_id"], "plate": 1}
    path = re.sub(r"\{(\w+)\}", lambda m: str(ids.get(m[1], uuid4())), ROUTES[operation][1])
    before = await everything(scene.world)
    assert (await scene.ada.http.get(path)).status_code < 500
    assert await everything(scene.world) == before


@pytest.mark.asvs("V16.4.2")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET action = 'nothing' WHERE id = (SELECT max(id) FROM audit)",
        "DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)",
        "TRUNCATE audit",
    ],
)
async def test_a_row_is_never_changed_or_taken_away(scene: Scene, statement: str) -> None:
    await scene.node()
    with pytest.raises(DBAPIError, match="the trail is only ever added to"):
        async with scene.world.engine.begin() as connection:
            await connection.execute(text(statement))


async def everything(world: World) -> Mapping[str, str]:
    """Return a digest of each table but that of sessions, whose last use is written down."""
    async with world.engine.connect() as connection:
        found = await connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
        tables = [name for (name,) in found.all() if name != "session"]
        digests = {}
        for name in tables:
            rows = await connection.execute(text(f'SELECT t::text FROM "{name}" t ORDER BY 1'))
            joined = "\n".join(row for (row,) in rows.all())
            digests[name] = hashlib.sha256(joined.encode()).hexdigest()
    return digests
