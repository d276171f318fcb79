"""One's own ways to sign in, sessions and access tokens."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.api.account.schemas import (
    LinkedIdentity,
    NewToken,
    OpenSession,
    Token,
    TokenWithSecret,
)
from services.api.account.service import AccountDep
from services.api.auth.sessions import forget_cookie
from services.api.dependencies import ServicesDep
from services.api.problems import problems

router = APIRouter(tags=["account"])


@router.get("/me/identities", operation_id="list_identities")
async def list_identities(account: AccountDep) -> list[LinkedIdentity]:
    """The ways in which one signs in."""
    return await account.identities()


@router.delete(
    "/me/identities/{identity_id}",
    operation_id="unlink_identity",
    status_code=204,
    responses=problems(403, 404, 409),
)
async def unlink_identity(identity_id: UUID, account: AccountDep) -> None:
    """Take a way to sign in away; the last one stays."""
    await account.unlink(identity_id)


@router.get("/me/sessions", operation_id="list_sessions")
async def list_sessions(account: AccountDep) -> list[OpenSession]:
    """The browsers in which one is signed in."""
    return await account.sessions()


@router.delete(
    "/me/sessions/{session_id}",
    operation_id="end_one_session",
    status_code=204,
    responses=problems(404),
)
async def end_one_session(session_id: str, account: AccountDep) -> None:
    """Sign out in one browser."""
    await account.end_session(session_id)


@router.delete(
    "/me/sessions",
    operation_id="sign_out_everywhere",
    status_code=204,
    response_class=Response,
)
async def sign_out_everywhere(account: AccountDep, services: ServicesDep) -> Response:
    """Sign out in every browser, this one too."""
    await account.end_sessions()
    response = Response(status_code=204)
    forget_cookie(response, services.settings)
    return response


@router.get("/me/tokens", operation_id="list_tokens")
async def list_tokens(account: AccountDep) -> list[Token]:
    """One's access tokens, without their secrets."""
    return await account.tokens()


@router.post("/me/tokens", operation_id="make_token", status_code=201, responses=problems(403, 409))
async def make_token(body: NewToken, account: AccountDep) -> TokenWithSecret:
    """Make an access token; the secret is shown this once."""
    return await account.make_token(body)


@router.delete(
    "/me/tokens/{token_id}",
    operation_id="revoke_token",
    status_code=204,
    responses=problems(404),
)
async def revoke_token(token_id: UUID, account: AccountDep) -> None:
    """Make an access token open nothing any more."""
    await account.revoke_token(token_id)
