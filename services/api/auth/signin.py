"""Signing in through a provider: code with PKCE, state and nonce, bound to the browser."""

from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from fastapi import Request
from fastapi.responses import RedirectResponse
from joserfc.errors import JoseError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.api.auth.claims import WhoCame
from services.api.auth.members import NotAdmitted, admit, link
from services.api.auth.origins import ip_of
from services.api.auth.providers import KnownProvider, known_providers
from services.api.auth.sessions import (
    begin_session,
    cookie_name,
    end_old_sessions,
    find_person,
    set_cookie,
)
from services.api.errors import ApiError
from services.api.state import Services

log = structlog.get_logger()

FIRST_ADMIN: Final = "first_admin"
"""Where the browser's sign-in keeps the code of the first admin."""
_NEXT = "next"
_LINK = "link"
_ACCOUNT = "/settings/account"
_MAX_USER_AGENT_CHARS = 300
_AWAY = (httpx2.HTTPError, OAuthError, ValueError, KeyError, RuntimeError)


def safe_path(path: str) -> str:
    """Return the path if it stays on this site, else the front page."""
    parts = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith("//") and not parts.netloc
    is_plain = "\\" not in path and all(char.isprintable() for char in path)
    return path if is_ours and not parts.scheme and is_plain else "/"


class SignIn:
    """One provider, one browser."""

    def __init__(self, services: Services, provider: str) -> None:
        self._services = services
        self._settings = services.settings
        self._provider = _named(provider, known_providers(services.settings))
        self._client = services.oauth.create_client(provider)

    async def start(self, request: Request, next_path: str) -> RedirectResponse:
        """Send the browser to the provider."""
        code = request.session.get(FIRST_ADMIN)
        request.session.clear()
        try:
            response: RedirectResponse = await self._client.authorize_redirect(
                request, self._callback
            )
        except _AWAY as exc:
            log.warning("provider_unreachable", error=f"{type(exc).__name__}: {exc}")
            return _failed("provider_unreachable")
        request.session[_NEXT] = safe_path(next_path)
        if code:
            request.session[FIRST_ADMIN] = code
        return response

    async def start_link(self, request: Request, user_id: UUID) -> str:
        """Return where a person goes who wants to sign in by this provider too."""
        request.session.clear()
        try:
            redirect = await self._client.authorize_redirect(request, self._callback)
        except _AWAY as exc:
            log.warning("provider_unreachable", error=f"{type(exc).__name__}: {exc}")
            raise ApiError(
                503, "provider-unreachable", "The sign-in service does not answer. Try again."
            ) from exc
        request.session[_NEXT], request.session[_LINK] = _ACCOUNT, str(user_id)
        return str(redirect.headers["location"])

    @property
    def _callback(self) -> str:
        return f"{self._settings.public_url}/api/auth/callback/{self._provider.id}"

    async def finish(self, request: Request) -> RedirectResponse:
        """Take the browser back, signed in with a new session, or say why not."""
        next_path = safe_path(str(request.session.get(_NEXT, "/")))
        try:
            came = await self._who_came(request)
            response = await self._let_in(request, came, next_path)
        except OAuthError as exc:
            log.info("signin_refused", error=exc.error)
            response = _failed("denied" if exc.error == "access_denied" else "expired")
        except (httpx2.HTTPError, JoseError, ValueError, KeyError) as exc:
            log.warning("signin_failed", error=f"{type(exc).__name__}: {exc}")
            response = _failed("provider_error")
        except NotAdmitted as exc:
            log.info("signin_not_admitted", reason=exc.code)
            response = _failed(exc.code)
        request.session.clear()
        return response

    async def _who_came(self, request: Request) -> WhoCame:
        if self._provider.kind == "github":
            return await self._github_says(request)
        await self._must_be_who_we_trust(request)
        token = await self._client.authorize_access_token(request)
        claims = dict(token["userinfo"])
        if "email" not in claims:
            more = await self._client.userinfo(token=token)
            if more.get("sub") != claims["sub"]:
                raise ValueError("userinfo is about somebody else")
            claims = {**more, **claims}
        return WhoCame.from_claims(claims)

    async def _github_says(self, request: Request) -> WhoCame:
        token = await self._client.authorize_access_token(request)
        user: Any = (await self._client.get("user", token=token)).raise_for_status().json()
        emails: Any = (await self._client.get("user/emails", token=token)).raise_for_status()
        return WhoCame.from_github(self._provider.issuer, user, emails.json())

    async def _must_be_who_we_trust(self, request: Request) -> None:
        """Raise ValueError when the answer, or the discovery, names another issuer than ours."""
        metadata = await self._client.load_server_metadata()
        named = (metadata["issuer"], request.query_params.get("iss", metadata["issuer"]))
        if {issuer.rstrip("/") for issuer in named} != {self._provider.issuer}:
            raise ValueError(f"the answer comes from {named}")

    async def _let_in(self, request: Request, came: WhoCame, next_path: str) -> RedirectResponse:
        now = self._services.clock.now()
        client_ip = ip_of(request)
        user_agent = request.headers.get("user-agent", "")[:_MAX_USER_AGENT_CHARS] or None
        async with self._services.sessions() as session, session.begin():
            linking = request.session.get(_LINK)
            if linking is not None:
                await self._link(session, request, UUID(linking), came)
                return RedirectResponse(next_path, status_code=302)
            user_id = await admit(
                session,
                self._settings,
                came,
                now=now,
                ip=client_ip,
                first_admin_code=request.session.get(FIRST_ADMIN),
            )
            old_id = request.cookies.get(cookie_name(self._settings))
            await end_old_sessions(session, old_id, now)
            session_id = await begin_session(
                session, user_id, now, user_agent=user_agent, ip=client_ip
            )
        response = RedirectResponse(next_path, status_code=302)
        set_cookie(response, self._settings, session_id)
        return response

    async def _link(
        self, session: AsyncSession, request: Request, user_id: UUID, came: WhoCame
    ) -> None:
        """Add the identity to the person who asked for it, if they are still signed in here."""
        person = await find_person(self._services, request.cookies)
        if person is None or person.user_id != user_id:
            raise NotAdmitted("expired")
        now = self._services.clock.now()
        await link(session, user_id, came, now=now, ip=ip_of(request))


def _named(name: str, providers: tuple[KnownProvider, ...]) -> KnownProvider:
    for provider in providers:
        if provider.id == name:
            return provider
    raise ApiError(404, "no-such-provider", "There is no such way to sign in.")


def _failed(code: str) -> RedirectResponse:
    return RedirectResponse(f"/signin?{urlencode({'error': code})}", status_code=302)
