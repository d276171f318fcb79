"""Signing in and out, and who one is."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.api.auth.providers import known_providers
from services.api.auth.schemas import FirstAdminCode, Me, Provider, Whereto
from services.api.auth.sessions import end_session, forget_cookie
from services.api.auth.signin import FIRST_ADMIN, SignIn, safe_path
from services.api.dependencies import ServicesDep, Viewer
from services.api.guard import is_own_navigation
from services.api.problems import problems

router = APIRouter(tags=["auth"])


@router.get("/auth/providers", operation_id="list_providers")
async def list_providers(services: ServicesDep) -> list[Provider]:
    """The ways to sign in."""
    return [Provider(id=one.id, name=one.name) for one in known_providers(services.settings)]


@router.get(
    "/auth/signin/{provider}",
    operation_id="start_signin",
    status_code=302,
    response_class=Response,
    responses=problems(404),
)
async def start_signin(
    provider: str,
    request: Request,
    services: ServicesDep,
    next_path: Annotated[str, Query(alias="next", max_length=2000)] = "/",
) -> Response:
    """Send the browser to the provider; afterwards it comes back to `next`, a path of ours.

    A link on a foreign page leads to the page for signing in: nobody is signed in unasked.
    """
    if not is_own_navigation(request.headers):
        target = f"/signin?{urlencode({'next': safe_path(next_path)})}"
        return RedirectResponse(target, status_code=302)
    return await SignIn(services, provider).start(request, next_path)


@router.get(
    "/auth/callback/{provider}",
    operation_id="finish_signin",
    status_code=302,
    response_class=Response,
    responses=problems(404),
)
async def finish_signin(provider: str, request: Request, services: ServicesDep) -> Response:
    """Take the browser back from the provider: to `next`, or to /signin?error=<code>."""
    return await SignIn(services, provider).finish(request)


@router.post("/auth/link/{provider}", operation_id="link_identity", responses=problems(403, 404))
async def link_identity(
    provider: str, request: Request, services: ServicesDep, viewer: Viewer
) -> Whereto:
    """Begin to add a second way to sign in; asks for a sign-in of the last minutes."""
    return Whereto(url=await SignIn(services, provider).start_link(request, viewer.id))


@router.post(
    "/auth/first-admin",
    operation_id="show_first_admin_code",
    status_code=204,
    response_class=Response,
    responses=problems(429),
)
async def show_first_admin_code(body: FirstAdminCode, request: Request) -> Response:
    """Keep the code for the sign-in that follows; whoever holds it becomes the first admin."""
    request.session[FIRST_ADMIN] = body.code
    return Response(status_code=204)


@router.post("/auth/signout", operation_id="sign_out", status_code=204, response_class=Response)
async def sign_out(services: ServicesDep, viewer: Viewer) -> Response:
    """End this browser's session at once."""
    if viewer.session_sha256 is not None:
        await end_session(services, viewer, viewer.session_sha256)
    response = Response(status_code=204)
    forget_cookie(response, services.settings)
    return response


@router.get("/me", operation_id="get_me")
async def get_me(viewer: Viewer) -> Me:
    """The person who is signed in."""
    return Me(
        id=viewer.id,
        email=viewer.email,
        name=viewer.name,
        avatar_url=viewer.avatar_url,
        is_admin=viewer.is_admin,
        role=viewer.role,
    )
