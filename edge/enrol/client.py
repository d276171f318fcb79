"""Asking Layerline's API to be let in; the code or signature goes in a header of its own."""

from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, ValidationError

from contracts.enrolment import (
    CODE_HEADER,
    SIGNATURE_HEADER,
    ChallengeAnswer,
    ChallengeRequest,
    EnrolRequest,
    NodeCredentials,
    RenewRequest,
    signed_text,
)
from edge.enrol.files import public_key, signature

ANSWER_TIMEOUT_S = 20.0
MAX_ANSWER_BYTES = 64 * 1024
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
T = TypeVar("T", bound=BaseModel)


class ApiAway(Exception):
    """The API did not answer, or nonsense: worth another try."""


class ApiRefused(Exception):
    """The API said no: `code` for programs, the text for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class _Problem(BaseModel):
    type: str
    detail: str


def checked_url(url: str) -> str:
    """Return the API's address; raise ValueError for one that would send a code in the clear."""
    parts = urlsplit(url.strip())
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("must be https; plain http is for this machine only")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address like https://print.example.org")
    return f"{parts.scheme}://{parts.netloc}"


class NodeApi:
    """The API as a node sees it; an async context manager."""

    def __init__(self, url: str) -> None:
        """Raises ValueError for an address that isn't safe."""
        self._url = checked_url(url)
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
        self._http = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def enrol(self, code: str, seed: str) -> NodeCredentials:
        """Show the code; raise ApiRefused or ApiAway."""
        request = EnrolRequest(public_key=public_key(seed))
        return await self._ask("enroll", request, NodeCredentials, {CODE_HEADER: code})

    async def renew(self, seed: str) -> NodeCredentials:
        """Prove to hold the key; raise ApiRefused or ApiAway."""
        key = public_key(seed)
        challenge = (
            await self._ask("challenge", ChallengeRequest(public_key=key), ChallengeAnswer, {})
        ).challenge
        proof = {SIGNATURE_HEADER: signature(seed, signed_text(challenge))}
        request = RenewRequest(public_key=key, challenge=challenge)
        return await self._ask("renew", request, NodeCredentials, proof)

    async def _ask(
        self, what: str, request: BaseModel, answer: type[T], headers: dict[str, str]
    ) -> T:
        if self._http is None:
            raise ApiAway("not open")
        url = f"{self._url}/api/nodes/{what}"
        try:
            async with self._http.post(
                url,
                data=request.model_dump_json(),
                headers={"Content-Type": "application/json", **headers},
                allow_redirects=False,
            ) as response:
                status, body = response.status, await response.content.read(MAX_ANSWER_BYTES)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as exc:
            raise ApiAway(f"{self._url} does not answer: {type(exc).__name__}") from exc
        return _read(status, body, answer)


def _read(status: int, body: bytes, answer: type[T]) -> T:
    try:
        if status == 200:
            return answer.model_validate_json(body)
        problem = _Problem.model_validate_json(body)
    except ValidationError as exc:
        raise ApiAway(f"answered {status} with something else than was asked for") from exc
    if status in {403, 409, 422}:
        raise ApiRefused(problem.type.rpartition("/")[2], problem.detail)
    raise ApiAway(f"answered {status}: {problem.detail}")
