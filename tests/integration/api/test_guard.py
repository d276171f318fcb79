"""What every request meets: the session, foreign pages, headers, the web app."""

import asyncio
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from services.api.openapi import document
from services.api.permissions import PERMISSIONS, needs_session
from tests.integration.api.people import Someone, World, problem
from tests.integration.api.rows import ready_artifact

OWN_HANDLES = {("end_one_session", "session_id"), ("revoke_token", "token_id")}
"""Names under which a person's own list shows a session or token; they open nothing."""
NIL = "00000000-0000-0000-0000-000000000000"
OPENAPI = Path(__file__).parents[3] / "docs" / "openapi.json"


@pytest.fixture
async def mia(world: World) -> Someone:
    return await world.someone()


def test_stored_openapi_document_is_up_to_date() -> None:
    """`layerline openapi > docs/openapi.json` makes it so."""
    assert json.loads(OPENAPI.read_text()) == document()


async def test_every_operation_but_the_public_ones_needs_a_session(world: World) -> None:
    stranger = await world.browser()
    public = set()
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            url = re.sub(r"\{\w+_id\}", NIL, path).replace("{provider}", "nobody")
            answer = await stranger.request(method, url, json={} if method == "post" else None)
            if answer.status_code != 401:
                public.add(operation["operationId"])
            else:
                assert problem(answer)["type"] == "/problems/not-signed-in"
    assert public == {name for name, rule in PERMISSIONS.items() if not needs_session(rule)}


async def test_every_operation_declares_its_problems(world: World) -> None:
    for operations in document()["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"]


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "own"}, False),
        ({"Origin": "own"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({}, False),
        ({"Content-Type": "text/plain"}, False),
        ({"Content-Type": "application/json"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Authorization": "bearer x"}, False),
    ],
)
@pytest.mark.asvs("V3.5.1", "V3.5.2")
async def test_foreign_requests_change_nothing(
    world: World, mia: Someone, headers: dict[str, str], is_own: bool
) -> None:
    headers = {k: world.url if v == "own" else v for k, v in headers.items()}
    browser = await world.browser(says_so=False)
    browser.cookies.set("layerline", mia.http.cookies["layerline"])
    answer = await browser.post("/api/auth/signout", headers=headers)
    if is_own:
        assert answer.status_code == 204
    else:
        assert problem(answer)["type"] == "/problems/foreign-request"
        assert (await mia.http.get("/api/me")).status_code == 200


@pytest.mark.asvs("V3.2.1", "V3.4.4", "V3.4.5", "V3.4.6", "V3.5.8", "V14.3.2", "V14.2.2")
async def test_api_answers_are_not_kept_sniffed_or_framed(mia: Someone) -> None:
    for answer in (await mia.http.get("/api/me"), await mia.http.get("/api/nothing")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.asvs("V3.4.2")
async def test_no_foreign_page_may_read_an_answer(mia: Someone) -> None:
    origin = {"Origin": "https://evil.example"}
    asked = {**origin, "Access-Control-Request-Method": "POST"}
    answers = [
        await mia.http.get("/api/me", headers=origin),
        await mia.http.options("/api/jobs", headers=asked),
    ]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.asvs("V13.4.4", "V4.1.2")
async def test_api_neither_echoes_nor_redirects(world: World, mia: Someone) -> None:
    assert (await mia.http.request("TRACE", "/api/me")).status_code in {403, 405}
    stranger = await world.browser()
    stranger.headers["X-Forwarded-Proto"] = "http"
    for path in ("/api/me", "/api/jobs/", "/api//me", "/api/nodes"):
        answer = await stranger.get(path)
        assert answer.status_code in {401, 404}, path


@pytest.mark.asvs("V15.3.7")
async def test_a_parameter_sent_twice_is_one_or_refused(mia: Someone) -> None:
    for query in ("limit=1&limit=2", "limit=1&limit=x", "scope=mine&scope=all"):
        answer = await mia.http.get(f"/api/jobs?{query}")
        last = await mia.http.get(f"/api/jobs?{query.rpartition('&')[2]}")
        assert (answer.status_code, answer.json()) == (last.status_code, last.json())


@pytest.mark.asvs("V14.2.1")
async def test_no_address_holds_what_is_secret() -> None:
    told = {
        (operation["operationId"], parameter["name"])
        for operations in document()["paths"].values()
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] in {"query", "path"}
    }
    assert ("list_jobs", "limit") in told
    secret = re.compile(r"token|secret|password|signature|session_id$|^code$|key")
    assert {pair for pair in told if secret.search(pair[1])} == OWN_HANDLES


@pytest.mark.asvs("V15.3.3")
async def test_no_body_takes_fields_that_it_does_not_name() -> None:
    """But for a slicer's form, whose other fields are read past."""
    schemas = document()["components"]["schemas"]
    bodies = {
        body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for operations in document()["paths"].values()
        for operation in operations.values()
        if (body := operation.get("requestBody")) is not None
        and "multipart/form-data" not in body["content"]
    }
    assert len(bodies) > 10
    open_ones = {name for name in bodies if schemas[name].get("additionalProperties") is not False}
    assert open_ones == set()


BLANK = b"\r\n"
SMUGGLED: dict[str, list[bytes]] = {
    "two lengths": [b"Content-Length: 2", b"Content-Length: 40"],
    "a length and chunks": [b"Content-Length: 4", b"Transfer-Encoding: chunked"],
    "chunks by another name": [b"Transfer-Encoding: xchunked"],
    "a length that is none": [b"Content-Length: +2"],
    "a line that is none": [b"Content-Length 2"],
}


@pytest.mark.asvs("V4.2.1")
@pytest.mark.parametrize("kind", SMUGGLED)
async def test_a_request_is_never_read_as_two(world: World, kind: str) -> None:
    host = urlsplit(world.url).netloc.encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(world.url).port)
    head = [b"POST /api/jobs HTTP/1.1", b"Host: " + host, *SMUGGLED[kind]]
    hidden = BLANK.join((b"0", b"", b"GET /livez HTTP/1.1", b"Host: " + host, b"", b""))
    try:
        writer.write(BLANK.join((*head, b"", b"")) + hidden)
        writer.write_eof()
        async with asyncio.timeout(10):
            answer = await reader.read()
    finally:
        writer.close()
    assert b'"status":"ok"' not in answer
    assert b" 200 " not in answer


async def test_unknown_address_and_method(mia: Someone) -> None:
    assert problem(await mia.http.get("/api/nothing"))["type"] == "/problems/not-found"
    assert problem(await mia.http.post("/api/nothing", json={}))["status"] == 404
    assert problem(await mia.http.put("/api/jobs", json={}))["status"] == 405


@pytest.mark.asvs("V2.2.1", "V2.2.2", "V15.3.5")
async def test_malformed_bodies(mia: Someone) -> None:
    path = "/api/uploads"
    headers = {"Content-Type": "application/json"}
    for content in (b"{", b"[]", b"\xff\xfe"):
        answer = await mia.http.post(path, content=content, headers=headers)
        assert problem(answer)["status"] in {400, 422}
    long = await mia.http.post(path, content=b"[" * 2_000_000, headers=headers)
    assert problem(long)["status"] == 413
    assert problem(await mia.http.get("/api/jobs/no-id"))["status"] == 422


@pytest.mark.asvs("V2.2.1")
async def test_text_that_no_database_keeps(world: World, mia: Someone) -> None:
    assert problem(await mia.http.get("/api/jobs", params={"q": "a\0b"}))["status"] == 422
    artifact = await ready_artifact(world, mia.id)
    body = {"artifact_id": str(artifact.id), "plates": [{"plate": 1, "copies": 1}]}
    for note in ("a\0b", "\ud800"):
        content = json.dumps({**body, "note": note})
        headers = {"Content-Type": "application/json"}
        answer = await mia.http.post("/api/submissions", content=content, headers=headers)
        assert problem(answer)["status"] == 422


class TestWebApp:
    @pytest.mark.asvs("V3.4.3")
    async def test_page_for_every_path_with_a_nonce_of_its_own(self, world: World) -> None:
        browser = await world.browser()
        nonces = set()
        for path in ("/", "/jobs/123", "/signin?error=x", "/index.html"):
            answer = await browser.get(path)
            assert answer.headers["content-type"].startswith("text/html")
            (nonce,) = re.findall(r'content="([\w-]+)"', answer.text)
            policy = answer.headers["content-security-policy"]
            assert f"style-src 'self' 'nonce-{nonce}'" in policy
            assert f"connect-src 'self' {world.env['LAYERLINE_S3_ENDPOINT']};" in policy
            assert "unsafe-inline" not in policy.replace("style-src-attr 'unsafe-inline'", "")
            assert answer.headers["cache-control"] == "no-store"
            nonces.add(nonce)
        assert len(nonces) == 4

    async def test_files_as_they_are(self, world: World) -> None:
        browser = await world.browser()
        script = await browser.get("/assets/app-1.js")
        assert script.text == "export {};"
        assert "immutable" in script.headers["cache-control"]
        manifest = await browser.get("/manifest.webmanifest")
        assert manifest.headers["content-type"] == "application/manifest+json"
        assert manifest.headers["cache-control"] == "no-cache"

    @pytest.mark.parametrize(
        "path",
        ["/assets/gone.js", "/api", "/api/", "/api/x/y", "/assets/.git/config"],
    )
    @pytest.mark.asvs("V13.4.3", "V13.4.1")
    async def test_no_page_in_place_of_a_file_or_an_answer(self, world: World, path: str) -> None:
        assert problem(await (await world.browser()).get(path))["status"] == 404

    @pytest.mark.asvs("V13.4.3", "V5.3.2", "V1.1.1")
    async def test_no_way_out_of_the_folder(self, world: World) -> None:
        async with httpx.AsyncClient(base_url=world.url) as http:
            for path in ("/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fetc%2fpasswd"):
                answer = await http.get(path)
                assert "root:" not in answer.text


async def test_health(world: World) -> None:
    browser = await world.browser()
    assert (await browser.get("/livez")).json() == {"status": "ok"}
    ready = await browser.get("/readyz")
    checks = {"database": "ok", "storage": "ok", "broker": "ok"}
    assert ready.json() == {"status": "ok", "checks": checks}
