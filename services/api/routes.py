"""Every route of the API under one roof: a session is needed unless dependencies.py says so."""

from fastapi import Depends, FastAPI

from services.api import health
from services.api.account import endpoints as account
from services.api.attention import endpoints as attention
from services.api.auth import endpoints as auth
from services.api.dependencies import get_person
from services.api.feed import endpoints as feed
from services.api.jobs import endpoints as jobs
from services.api.letters import endpoints as letters
from services.api.nodes import endpoints as nodes
from services.api.notices import endpoints as notices
from services.api.people import endpoints as people
from services.api.previews import endpoints as previews
from services.api.printers import endpoints as printers
from services.api.problems import problems
from services.api.queues import endpoints as queues
from services.api.quotas import endpoints as quotas
from services.api.reviews import endpoints as reviews
from services.api.shop import endpoints as shop
from services.api.slicers import endpoints as slicers
from services.api.talk import endpoints as talk
from services.api.uploads import endpoints as uploads

_WORK = (reviews, jobs, uploads, slicers, previews, talk, queues, attention, printers, quotas)
_ROOMS = (*_WORK, auth, account, people, shop, nodes, notices, letters, feed)
"""What is asked most goes first, for a request is held against one after the other; reviews before
jobs, since `/jobs/summary` is no job."""
ROUTERS = (*(room.router for room in _ROOMS), health.router)


def add_routes(app: FastAPI) -> None:
    """Add the API and the health checks to `app`."""
    *rooms, checks = ROUTERS
    for router in rooms:
        # One by one: a request is held against each router within another one too.
        app.include_router(
            router,
            prefix="/api",
            dependencies=[Depends(get_person)],
            responses=problems(401, 403, 422, 429, 503),
        )
    app.include_router(checks)
