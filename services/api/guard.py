"""Before and after every request: who may change things, and what browsers are told to hold to.

A request that changes something must come from our own pages:
- a browser says so in Sec-Fetch-Site: `same-origin`, or `none` for what a person typed;
- one that does not send it sends Origin with every such request: it must be ours, exactly;
- with neither header it is no browser of this decade but a script. It must then send a JSON
  content type, which a foreign page can't send without a preflight that we never grant. A
  session cookie is needed besides, and SameSite=Lax keeps it off foreign requests anyway.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.units import MAX_ARTIFACT_BYTES
from services.api.errors import ApiError, note_refusal, problem_response
from services.api.metrics import REQUESTS
from services.api.settings import ApiSettings
from services.api.tokens.bearer import API_KEY_HEADER

MAX_BODY_BYTES: Final = 1024 * 1024
"""The largest honest body is a submission of some KiB; only slicers send files this way."""
SLICER_UPLOAD: Final = "/api/files/local"
MAX_FORM_BYTES: Final = MAX_ARTIFACT_BYTES + 64 * 1024
"""A file with the form around it."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})
_API_POLICY = "default-src 'none'; frame-ancestors 'none'"


def is_own_request(headers: Headers, origin: str) -> bool:
    """Tell whether a changing request comes from our own pages or from a script."""
    if headers.get("authorization", "").startswith("Bearer ") or API_KEY_HEADER in headers:
        # A browser never adds these by itself, and with one no cookie counts.
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN_SITES
    sender = headers.get("origin")
    if sender is not None:
        return sender == origin
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return content_type == "application/json"


def is_own_navigation(headers: Headers) -> bool:
    """Tell whether a person followed a link of ours, or typed it; True where nothing is said."""
    return headers.get("sec-fetch-site", "none") in _OWN_SITES


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def page_policy(storage_origin: str, nonce: str) -> str:
    """Return the content security policy of a page of ours."""
    return "; ".join(
        (
            "default-src 'self'",
            f"connect-src 'self' {storage_origin}",
            f"img-src 'self' {storage_origin} blob: data:",
            f"style-src 'self' 'nonce-{nonce}'",
            "style-src-attr 'unsafe-inline'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        )
    )


class Guard:
    """ASGI middleware: refuses foreign and oversized requests, adds the security headers."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        self._origin = origin_of(settings.public_url)
        self._fixed = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if settings.is_https:
            self._fixed["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_api = scope["path"].startswith("/api/")

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                REQUESTS.labels(status=f"{message['status'] // 100}xx").inc()
                self._add_headers(MutableHeaders(scope=message), is_api=is_api)
            await send(message)

        headers = Headers(scope=scope)
        if scope["method"] not in _SAFE_METHODS and not is_own_request(headers, self._origin):
            refusal = ApiError(
                403, "foreign-request", "This request does not come from Layerline's own pages."
            )
            note_refusal(Request(scope), refusal)
            await problem_response(refusal)(scope, receive, send_guarded)
            return
        limit = MAX_FORM_BYTES if scope["path"] == SLICER_UPLOAD else MAX_BODY_BYTES
        await self._app(scope, _limited(receive, limit), send_guarded)

    def _add_headers(self, headers: MutableHeaders, *, is_api: bool) -> None:
        for name, value in self._fixed.items():
            headers[name] = value
        headers.setdefault("Content-Security-Policy", _API_POLICY)
        if is_api:
            headers.setdefault("Cache-Control", "no-store")


def _limited(receive: Receive, limit: int) -> Receive:
    """Return a receive that ends a body that is too long."""
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, "This request is too long.")
        return message

    return receive_limited
