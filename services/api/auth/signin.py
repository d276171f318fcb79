"""Signing in through an OpenID provider: code with PKCE, state and nonce, bound to the browser."""

from typing import Final
from urllib.parse import urlencode, urlsplit

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import Request
from fastapi.responses import RedirectResponse
from joserfc.errors import JoseError

from services.api.auth.members import NotAdmitted, WhoCame, admit
from services.api.auth.sessions import begin_session, cookie_name, end_old_sessions, set_cookie
from services.api.errors import ApiError
from services.api.settings import ApiSettings
from services.api.state import Services

log = structlog.get_logger()

PROVIDER_ID: Final = "oidc"
SCOPES: Final = "openid email profile"
PROVIDER_TIMEOUT_S: Final = 10.0
_NEXT = "next"
_MAX_USER_AGENT_CHARS = 300
_MAX_IP_CHARS = 64


def make_oauth(settings: ApiSettings) -> OAuth:
    """Return the registry with the configured provider; asks it nothing yet."""
    oauth = OAuth()
    if settings.oidc_issuer is not None:
        oauth.register(
            PROVIDER_ID,
            server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret.get_secret_value(),
            client_kwargs={
                "scope": SCOPES,
                "code_challenge_method": "S256",
                "timeout": PROVIDER_TIMEOUT_S,
            },
        )
    return oauth


def safe_path(path: str) -> str:
    """Return the path if it stays on this site, else the front page."""
    parts = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith("//") and not parts.netloc
    is_plain = "\\" not in path and all(char.isprintable() for char in path)
    return path if is_ours and not parts.scheme and is_plain else "/"


class SignIn:
    """One provider, one browser."""

    def __init__(self, services: Services, provider: str) -> None:
        if provider != PROVIDER_ID or services.settings.oidc_issuer is None:
            raise ApiError(404, "no-such-provider", "There is no such way to sign in.")
        self._services = services
        self._settings = services.settings
        self._client = services.oauth.create_client(PROVIDER_ID)

    async def start(self, request: Request, next_path: str) -> RedirectResponse:
        """Send the browser to the provider."""
        request.session.clear()
        try:
            response: RedirectResponse = await self._client.authorize_redirect(
                request, f"{self._settings.public_url}/api/auth/callback/{PROVIDER_ID}"
            )
        except (httpx2.HTTPError, OAuthError, ValueError, KeyError, RuntimeError) as exc:
            log.warning("provider_unreachable", error=f"{type(exc).__name__}: {exc}")
            return _failed("provider_unreachable")
        request.session[_NEXT] = safe_path(next_path)
        return response

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
        await self._must_be_who_we_trust(request)
        token = await self._client.authorize_access_token(request)
        claims = dict(token["userinfo"])
        if "email" not in claims:
            more = await self._client.userinfo(token=token)
            if more.get("sub") != claims["sub"]:
                raise ValueError("userinfo is about somebody else")
            claims = {**more, **claims}
        return WhoCame.from_claims(claims)

    async def _must_be_who_we_trust(self, request: Request) -> None:
        """Raise ValueError when the answer, or the discovery, names another issuer than ours."""
        metadata = await self._client.load_server_metadata()
        named = (metadata["issuer"], request.query_params.get("iss", metadata["issuer"]))
        if {issuer.rstrip("/") for issuer in named} != {self._settings.oidc_issuer}:
            raise ValueError(f"the answer comes from {named}")

    async def _let_in(self, request: Request, came: WhoCame, next_path: str) -> RedirectResponse:
        now = self._services.clock.now()
        client_ip = request.client.host[:_MAX_IP_CHARS] if request.client else None
        user_agent = request.headers.get("user-agent", "")[:_MAX_USER_AGENT_CHARS] or None
        async with self._services.sessions() as session, session.begin():
            user_id = await admit(session, self._settings, came, now=now, ip=client_ip)
            old_id = request.cookies.get(cookie_name(self._settings))
            await end_old_sessions(session, old_id, now)
            session_id = await begin_session(
                session, user_id, now, user_agent=user_agent, ip=client_ip
            )
        response = RedirectResponse(next_path, status_code=302)
        set_cookie(response, self._settings, session_id)
        return response


def _failed(code: str) -> RedirectResponse:
    return RedirectResponse(f"/signin?{urlencode({'error': code})}", status_code=302)
