"""What lives as long as the process, made by the lifespan and handed to each request."""

from dataclasses import dataclass
from typing import TypedDict

from authlib.integrations.starlette_client import OAuth
from sqlalchemy.ext.asyncio import AsyncEngine

from runtime.clock import Clock
from runtime.health import Check
from services.api.feed.hub import FeedHub
from services.api.feed.telemetry import Telemetry
from services.api.nodes.limits import Knocking
from services.api.rates import Rates
from services.api.settings import ApiSettings
from services.api.slicers.receiving import Receiving
from services.db.database import Database
from services.db.engine import Sessions
from services.storage.bucket import Bucket


@dataclass(frozen=True)
class Services:
    """The things that requests use."""

    settings: ApiSettings
    clock: Clock
    reads: AsyncEngine
    """Autocommit: a read is one round trip."""
    database: Database
    """For what happens all the time."""
    sessions: Sessions
    bucket: Bucket
    storage_check: Check
    """Passed once, it is not asked again for a while: each time costs a request at the storage."""
    oauth: OAuth
    feed: FeedHub
    telemetry: Telemetry
    build_id: str
    knocking: Knocking
    rates: Rates
    receiving: Receiving


class State(TypedDict):
    """The state of the application."""

    services: Services
