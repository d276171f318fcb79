"""What endpoints ask for: the services, the person who is signed in, the one effect.

All of them are coroutines: the framework runs a plain function in a thread, and the way there and
back costs a busy loop more than the request.
"""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Header, Request
from pydantic import StringConstraints

from contracts.ids import UserId
from services.api.auth.origins import ip_of
from services.api.auth.sessions import RECENT, find_person
from services.api.errors import ApiError, NotSignedIn
from services.api.idempotency import Once
from services.api.permissions import Door, Rule, may_enter, needs_session, rule_of
from services.api.state import Services
from services.api.tokens.bearer import bearer_of, find_token
from services.jobs.actors import Actor
from services.jobs.errors import NotAllowed
from services.jobs.people import Role


async def get_services(request: Request) -> Services:
    """Return what the lifespan made."""
    return cast("Services", request.state.services)


ServicesDep = Annotated[Services, Depends(get_services)]


@dataclass(frozen=True)
class Person(Actor):
    """The person who is signed in; a token has no session."""

    role: Role
    email: str
    name: str
    avatar_url: str | None
    session_sha256: bytes | None


async def get_person(request: Request, services: ServicesDep) -> Person | None:
    """Return who calls, or None on a public operation; raise what keeps them out otherwise."""
    ip = ip_of(request)
    rule = rule_of(operation_of(request))
    if not needs_session(rule):
        await services.rates.stranger(ip)
        return None
    bearer = bearer_of(request.headers)
    if bearer is not None:
        person = await _by_token(services, bearer, rule, ip)
    else:
        person = await _by_session(services, request, rule, ip)
    request.state.user_id = str(person.id)
    if not may_enter(rule, person.role):
        raise NotAllowed("not-allowed", f"Only an {_word(rule)} can do this. Ask one.")
    is_change = request.method not in {"GET", "HEAD"}
    await services.rates.person(person.id, is_change=is_change)
    return person


async def _by_session(services: Services, request: Request, rule: Rule, ip: str | None) -> Person:
    found = await find_person(services, request.cookies)
    if found is None:
        await services.rates.refused(ip)
        raise NotSignedIn
    if rule.is_sensitive and services.clock.now() - found.created_at > RECENT:
        raise ApiError(403, "sign-in-again", "Sign in again for this: your sign-in is too old.")
    return Person(
        id=UserId(found.user_id),
        is_admin=found.is_admin,
        is_approver=found.is_approver,
        ip=ip,
        role=found.role,
        email=found.email,
        name=found.name,
        avatar_url=found.avatar_url,
        session_sha256=found.id_sha256,
    )


async def _by_token(services: Services, bearer: str, rule: Rule, ip: str | None) -> Person:
    found = await find_token(services, bearer)
    if found is None:
        await services.rates.refused(ip)
        raise NotSignedIn
    if rule.scope is None or rule.scope not in found.scopes:
        raise NotAllowed("token-scope", "The access token was not made for this.")
    return Person(
        id=UserId(found.user_id),
        is_admin=found.is_admin,
        is_approver=found.is_approver,
        ip=ip,
        role=found.role,
        email=found.email,
        name=found.name,
        avatar_url=found.avatar_url,
        session_sha256=None,
    )


def _word(rule: Rule) -> str:
    return "approver" if rule.door is Door.APPROVER else "admin"


async def _signed_in(person: Annotated[Person | None, Depends(get_person)]) -> Person:
    if person is None:
        raise NotSignedIn
    return person


Viewer = Annotated[Person, Depends(_signed_in)]

IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=200)] | None,
    Header(
        alias="Idempotency-Key",
        description="the same key and body within 24 h: the same answer, and no second effect",
    ),
]


async def get_once(
    request: Request, services: ServicesDep, viewer: Viewer, key: IdempotencyKey = None
) -> Once:
    """Return the guard that gives a repeated request one effect and one answer."""
    content = request.url.path.encode() + b"\0" + await request.body()
    return Once(services, viewer.id, operation_of(request), key, content)


OnceDep = Annotated[Once, Depends(get_once)]


def operation_of(request: Request) -> str:
    """Return the operation id of the route that the request took."""
    return str(request.scope["route"].operation_id)
