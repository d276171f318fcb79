"""Nodes over HTTP: an admin adds one, it comes in with its code, renews itself, is put out."""

import base64
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from sqlmodel import col, select

from contracts.enrolment import CODE_HEADER, SIGNATURE_HEADER, signed_text
from contracts.events import NodeEnrolled, NodeRevoked, parse_event
from edge.enrol.client import ApiRefused, NodeApi
from edge.enrol.enrolling import enrol
from edge.enrol.files import NodeFiles, make_seed, public_key, signature
from services.api.nodes.limits import Knocking
from services.db.tables.bus import Outbox
from services.db.tables.machines import Node
from services.db.tables.nodes import NodeCode, NodeKey
from services.db.tables.people import Audit
from services.registry.enrolment import RENEWABLE_FOR
from services.registry.nodes import hash_of
from tests.fixtures.nats import Broker
from tests.integration.api.machines import a_name, a_node, added
from tests.integration.api.people import Someone, World, now, problem
from tests.integration.provision.listening import is_admitted


@pytest_asyncio.fixture
async def ada(world: World) -> Someone:
    return await world.someone(is_admin=True, name="Ada Admin")


@pytest_asyncio.fixture
async def away(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A script without a session."""
    async with httpx.AsyncClient(base_url=world.url, timeout=20) as client:
        yield client


async def renewal_refused(world: World, files: NodeFiles) -> str:
    """Return the code that a renewal is refused with."""
    async with NodeApi(world.url) as api:
        with pytest.raises(ApiRefused) as refusal:
            await api.renew(files.credentials().seed)
    return refusal.value.code


async def the_key(world: World, name: str) -> NodeKey:
    (key,) = await world.select(select(NodeKey).where(col(NodeKey.node) == name))
    assert isinstance(key, NodeKey)
    return key


class TestAdding:
    async def test_admin_gets_a_code_that_is_stored_as_a_hash(
        self, world: World, ada: Someone
    ) -> None:
        serial = f"01P{uuid4().hex[:12].upper()}"
        new = await added(ada, title="Attic", printers=[{"serial": serial, "name": "Black"}])
        assert new["node"]["state"] == "waiting"
        assert new["node"]["printers"] == [{"serial": serial, "name": "Black", "queue": "main"}]
        assert new["command"] == f"layerline-edge enroll {world.url} {new['code']}"
        assert len(new["code"].replace("-", "")) * 5 >= 128
        (row,) = await world.select(
            select(NodeCode).where(col(NodeCode.node) == new["node"]["name"])
        )
        assert row.code_sha256 == hash_of(new["code"].lower().replace("-", " "))
        assert new["code"] not in repr(row)
        assert (row.expires_at - row.created_at) == timedelta(minutes=15)

    async def test_name_is_taken_once(self, ada: Someone) -> None:
        new = await added(ada)
        again = await ada.refused("/api/nodes", {"name": new["node"]["name"]})
        assert (again["status"], again["type"]) == (409, "/problems/node-exists")

    @pytest.mark.parametrize("name", ["", "*", ">", "a.b", "../up", "A", "a b", "x" * 33])
    async def test_name_that_reaches_beyond_itself_is_refused(
        self, ada: Someone, name: str
    ) -> None:
        assert (await ada.refused("/api/nodes", {"name": name}))["status"] == 422

    async def test_printer_of_an_unknown_queue_adds_nothing(
        self, world: World, ada: Someone
    ) -> None:
        name = a_name()
        printer = {"serial": "01P00A000000055", "name": "P", "queue": "nowhere"}
        body = {"name": name, "printers": [printer]}
        assert (await ada.refused("/api/nodes", body))["status"] == 409
        assert await world.select(select(Node).where(col(Node.name) == name)) == []

    async def test_only_admins(self, world: World, away: httpx.AsyncClient) -> None:
        mia = await world.someone()
        assert problem(await mia.http.get("/api/nodes"))["status"] == 403
        assert problem(await away.get("/api/nodes"))["status"] == 401
        for path in ("/api/nodes", "/api/nodes/x/code", "/api/nodes/x/revoke"):
            assert (await mia.refused(path, {"name": "x"}))["status"] == 403
            assert problem(await away.post(path, json={"name": "x"}))["status"] == 401

    async def test_unknown_node(self, ada: Someone) -> None:
        for verb in ("code", "revoke"):
            refusal = await ada.refused(f"/api/nodes/{a_name()}/{verb}")
            assert refusal["type"] == "/problems/no-such-node"


class TestEnrolling:
    async def test_node_comes_in_and_its_seed_stays(
        self, world: World, ada: Someone, broker: Broker, tmp_path: Path
    ) -> None:
        name, files = await a_node(world, ada, tmp_path / "node")
        assert await is_admitted(broker.url, user_credentials=str(files.creds))
        made = list((tmp_path / "node").iterdir())
        assert {path.name for path in made} == {"enrolment.json", "node.creds"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
        key = await the_key(world, name)
        assert key.public_key == public_key(files.credentials().seed)
        (node,) = [n for n in (await ada.http.get("/api/nodes")).json() if n["name"] == name]
        assert (node["state"], node["code_expires_at"]) == ("enrolled", None)
        bodies = await world.select(
            select(Outbox.body).where(col(Outbox.subject) == f"node.enrolled.{name}")
        )
        assert [type(parse_event(body)) for body in bodies] == [NodeEnrolled]

    async def test_second_run_does_no_harm(
        self, world: World, ada: Someone, tmp_path: Path
    ) -> None:
        new = await added(ada)
        files = NodeFiles(tmp_path)
        await enrol(files, world.url, new["code"])
        seed = files.credentials().seed
        await enrol(files, world.url, new["code"])
        assert files.credentials().seed == seed
        before = files.creds.read_bytes()
        with pytest.raises(ApiRefused, match="get a new one"):
            await enrol(files, world.url, "AAAAA-BBBBB")
        assert files.creds.read_bytes() == before

    async def test_answer_that_was_lost_is_given_again(
        self, world: World, ada: Someone, tmp_path: Path
    ) -> None:
        new = await added(ada)
        files = NodeFiles(tmp_path)
        async with NodeApi(world.url) as api:
            await api.enrol(new["code"], files.key_to_enrol())
        assert (await enrol(files, world.url, new["code"])).node == new["node"]["name"]

    async def test_code_is_good_once(self, world: World, ada: Someone, tmp_path: Path) -> None:
        new = await added(ada)
        await enrol(NodeFiles(tmp_path / "one"), world.url, new["code"])
        with pytest.raises(ApiRefused) as refusal:
            await enrol(NodeFiles(tmp_path / "two"), world.url, new["code"])
        assert refusal.value.code == "code-refused"

    async def test_code_ends(self, world: World, ada: Someone, tmp_path: Path) -> None:
        new = await added(ada)
        row = await world.row(NodeCode, hash_of(new["code"]))
        row.expires_at = now()
        await world.add(row)
        with pytest.raises(ApiRefused):
            await enrol(NodeFiles(tmp_path), world.url, new["code"])

    async def test_new_code_voids_the_old_one(
        self, world: World, ada: Someone, tmp_path: Path
    ) -> None:
        old = await added(ada)
        new = await ada.post(f"/api/nodes/{old['node']['name']}/code")
        with pytest.raises(ApiRefused):
            await enrol(NodeFiles(tmp_path), world.url, old["code"])
        await enrol(NodeFiles(tmp_path), world.url, new["code"])

    async def test_new_pi_puts_the_old_one_out(
        self, world: World, ada: Someone, tmp_path: Path
    ) -> None:
        name, old = await a_node(world, ada, tmp_path / "old")
        code = (await ada.post(f"/api/nodes/{name}/code"))["code"]
        await enrol(NodeFiles(tmp_path / "new"), world.url, code)
        assert await renewal_refused(world, old) == "key-revoked"

    async def test_key_of_another_node_is_replaced(
        self, world: World, ada: Someone, tmp_path: Path
    ) -> None:
        _, files = await a_node(world, ada, tmp_path)
        seed = files.credentials().seed
        other = await added(ada)
        assert (await enrol(files, world.url, other["code"])).node == other["node"]["name"]
        assert files.credentials().seed != seed

    @pytest.mark.parametrize("key", ["", "U" * 56, "SU" + "A" * 54, "A" * 56])
    async def test_nonsense_for_a_key_is_refused(
        self, ada: Someone, away: httpx.AsyncClient, key: str
    ) -> None:
        new = await added(ada)
        answer = await away.post(
            "/api/nodes/enroll", json={"public_key": key}, headers={CODE_HEADER: new["code"]}
        )
        assert problem(answer)["status"] in {409, 422}

    async def test_session_is_no_code(self, ada: Someone) -> None:
        key = public_key(make_seed())
        refusal = await ada.refused("/api/nodes/enroll", {"public_key": key})
        assert refusal["status"] == 422

    async def test_knocking_too_often_has_to_wait(self, world: World) -> None:
        transport = httpx.AsyncHTTPTransport(local_address="127.0.0.9")
        async with httpx.AsyncClient(base_url=world.url, transport=transport) as http:
            key = public_key(make_seed())
            for _ in range(100):
                answer = await http.post(
                    "/api/nodes/enroll", json={"public_key": key}, headers={CODE_HEADER: "x"}
                )
                if answer.status_code != 403:
                    break
        assert problem(answer)["status"] == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 60


class TestRenewing:
    async def test_node_proves_its_key(
        self, world: World, ada: Someone, broker: Broker, tmp_path: Path
    ) -> None:
        name, files = await a_node(world, ada, tmp_path)
        key = await the_key(world, name)
        async with NodeApi(world.url) as api:
            fresh = await api.renew(files.credentials().seed)
        assert fresh.expires_at > key.expires_at
        files.renew(fresh.jwt, files.credentials().seed)
        assert await is_admitted(broker.url, user_credentials=str(files.creds))

    async def test_two_months_offline_are_no_reason_to_enrol_again(
        self, world: World, ada: Someone, tmp_path: Path
    ) -> None:
        name, files = await a_node(world, ada, tmp_path)
        for ended, is_renewed in ((timedelta(days=60), True), (RENEWABLE_FOR, False)):
            key = await the_key(world, name)
            key.expires_at = now() - ended
            await world.add(key)
            if is_renewed:
                async with NodeApi(world.url) as api:
                    assert (await api.renew(files.credentials().seed)).expires_at > now()
        assert await renewal_refused(world, files) == "key-too-old"

    async def test_revoked_node_gets_nothing(
        self, world: World, ada: Someone, tmp_path: Path
    ) -> None:
        name, files = await a_node(world, ada, tmp_path)
        await ada.post(f"/api/nodes/{name}/revoke")
        assert await renewal_refused(world, files) == "key-revoked"

    @pytest.mark.asvs("V9.1.1", "V6.8.2")
    async def test_every_other_proof_is_refused(
        self, world: World, ada: Someone, away: httpx.AsyncClient, tmp_path: Path
    ) -> None:
        _, mine = await a_node(world, ada, tmp_path / "mine")
        seed = mine.credentials().seed
        _, theirs = await a_node(world, ada, tmp_path / "theirs")
        their_seed = theirs.credentials().seed

        async def challenge(of: str) -> str:
            body = {"public_key": public_key(of)}
            return str((await away.post("/api/nodes/challenge", json=body)).json()["challenge"])

        made, other = await challenge(seed), await challenge(their_seed)
        good = signature(seed, signed_text(made))
        attempts = [
            (made, signature(their_seed, signed_text(made))),
            (other, signature(seed, signed_text(other))),
            (made, signature(seed, made.encode())),
            (made[:-2] + "AA", signature(seed, signed_text(made[:-2] + "AA"))),
            ("0" + made, signature(seed, signed_text("0" + made))),
            (made, base64.b64encode(b"\0" * 64).decode()),
            (made, "not base64"),
            (made, good[:-8]),
        ]
        for asked, proof in attempts:
            answer = await away.post(
                "/api/nodes/renew",
                json={"public_key": public_key(seed), "challenge": asked},
                headers={SIGNATURE_HEADER: proof},
            )
            assert problem(answer)["type"] == "/problems/signature-refused"

    async def test_stranger_learns_nothing_of_a_key(self, away: httpx.AsyncClient) -> None:
        body = {"public_key": public_key(make_seed())}
        assert (await away.post("/api/nodes/challenge", json=body)).status_code == 200


class TestRevoking:
    async def test_is_told_once_and_leaves_a_trail(
        self, world: World, ada: Someone, tmp_path: Path
    ) -> None:
        name, _ = await a_node(world, ada, tmp_path)
        answers = [await ada.post(f"/api/nodes/{name}/revoke") for _ in range(2)]
        assert [answer["state"] for answer in answers] == ["revoked"] * 2
        assert answers[0]["revoked_at"] == answers[1]["revoked_at"]
        bodies = await world.select(
            select(Outbox.body).where(col(Outbox.subject) == f"node.revoked.{name}")
        )
        (event,) = [parse_event(body) for body in bodies]
        assert isinstance(event, NodeRevoked)
        assert event.by == ada.id
        trail = await world.select(
            select(Audit).where(col(Audit.thing_id) == name).order_by(col(Audit.id))
        )
        assert [row.action for row in trail] == [
            "node.add",
            "node.code",
            "node.enrol",
            "node.revoke",
        ]
        assert [row.user_id for row in trail] == [ada.id, ada.id, None, ada.id]
        assert {row.ip for row in trail} == {"127.0.0.1"}

    async def test_code_of_a_revoked_node_lets_it_in_with_a_new_key(
        self, world: World, ada: Someone, tmp_path: Path
    ) -> None:
        name, files = await a_node(world, ada, tmp_path)
        seed = files.credentials().seed
        await ada.post(f"/api/nodes/{name}/revoke")
        code = (await ada.post(f"/api/nodes/{name}/code"))["code"]
        await enrol(files, world.url, code)
        assert files.credentials().seed != seed
        nodes = (await ada.http.get("/api/nodes")).json()
        assert [n["state"] for n in nodes if n["name"] == name] == ["enrolled"]


def test_addresses_are_counted_apart() -> None:
    knocking = Knocking()
    for number in range(200):
        knocking.enrol(f"10.0.0.{number}")
