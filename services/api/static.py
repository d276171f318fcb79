"""The built web app: its files as they are, its page for every path that is no file."""

import hashlib
import secrets
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from services.api.guard import origin_of, page_policy
from services.api.settings import ApiSettings

NONCE_PLACE: Final = "__CSP_NONCE__"
NONCE_BYTES: Final = 16
_FOREVER = "public, max-age=31536000, immutable"
_ASSETS = "/assets/"
_MEDIA_TYPES = {".webmanifest": "application/manifest+json"}


class WebApp:
    """Answers what no route takes; files are known from the start, so no path leads elsewhere."""

    def __init__(self, settings: ApiSettings) -> None:
        self._storage_origin = origin_of(settings.s3_endpoint)
        self._files: dict[str, Path] = {}
        self._page: str | None = None
        self.build_id = "none"
        """Changes with every build of the web app."""
        dist = settings.web_dist
        if dist is not None and (dist / "index.html").is_file():
            self._page = (dist / "index.html").read_text()
            self.build_id = hashlib.sha256(self._page.encode()).hexdigest()[:12]
            self._files = {
                f"/{path.relative_to(dist).as_posix()}": path
                for path in dist.rglob("*")
                if path.is_file() and path.name != "index.html"
            }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise HTTPException(404)
        response = self._response(Request(scope))
        await response(scope, receive, send)

    def _response(self, request: Request) -> Response:
        path = request.url.path
        if path == "/api" or path.startswith("/api/") or request.method not in {"GET", "HEAD"}:
            raise HTTPException(404)
        file = self._files.get(path)
        if file is not None:
            cache = _FOREVER if path.startswith(_ASSETS) else "no-cache"
            return FileResponse(
                file,
                media_type=_MEDIA_TYPES.get(file.suffix),
                headers={"Cache-Control": cache, "Content-Security-Policy": self._policy("none")},
            )
        if self._page is None or path.startswith(_ASSETS):
            raise HTTPException(404)
        return self._page_response()

    def _page_response(self) -> Response:
        nonce = secrets.token_urlsafe(NONCE_BYTES)
        page = (self._page or "").replace(NONCE_PLACE, nonce)
        return Response(
            page,
            media_type="text/html",
            headers={
                "Cache-Control": "no-store",
                "Content-Security-Policy": self._policy(nonce),
            },
        )

    def _policy(self, nonce: str) -> str:
        return page_policy(self._storage_origin, nonce)
