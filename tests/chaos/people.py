"""Somebody who uses the API while it breaks: asks again, and remembers what was accepted."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from deploy.local.demo.client import open_browser, sign_in
from samples.threemf import pack
from tests.builders import threemf
from tests.eventually import eventually

Json = dict[str, Any]
ANSWER_WITHIN_S = 8.0
PATIENCE_S = 45.0
RETRY_S = 0.15
MAY_RETRY = 503


class Refused(Exception):
    """The API says no; not a matter of patience."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{status} {problem.get('type')}: {problem.get('detail')}")
        self.status, self.problem = status, problem


@dataclass
class Person:
    """A browser with patience; `bad_answers` are those that no API may give."""

    http: httpx.AsyncClient
    bad_answers: list[str] = field(default_factory=list)
    repeats: Callable[[], bool] = lambda: False
    """Whether what has just been sent, and answered, is sent once more."""

    async def get(self, path: str, **query: str) -> Any:
        """Return the answer, however long the server is away."""
        return await self._patiently(lambda: self.http.get(path, params=query))

    async def look(self, path: str) -> Any:
        """Return the answer, or None when there is none right now."""
        try:
            return self._judged(await self.http.get(path))
        except httpx.HTTPError:
            return None

    async def post(self, path: str, body: Json | None = None) -> Json:
        """Have one effect, however often it must be sent; raise Refused when the API says no."""
        headers = {"Idempotency-Key": str(uuid4())}

        async def send() -> httpx.Response:
            return await self.http.post(path, json=body or {}, headers=headers)

        answer: Json = await self._patiently(send)
        if self.repeats():
            try:
                again = await self._patiently(send)
            except Refused as exc:
                again = str(exc)
            if again != answer:
                self.bad_answers.append(f"POST {path}: the same request got another answer")
        return answer

    async def upload(self, name: str, content: bytes) -> Json:
        """Return the artifact once its check is over."""
        digest = hashlib.sha256(content).hexdigest()
        upload = await self.post(
            "/api/uploads", {"filename": name, "size_bytes": len(content), "sha256": digest}
        )
        artifact: Json = upload["artifact"]
        if upload["put"] is not None:
            await self._put(artifact, upload["put"], content)
            artifact = await self.post(f"/api/uploads/{artifact['id']}/complete")

        async def checked() -> Json | None:
            seen: Json = await self.get(f"/api/artifacts/{artifact['id']}")
            return seen if seen["state"] != "checking" else None

        found = await eventually(checked, within_s=PATIENCE_S, every_s=RETRY_S)
        if found is None or found["state"] != "ready":
            raise AssertionError(f"an honest file was refused: {found}")
        return found

    async def _put(self, artifact: Json, put: Json, content: bytes) -> None:
        async with httpx.AsyncClient(timeout=ANSWER_WITHIN_S) as storage:

            async def is_sent() -> bool:
                nonlocal put
                try:
                    answer = await storage.put(put["url"], content=content, headers=put["headers"])
                except httpx.HTTPError:
                    return False
                # 412: an earlier try got through although its answer did not.
                if answer.status_code == httpx.codes.PRECONDITION_FAILED or not answer.is_error:
                    return True
                put = (await self.post(f"/api/uploads/{artifact['id']}/url"))["put"]
                return False

            await eventually(is_sent, within_s=PATIENCE_S, every_s=RETRY_S)

    async def _patiently(self, ask: Callable[[], Awaitable[httpx.Response]]) -> Any:
        answers: list[Any] = []

        async def is_answered() -> bool:
            try:
                answer = self._judged(await ask())
            except httpx.HTTPError:
                return False
            if answer is not None:
                answers.append(answer)
            return bool(answers)

        await eventually(is_answered, within_s=PATIENCE_S, every_s=RETRY_S)
        return answers[0]

    def _judged(self, response: httpx.Response) -> Any:
        """Return what it says, None for "not now"; note what may never be answered."""
        if response.status_code < 400:
            return response.json() if response.content else {}
        where = f"{response.request.method} {response.request.url.path}: {response.status_code}"
        if response.status_code >= 500:
            is_polite = response.status_code == MAY_RETRY and "retry-after" in response.headers
            if not is_polite:
                self.bad_answers.append(f"{where} {response.text[:200]}")
            return None
        problem: Json = response.json()
        raise Refused(response.status_code, problem)


async def meet(url: str, subject: str) -> Person:
    """Return somebody who is signed in."""
    http = open_browser(url)
    http.timeout = httpx.Timeout(ANSWER_WITHIN_S)
    await sign_in(http, subject)
    return Person(http)


def new_file(number: int) -> bytes:
    """Return a small file that nobody has uploaded before."""
    program = threemf.printing_program().replace(
        b"; EXECUTABLE_BLOCK_END", b"; trial %d\n; EXECUTABLE_BLOCK_END" % number
    )
    return pack(threemf.sliced_file(threemf.plate(gcode=program)))
