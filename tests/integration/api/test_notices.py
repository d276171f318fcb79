"""What people choose to be told, and where admins have it go."""

import json
from uuid import uuid4

import pytest
from sqlmodel import col, select

from services.db.tables.notices import JobFollower, NoticeDelivery, NoticeTarget
from services.notices.kinds import USUAL
from tests.integration.api.people import Json, Someone, World, problem
from tests.integration.api.test_jobs import submitted

WEBHOOK = {"form": "webhook", "name": "Shop", "address": "https://1.1.1.1/hook", "kinds": ["done"]}
MAIL = {
    "form": "personal",
    "name": "E-mail",
    "address": "mailtos://us:hush@mail.example?to={email}",
    "kinds": list(USUAL),
}
CHAT = {"form": "channel", "name": "Chat", "address": "discord://1/hush", "kinds": ["failed"]}


@pytest.fixture
async def ada(world: World) -> Someone:
    return await world.someone(is_admin=True, name="Ada")


@pytest.fixture
async def mia(world: World) -> Someone:
    return await world.someone()


async def added(ada: Someone, body: Json) -> Json:
    """Return a target that was added."""
    return await ada.post("/api/notice-targets", body)


class TestTargets:
    """Where notices go: an admin's to say."""

    async def test_webhook_s_key_is_shown_once(self, world: World, ada: Someone) -> None:
        made = await added(ada, WEBHOOK)
        assert made["key"].startswith("whsec_")
        listed = (await ada.get("/api/notice-targets"))["targets"]
        (mine,) = [target for target in listed if target["id"] == made["target"]["id"]]
        assert mine == made["target"]
        assert made["key"] not in json.dumps(listed)

    @pytest.mark.asvs("V14.2.4")
    async def test_address_is_sealed_and_never_shown(self, world: World, ada: Someone) -> None:
        made = await added(ada, MAIL)
        assert made["key"] is None
        assert "hush" not in json.dumps(made)
        assert "hush" not in json.dumps(await ada.get("/api/notice-targets"))
        row = await world.row(NoticeTarget, made["target"]["id"])
        assert b"hush" not in row.address_sealed

    @pytest.mark.asvs("V1.3.6")
    @pytest.mark.parametrize(
        "address",
        [
            "https://127.0.0.1/x",
            "https://10.0.0.1/x",
            "https://169.254.169.254/",
            "http://1.1.1.1/",
        ],
    )
    async def test_webhook_may_not_lead_inside(self, ada: Someone, address: str) -> None:
        refusal = await ada.refused("/api/notice-targets", {**WEBHOOK, "address": address})
        assert (refusal["status"], refusal["type"]) == (422, "/problems/address-refused")

    @pytest.mark.parametrize(
        "body",
        [
            {**MAIL, "address": "mailtos://u:p@mail.example?to=a@example.org"},
            {**CHAT, "address": "discord://1/{email}"},
            {**CHAT, "address": "no address"},
            {**CHAT, "form": "pigeon"},
        ],
    )
    async def test_nonsense_is_refused(self, ada: Someone, body: Json) -> None:
        assert (await ada.refused("/api/notice-targets", body))["status"] == 422

    async def test_change_try_remove(self, world: World, ada: Someone) -> None:
        target_id = (await added(ada, CHAT))["target"]["id"]
        path = f"/api/notice-targets/{target_id}"
        change = {"kinds": ["done", "failed"], "is_enabled": False}
        changed = (await ada.http.put(path, json=change)).json()
        assert (changed["kinds"], changed["is_enabled"]) == (["done", "failed"], False)
        tried = await ada.http.post(f"{path}/try", json={})
        assert tried.status_code == 202
        (delivery,) = (await ada.http.get(f"{path}/deliveries")).json()
        assert (delivery["kind"], delivery["state"]) == ("test", "waiting")
        assert (await ada.http.delete(path)).status_code == 204
        assert (await ada.http.delete(path)).status_code == 404
        row = await world.row(NoticeTarget, target_id)
        assert row.address_sealed == b""

    async def test_test_of_a_way_goes_to_who_asks(self, world: World, ada: Someone) -> None:
        target_id = (await added(ada, MAIL))["target"]["id"]
        await ada.post(f"/api/notice-targets/{target_id}/try")
        mine = select(NoticeDelivery.user_id).where(col(NoticeDelivery.target_id) == target_id)
        assert await world.select(mine) == [ada.id]


class TestChoices:
    """What one is told oneself."""

    async def test_usual_until_chosen(self, ada: Someone, mia: Someone) -> None:
        target_id = (await added(ada, MAIL))["target"]["id"]
        before = await mia.get("/api/me/notices")
        assert before["language"] == "en"
        (way,) = [way for way in before["ways"] if way["id"] == target_id]
        assert way["kinds"] == [str(kind) for kind in USUAL]
        wishes = {"language": "de", "ways": [{"id": target_id, "kinds": ["started"]}]}
        assert (await mia.http.put("/api/me/notices", json=wishes)).is_success
        after = await mia.get("/api/me/notices")
        assert after["language"] == "de"
        assert {"id": target_id, "name": "E-mail", "kinds": ["started"]} in after["ways"]
        assert way in (await ada.get("/api/me/notices"))["ways"]

    async def test_channel_is_no_way_to_choose(self, ada: Someone, mia: Someone) -> None:
        target_id = (await added(ada, CHAT))["target"]["id"]
        wishes = {"language": "en", "ways": [{"id": target_id, "kinds": []}]}
        assert problem(await mia.http.put("/api/me/notices", json=wishes))["status"] == 404


class TestFollowing:
    """Being told of jobs that are not one's own."""

    async def test_approver_follows_and_stops(
        self, world: World, ada: Someone, mia: Someone
    ) -> None:
        (job,) = await submitted(world, mia)
        path = f"/api/jobs/{job['id']}/follow"
        assert await ada.get(path) == {"follows": False}
        for _ in range(2):
            assert (await ada.http.put(path)).json() == {"follows": True}
        assert await ada.get(path) == {"follows": True}
        rows = select(JobFollower.user_id).where(col(JobFollower.job_id) == job["id"])
        assert await world.select(rows) == [ada.id]
        assert (await ada.http.delete(path)).json() == {"follows": False}
        assert await world.select(rows) == []

    @pytest.mark.asvs("V8.2.2")
    async def test_member_can_t_follow_what_they_can_t_see(
        self, world: World, mia: Someone
    ) -> None:
        (job,) = await submitted(world, await world.someone())
        for path in (f"/api/jobs/{job['id']}/follow", f"/api/jobs/{uuid4()}/follow"):
            assert problem(await mia.http.put(path))["status"] == 404
