"""Nothing that a request needs is run in a thread."""

from collections.abc import Iterator
from inspect import iscoroutinefunction

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from services.api import routes


def _routes() -> Iterator[APIRoute]:
    for router in routes.ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield route


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for needed in dependant.dependencies:
        yield from _calls(needed)


def test_routes_and_what_they_need_are_coroutines() -> None:
    found = list(_routes())
    assert len(found) > 80
    plain = {
        getattr(call, "__qualname__", repr(call))
        for route in found
        for call in _calls(route.dependant)
        if not iscoroutinefunction(call)
    }
    assert plain == set()
