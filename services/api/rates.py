"""How often one person, and one address that nobody is signed in at, may ask.

The library's counters for a loop: the others start a thread for nearly every request.
"""

import math
import time
from uuid import UUID

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.exceptions import HTTPException

from services.api.auth.origins import neighbourhood_of
from services.api.settings import ApiSettings


class Rates:
    """Counts in this process; each replica lets through its own share."""

    def __init__(self, settings: ApiSettings) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._requests = parse(settings.person_requests)
        self._changes = parse(settings.person_changes)
        self._strangers = parse(settings.address_requests)

    async def person(self, user_id: UUID, *, is_change: bool) -> None:
        """Count a request of somebody signed in; raise 429 with Retry-After for too many."""
        await self._count(self._requests, "requests", str(user_id))
        if is_change:
            await self._count(self._changes, "changes", str(user_id))

    async def stranger(self, ip: str | None) -> None:
        """Count a request on a public operation; raise 429 with Retry-After for too many."""
        await self._count(self._strangers, "public", neighbourhood_of(ip))

    async def refused(self, ip: str | None) -> None:
        """Count a cookie or token that opens nothing; raise 429 with Retry-After for too many."""
        await self._count(self._strangers, "refused", neighbourhood_of(ip))

    async def _count(self, limit: RateLimitItem, what: str, who: str) -> None:
        if await self._limiter.hit(limit, what, who):
            return
        window = await self._limiter.get_window_stats(limit, what, who)
        wait_s = max(1, math.ceil(window.reset_time - time.time()))
        raise HTTPException(429, "Too many requests. Wait a little.", {"Retry-After": str(wait_s)})
