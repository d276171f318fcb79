"""A person's browser, without the browser: signs in, uploads, decides, listens."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import httpx

TIMEOUT_S = 20.0
FEED_SILENCE_S = 40.0

Json = dict[str, Any]


class DemoFailed(Exception):
    """The demo can't go on; the text says at what and why."""


class Person:
    """Somebody who is signed in; use `sign_in`."""

    def __init__(self, http: httpx.AsyncClient, me: Json) -> None:
        self._http = http
        self.name = str(me["name"])
        self.is_admin = bool(me["is_admin"])

    async def get(self, path: str, **query: str) -> Any:
        """Return the answer's JSON; raise DemoFailed with the problem's sentence."""
        return _answer(await self._http.get(path, params=query))

    async def post(self, path: str, body: Mapping[str, object] | None = None) -> Json:
        """Return the answer's JSON; a repeated call has one effect."""
        headers = {"Idempotency-Key": str(uuid4())}
        answer: Json = _answer(await self._http.post(path, json=body or {}, headers=headers))
        return answer

    async def put(self, path: str, body: Mapping[str, object]) -> Json:
        """Return the answer's JSON."""
        answer: Json = _answer(await self._http.put(path, json=body))
        return answer

    async def upload(self, filename: str, content: bytes) -> Json:
        """Return the artifact, sent straight to storage and handed over for its check."""
        upload = await self.post(
            "/api/uploads",
            {
                "filename": filename,
                "size_bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            },
        )
        artifact: Json = upload["artifact"]
        if upload["put"] is None:
            return artifact
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as storage:
            put = upload["put"]
            answer = await storage.put(put["url"], content=content, headers=put["headers"])
        if answer.is_error:
            raise DemoFailed(f"storage refused the file: {answer.status_code}")
        return await self.post(f"/api/uploads/{artifact['id']}/complete")

    async def feed(self) -> AsyncIterator[tuple[str, Json]]:
        """Yield (event, data) as the server sends them."""
        timeout = httpx.Timeout(TIMEOUT_S, read=FEED_SILENCE_S)
        async with self._http.stream("GET", "/api/feed", timeout=timeout) as stream:
            if stream.is_error:
                raise DemoFailed(f"the live feed answered {stream.status_code}")
            event, data = "", ""
            async for line in stream.aiter_lines():
                if line.startswith("event:"):
                    event = line.removeprefix("event:").strip()
                elif line.startswith("data:"):
                    data += line.removeprefix("data:").strip()
                elif not line and data:
                    yield event, json.loads(data)
                    event, data = "", ""


async def sign_in(http: httpx.AsyncClient, subject: str) -> Person:
    """Sign `subject` in through the OpenID provider of the embedded stack."""
    providers = _answer(await http.get("/api/auth/providers"))
    if not providers:
        raise DemoFailed("no way to sign in is set up")
    start = f"/api/auth/signin/{providers[0]['id']}"
    form = await http.get(start, params={"next": "/"}, follow_redirects=True)
    if form.is_error:
        raise DemoFailed(f"the sign-in page answered {form.status_code}")
    landed = await http.post(form.url, data={"sub": subject}, follow_redirects=True)
    if "error" in landed.url.params:
        raise DemoFailed(f"{subject} may not sign in: {landed.url.params['error']}")
    return Person(http, _answer(await http.get("/api/me")))


def open_browser(url: str) -> httpx.AsyncClient:
    """Return a client with a cookie jar of its own, which says what a browser would say."""
    return httpx.AsyncClient(
        base_url=url, timeout=TIMEOUT_S, headers={"Origin": url, "Sec-Fetch-Site": "same-origin"}
    )


def _answer(response: httpx.Response) -> Any:
    if response.is_error:
        try:
            detail = response.json().get("detail")
        except ValueError:
            detail = response.text[:200]
        raise DemoFailed(f"{response.request.url.path}: {response.status_code} {detail}")
    return response.json() if response.content else {}
