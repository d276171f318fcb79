"""What endpoints ask for: the services, the person who is signed in, the one effect."""

from dataclasses import dataclass
from typing import Annotated, Final, cast

from fastapi import Depends, Header, Request
from pydantic import StringConstraints

from contracts.ids import UserId
from services.api.auth.sessions import find_person
from services.api.errors import NotSignedIn
from services.api.idempotency import Once
from services.api.state import Services
from services.jobs.actors import Actor

PUBLIC_OPERATIONS: Final = frozenset(
    {
        "list_providers",
        "start_signin",
        "finish_signin",
        # A node shows a code or a signature of its own instead.
        "enrol_node",
        "challenge_node",
        "renew_node",
    }
)
"""The only operations under /api that need no session."""

_MAX_IP_CHARS = 64


def get_services(request: Request) -> Services:
    """Return what the lifespan made."""
    return cast("Services", request.state.services)


ServicesDep = Annotated[Services, Depends(get_services)]


@dataclass(frozen=True)
class Person(Actor):
    """The person who is signed in."""

    email: str
    name: str
    avatar_url: str | None
    session_sha256: bytes


async def get_person(request: Request, services: ServicesDep) -> Person | None:
    """Return who is signed in; None on a public operation; raise NotSignedIn elsewhere."""
    if operation_of(request) in PUBLIC_OPERATIONS:
        return None
    found = await find_person(services, request.cookies)
    if found is None:
        raise NotSignedIn
    return Person(
        id=UserId(found.user_id),
        is_admin=found.is_admin,
        ip=ip_of(request),
        email=found.email,
        name=found.name,
        avatar_url=found.avatar_url,
        session_sha256=found.id_sha256,
    )


def _signed_in(person: Annotated[Person | None, Depends(get_person)]) -> Person:
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
    return Once(services.sessions, services.clock, viewer.id, operation_of(request), key, content)


OnceDep = Annotated[Once, Depends(get_once)]


def operation_of(request: Request) -> str:
    """Return the operation id of the route that the request took."""
    return str(request.scope["route"].operation_id)


def ip_of(request: Request) -> str | None:
    """Return where the request came from."""
    return request.client.host[:_MAX_IP_CHARS] if request.client else None
