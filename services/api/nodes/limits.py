"""How often one address may knock."""

import time
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException

from services.api.auth.origins import neighbourhood_of

ENROLMENTS: Final = "30/minute"
"""A person types a code now and then; 128 bits are not guessed at any rate."""
RENEWALS: Final = "120/minute"
"""Challenges and renewals: many nodes may stand behind one address."""


class Knocking:
    """Counts, in this process, what came from each address."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._enrolments, self._renewals = parse(ENROLMENTS), parse(RENEWALS)

    def enrol(self, ip: str | None) -> None:
        """Count an enrolment; raise 429 with Retry-After when there were too many."""
        self._count(self._enrolments, "enrol", ip)

    def renew(self, ip: str | None) -> None:
        """Count a challenge or renewal; raise 429 with Retry-After when there were too many."""
        self._count(self._renewals, "renew", ip)

    def _count(self, limit: RateLimitItem, what: str, ip: str | None) -> None:
        who = neighbourhood_of(ip)
        if self._limiter.hit(limit, what, who):
            return
        free_at = self._limiter.get_window_stats(limit, what, who).reset_time
        wait_s = max(1, round(free_at - time.time()))
        raise HTTPException(
            429, "Too many requests from this address.", {"Retry-After": str(wait_s)}
        )
